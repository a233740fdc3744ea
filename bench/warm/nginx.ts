/** nginx, as the origin of all proxies and as one of them. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const TEMPORARY = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];

/** @returns the command that runs nginx in the foreground with this `http` block, one worker. */
export function nginxCommand(folder: string, name: string, http: string): string[] {
  const home = join(folder, name);
  mkdirSync(home, { recursive: true });
  const file = join(home, 'nginx.conf');
  const paths = TEMPORARY.map((kind) => `${kind}_temp_path ${home}/${kind};`).join('\n');
  writeFileSync(
    file,
    `daemon off; worker_processes 1; pid ${home}/pid; error_log stderr error;
${process.getuid?.() === 0 ? 'user root;' : ''}
events { worker_connections 8192; }
http {
${paths}
access_log off; keepalive_requests 1000000000; keepalive_timeout 1h;
${http}
}
`,
  );
  return ['nginx', '-e', 'stderr', '-p', home, '-c', file];
}

export const SMALL = 'Hello from the origin: a small page as applications answer it by the thousand.\n';
export const LARGE = Buffer.alloc(
  100 * 1024,
  'A hundred KiB of something that compresses well, over and over. ',
);

/** Files of the origin, by their paths. */
const FILES: Readonly<Record<string, Buffer>> = {
  large: LARGE,
  '1k': LARGE.subarray(0, 1024),
  '64k': LARGE.subarray(0, 64 * 1024),
  '10m': Buffer.alloc(10 * 1024 * 1024, LARGE),
};

/** An origin that costs as little as possible, with the fields that applications send. */
export function originCommand(folder: string, port: number): string[] {
  const files = join(folder, 'files');
  mkdirSync(files, { recursive: true });
  for (const [name, bytes] of Object.entries(FILES)) writeFileSync(join(files, name), bytes);
  const fields = `default_type text/html; add_header Cache-Control "private, max-age=0"; add_header ETag '"5f3c-1a2b"'; add_header X-Frame-Options SAMEORIGIN; add_header Vary Accept-Encoding;`;
  return nginxCommand(
    folder,
    'origin',
    `sendfile on; tcp_nopush on; tcp_nodelay on; open_file_cache max=10 inactive=1h;
server { listen 127.0.0.1:${port} backlog=4096;
  location = /small { ${fields} return 200 "${SMALL.trimEnd()}\\n"; }
  location = /sink { ${fields} client_max_body_size 0; return 200 "${SMALL.trimEnd()}\\n"; }
  location / { ${fields} root ${files}; }
}`,
  );
}

/** A plain reverse proxy with connections kept to the origin, and the fields that others add by themselves. */
export function proxyCommand(folder: string, port: number, originPort: number): string[] {
  return nginxCommand(
    folder,
    'proxy',
    `upstream origin { server 127.0.0.1:${originPort}; keepalive 512; keepalive_requests 1000000000; }
server { listen 127.0.0.1:${port} backlog=4096;
  location / {
    client_max_body_size 0; proxy_request_buffering off;
    proxy_pass http://origin; proxy_http_version 1.1; proxy_max_temp_file_size 0;
    proxy_set_header Connection ""; proxy_set_header Host $http_host;
    proxy_set_header X-Forwarded-For $remote_addr; proxy_set_header X-Forwarded-Proto $scheme;
    proxy_set_header X-Forwarded-Host $http_host; proxy_set_header X-Request-Id $request_id;
  }
}`,
  );
}
