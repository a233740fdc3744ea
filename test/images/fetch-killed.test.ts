import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { randomBytes, randomInt } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { Fetching, imageServer, startFetch } from '../kit/fetching.js';
import type { ImageServer } from '../kit/image-server.js';

const BREAKS_AFTER = 300_000;

for (const [name, behaviour, digestKnown, kills] of [
  ['by its validator', {}, false, 10],
  ['by its digest', { etag: undefined, chunked: true }, true, 4],
] as const) {
  test(`IP11, IPF6: a fetch that is killed again and again goes on ${name} from where it was, the bytes are right`, async (t) => {
    const server = await imageServer(t, randomBytes(8_000_000), {
      ...behaviour,
      breaksAfter: BREAKS_AFTER,
      closes: true,
    });
    const fetching = new Fetching(t);
    const source = {
      urls: [server.url],
      trusted: true,
      digests: digestKnown ? { sha256: server.sha256 } : {},
    };
    const start = (): ChildProcess => startFetch(t, fetching.part, source);
    for (let kill = 0; kill < kills; kill++) await killAt(server, server.sent + randomInt(1, 600_000), start);
    server.behaviour.onSent = () => {};
    const [code] = await once(start(), 'exit');
    assert.equal(code, 0);
    assert.ok(readFileSync(fetching.part).equals(server.bytes));
    // A kill costs what of one answer was not yet in the file.
    assert.ok(server.sent <= server.bytes.length + kills * BREAKS_AFTER, `${server.sent} bytes sent`);
  });
}

/** Kills the child when the server has sent so many bytes in all. */
async function killAt(server: ImageServer, bytes: number, start: () => ChildProcess): Promise<void> {
  const child = start();
  server.behaviour.onSent = (sent) => {
    if (sent >= bytes) child.kill('SIGKILL');
  };
  const [, signal] = await once(child, 'exit');
  assert.equal(signal, 'SIGKILL');
}
