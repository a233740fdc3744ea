// An instance that stamps its own boot: from its process's start to its first readiness to accept.
import { appendFileSync } from 'node:fs';
import { createServer } from 'node:http';

const server = createServer((request, response) => {
  response.end(`${process.env.REVEILLE_GENERATION} ${request.url}`);
});
server.listen(Number(process.env.PORT), '127.0.0.1', () => {
  const line = {
    spawned: performance.timeOrigin,
    accepting: Date.now(),
    generation: process.env.REVEILLE_GENERATION,
  };
  if (process.env.JOURNAL) appendFileSync(process.env.JOURNAL, `${JSON.stringify(line)}\n`);
});
process.on('SIGTERM', () => process.exit(0));
