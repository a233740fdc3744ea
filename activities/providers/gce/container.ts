import { stringify } from 'yaml';
import type { SettingsOf } from '../../../config/index.js';
import { ReveilleError } from '../../../errors/index.js';

type Container = NonNullable<SettingsOf<'gce'>['container']>;

const UNIT = 'reveille-container.service';
const ENV_FILE = '/etc/reveille-container.env';

/**
 * What tells Container-Optimized OS to run a container at each start: cloud-init, by the metadata key user-data
 * (https://cloud.google.com/container-optimized-os/docs/how-to/create-configure-instance). The machine's own agent for
 * containers, which the key gce-container-declaration spoke to, is given up by Google.
 * @param port that it listens on: the machine's own firewall lets nothing in but ssh.
 * @param resolved resolves the references of a text, whose key ends so.
 * @throws ReveilleError BOOT_FAILED for a variable that its environment file cannot hold.
 */
export function cloudConfig(
  { image, command = [], env, privileged }: Container,
  port: number,
  resolved: (text: string, end: string) => string,
): string {
  const words = command.map((word, index) => resolved(word, `container.command.${index}`));
  const variables = Object.entries(env).map(([name, text]) => {
    const value = resolved(text, `container.env.${name}`);
    if (!value.includes('\n')) return `${name}=${value}`;
    throw new ReveilleError('BOOT_FAILED', `gce.container.env.${name} has more than one line`);
  });
  const run = [
    ...['/usr/bin/docker', 'run', '--rm', '--name', 'reveille', '--network', 'host'],
    ...['--env-file', ENV_FILE],
    ...(privileged ? ['--privileged'] : []),
    image,
    ...words,
  ];
  const unit = [
    '[Unit]',
    'After=network-online.target docker.socket',
    'Wants=network-online.target',
    '[Service]',
    'Environment=HOME=/home/chronos',
    'ExecStartPre=-/usr/bin/docker-credential-gcr configure-docker',
    `ExecStart=${run.map(word).join(' ')}`,
    'ExecStop=/usr/bin/docker stop reveille',
    'Restart=always',
    'RestartSec=2',
    '',
  ].join('\n');
  const config = {
    write_files: [
      { path: `/etc/systemd/system/${UNIT}`, permissions: '0644', owner: 'root', content: unit },
      { path: ENV_FILE, permissions: '0600', owner: 'root', content: `${variables.join('\n')}\n` },
    ],
    runcmd: [
      `iptables -w -A INPUT -p tcp --dport ${port} -j ACCEPT`,
      'systemctl daemon-reload',
      `systemctl start ${UNIT}`,
    ],
  };
  return `#cloud-config\n${stringify(config, { lineWidth: 0 })}`;
}

/** A word of a command line as systemd reads it (systemd.service(5), "Command lines"; systemd.syntax(7)). */
function word(text: string): string {
  const escaped = text.replace(/[\\"]/g, '\\$&').replace(/\n/g, '\\n');
  return `"${escaped.replaceAll('%', '%%').replaceAll('$', '$$$$')}"`;
}
