/** What a machine that runs a part of Reveille is told at its first start. */
interface Start {
  readonly region: string;
  readonly configuration: string;
  /** Name or ARN of the secret that holds the environment. */
  readonly environment: string;
}

/** Words of its own come as arguments: none of the configuration's is part of the text. */
const FETCH =
  'umask 077; aws secretsmanager get-secret-value --region "$1" --secret-id "$2" --query SecretString --output text > /etc/reveille/environment';

/**
 * User data of cloud-init: the configuration as a file, the secrets fetched by the machine itself with its own rights,
 * and then the unit of that part (infra/deploy/systemd).
 */
export function start(part: 'proxy' | 'worker', { region, configuration, environment }: Start): string {
  const content = Buffer.from(configuration).toString('base64');
  const config = {
    write_files: [{ path: '/etc/reveille/reveille.yaml', permissions: '0644', encoding: 'b64', content }],
    runcmd: [
      ['sh', '-c', FETCH, 'reveille', region, environment],
      ['systemctl', 'enable', '--now', `reveille-${part}.service`],
    ],
  };
  return `#cloud-config\n${JSON.stringify(config, null, 1)}\n`;
}
