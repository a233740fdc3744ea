// An application that answers with the digest of the image that it was handed.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';

const { PORT, REVEILLE_IMAGE_DATA: file = '', REVEILLE_IMAGE_DATA_ID: id } = process.env;
const sha256 = createHash('sha256').update(readFileSync(file)).digest('hex');
createServer((_, response) => response.end(JSON.stringify({ file, sha256, id }))).listen(
  Number(PORT),
  '127.0.0.1',
);
