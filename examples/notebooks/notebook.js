// Stands for a notebook server of one user.
import { createServer } from 'node:http';

const { PORT, REVEILLE_USER } = process.env;
let visits = 0;
createServer((_request, response) => {
  visits += 1;
  response.end(`the notebook of ${REVEILLE_USER}, visit ${visits}\n`);
}).listen(Number(PORT), '127.0.0.1');
