import { createWriteStream } from 'node:fs';
import { get } from 'node:https';
import { pipeline } from 'node:stream/promises';

const CONNECT_TIMEOUT_MS = 5000;
const SILENCE_TIMEOUT_MS = 20_000;
const REDIRECTS = 5;

/**
 * Downloads over HTTPS into a file. Gives up after 5 s without a connection, and after 20 s of silence.
 * @param {string} url
 * @param {string} file
 * @param {{signal?: AbortSignal | undefined, onBytes?: (received: number, total: number | undefined) => void}} options
 */
export async function download(url, file, { signal, onBytes }) {
  const response = await open(url, signal, REDIRECTS);
  const total = Number(response.headers['content-length']) || undefined;
  let received = 0;
  response.on('data', (chunk) => {
    received += chunk.length;
    onBytes?.(received, total);
  });
  await pipeline(response, createWriteStream(file), { signal });
  if (total !== undefined && received !== total) throw new Error(`${received} of ${total} bytes came`);
}

function open(url, signal, redirects) {
  return new Promise((resolve, reject) => {
    const request = get(url, { signal, timeout: SILENCE_TIMEOUT_MS });
    const connecting = setTimeout(
      () => request.destroy(new Error(`no connection within ${CONNECT_TIMEOUT_MS / 1000} s`)),
      CONNECT_TIMEOUT_MS,
    );
    request.on('socket', (socket) => socket.once('secureConnect', () => clearTimeout(connecting)));
    request.on('timeout', () => request.destroy(new Error(`silent for ${SILENCE_TIMEOUT_MS / 1000} s`)));
    request.on('close', () => clearTimeout(connecting));
    request.on('error', reject);
    request.on('response', (response) => {
      const { statusCode = 0, headers } = response;
      if (statusCode === 200) return resolve(response);
      response.resume();
      if (statusCode < 300 || statusCode > 399 || !headers.location || redirects === 0) {
        return reject(new Error(`${new URL(url).host} answered ${statusCode}`));
      }
      const next = new URL(headers.location, url);
      if (next.protocol !== 'https:') return reject(new Error(`redirected to ${next.protocol}`));
      resolve(open(next.href, signal, redirects - 1));
    });
  });
}
