// Stands for a server of a model, such as vLLM or llama.cpp.
import { createServer } from 'node:http';

const loadedAt = new Date().toISOString();
createServer((request, response) => {
  const { searchParams } = new URL(request.url, 'http://model');
  response.end(`an answer to ${searchParams.get('prompt')}, by a model that was loaded at ${loadedAt}\n`);
}).listen(Number(process.env.PORT), '127.0.0.1');
