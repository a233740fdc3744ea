// The demo instance: a plain HTTP server that says who it is. It imports nothing but node:http, so that it
// listens as soon as Node itself is up. `node` runs it as a module: Reveille's package.json says so.
import { createServer } from 'node:http';

const generation = process.env.REVEILLE_GENERATION ?? 'unknown';
const entities = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };
const escapeHtml = (text) => text.replace(/[&<>"']/g, (character) => entities[character]);

/** What this instance knows of itself and of the request, as label and value. */
function facts(request) {
  return [
    ['process', String(process.pid)],
    ['generation', generation],
    ['awake for', `${process.uptime().toFixed(2)} s`],
    ['you asked for', `${request.method} ${request.url}`],
  ];
}

function asText(request) {
  const lines = facts(request).map(([label, value]) => `${label}: ${value}`);
  return `Hello! I was asleep until somebody knocked.\n${lines.join('\n')}\n`;
}

function asHtml(request) {
  const rows = facts(request).map(([label, value]) => `<dt>${label}</dt><dd>${escapeHtml(value)}</dd>`);
  return `<!doctype html><html lang="en"><meta charset="utf-8"><title>Hello from Reveille</title>
<style>body{font:18px/1.6 system-ui,sans-serif;max-width:36em;margin:4em auto;padding:0 1em}
dt{float:left;width:8em;color:#666}dd{margin-left:8em;overflow-wrap:anywhere}</style>
<h1>Hello! I was asleep until somebody knocked.</h1><dl>${rows.join('')}</dl>
<p>Leave me alone for 20 seconds and I fall asleep again; reload this page and I am back.</p></html>
`;
}

const server = createServer((request, response) => {
  const html = /\btext\/html\b/.test(request.headers.accept ?? '');
  const body = html ? asHtml(request) : asText(request);
  response.writeHead(200, {
    'Content-Type': `text/${html ? 'html' : 'plain'}; charset=utf-8`,
    'Content-Length': Buffer.byteLength(body),
    'Cache-Control': 'no-store',
    'X-Content-Type-Options': 'nosniff',
    Vary: 'Accept',
  });
  response.end(request.method === 'HEAD' ? undefined : body);
});
server.listen(Number(process.env.PORT ?? 3000), '127.0.0.1');

process.once('SIGTERM', () => {
  server.close(() => process.exit(0));
  server.closeIdleConnections();
});
