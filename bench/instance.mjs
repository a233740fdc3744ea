// An instance that stamps its own boot: from its process's start to its first readiness to accept.
import { appendFileSync } from 'node:fs';
import { createServer } from 'node:http';

const now = () => performance.timeOrigin + performance.now();
const journal = (line) => {
  const { JOURNAL, REVEILLE_GENERATION: generation } = process.env;
  if (JOURNAL) appendFileSync(JOURNAL, `${JSON.stringify({ ...line, pid: process.pid, generation })}\n`);
};
const server = createServer((request, response) => {
  response.end(`${process.env.REVEILLE_GENERATION} ${request.url}`);
});
server.listen(Number(process.env.PORT), '127.0.0.1', () => {
  journal({ event: 'accepting', spawned: performance.timeOrigin, at: now() });
});
process.on('SIGTERM', () => {
  journal({ event: 'stopping', at: now() });
  process.exit(0);
});
