// An express program of your own, in which one path leads to something that sleeps. See reveille.yaml beside it.
import { fileURLToPath } from 'node:url';
import express from 'express';
import { reveille } from 'reveille';

const config = process.argv[2] ?? fileURLToPath(new URL('reveille.yaml', import.meta.url));
const hello = reveille({ resource: 'hello', config, path: '/hello' });

const app = express();
app.get('/', (_request, response) => {
  response.send('This page never sleeps. <a href="/hello">That one does.</a>\n');
});
app.use(hello); // before express.json() and whatever else reads bodies

// For you, not for the public: put them behind your own sign-in.
app.get('/status', async (_request, response) => {
  response.json({ running: await hello.isRunning(), address: await hello.address() });
});
app.post('/_ah/start', hello.startHandler);
app.post('/_ah/stop', hello.stopHandler);

const server = app.listen(Number(process.env.PORT ?? 3000), '127.0.0.1', () => {
  console.log(`listening on http://127.0.0.1:${server.address().port}`);
});
server.on('upgrade', (request, socket, head) => {
  if (!hello.upgrade(request, socket, head)) socket.destroy();
});

process.once('SIGTERM', async () => {
  server.close();
  server.closeIdleConnections();
  await hello.close();
});
