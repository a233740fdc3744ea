/** What a machine runs at its first start to run one container from then on. */
export interface ContainerSpec {
  readonly container: string;
  readonly command?: readonly string[] | undefined;
  readonly env: Readonly<Record<string, string>>;
  /** Of the machine. */
  readonly port: number;
  readonly containerPort: number;
}

const ENV_FILE = '/var/lib/reveille/container.env';

/**
 * User data of cloud-init. Every word of the configuration is an argument of its own, or the content of a file: none is
 * part of a shell's text. Docker starts the container again at each boot of the machine.
 * @param dockerPackage to be installed before; undefined where the image has Docker.
 * @throws Error where a variable cannot stand in a file of docker's.
 */
export function cloudInit(spec: ContainerSpec, dockerPackage?: string): string {
  const { container, command = [], env, port, containerPort } = spec;
  const run = [
    ...['docker', 'run', '--detach', '--name', 'application', '--restart', 'always'],
    ...['--env-file', ENV_FILE, '--publish', `${port}:${containerPort}`],
    container,
    ...command,
  ];
  const config = {
    ...(dockerPackage === undefined ? {} : { package_update: true, packages: [dockerPackage] }),
    write_files: [
      {
        path: ENV_FILE,
        permissions: '0600',
        encoding: 'b64',
        content: Buffer.from(envFile(env)).toString('base64'),
      },
    ],
    runcmd: [...(dockerPackage === undefined ? [] : [['systemctl', 'enable', '--now', 'docker']]), run],
  };
  // JSON is YAML, and needs no rules of indentation.
  return `#cloud-config\n${JSON.stringify(config, null, 1)}\n`;
}

function envFile(env: Readonly<Record<string, string>>): string {
  return Object.entries(env)
    .map(([name, value]) => {
      if (/[\r\n]/.test(name + value))
        throw new Error(`env.${name}: a file of docker's has no lines in values`);
      return `${name}=${value}\n`;
    })
    .join('');
}
