// Stands for what checks a pull request out and serves it.
import { createServer } from 'node:http';

const { PORT, REVEILLE_PR, REVEILLE_TIER = 'plain' } = process.env;
createServer((_request, response) => {
  response.end(`pull request ${REVEILLE_PR}, ${REVEILLE_TIER}, process ${process.pid}\n`);
}).listen(Number(PORT), '127.0.0.1');
