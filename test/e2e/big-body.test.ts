import assert from 'node:assert/strict';
import { test } from 'node:test';
import { app, House } from '../kit/house.js';
import { type Sum, someBytes, takeBytes } from '../kit/house-bytes.js';
import { ask, send } from '../kit/house-client.js';
import { memoryPeaks } from '../kit/house-memory.js';

const MIB = 2 ** 20;
const SIZE = 4096 * MIB;
/** Far below the body, far above what a proxy of Node needs. */
const MOST = 400 * MIB;
/** What garbage may add between two collections. */
const WOBBLE = 100 * MIB;

function assertFlat({ early, late }: { early: number; late: number }): void {
  assert.ok(late < MOST, `${Math.round(late / MIB)} MiB`);
  assert.ok(late < early + WOBBLE, `from ${Math.round(early / MIB)} to ${Math.round(late / MIB)} MiB`);
}

test('a body of 4 GiB goes up whole, in flat memory', () =>
  House.live({ resources: { big: app() } }, async (house) => {
    await ask(house.url('/'));
    const { stream, sum } = someBytes(SIZE);
    const headers = { 'Content-Length': SIZE };
    const sending = send(house.url('/sink'), { method: 'PUT', headers, body: stream });
    assertFlat(await memoryPeaks(house.proxy.pid, () => sum.bytes / SIZE, sending));
    const chunks = await (await sending).toArray();
    const { bytes, crc } = JSON.parse(Buffer.concat(chunks).toString()) as Sum;
    assert.deepEqual({ bytes, crc }, { ...sum, bytes: SIZE });
  }));

test('a body of 4 GiB comes down whole, in flat memory', () =>
  House.live({ resources: { big: app() } }, async (house) => {
    const response = await send(house.url(`/bytes?size=${SIZE}`));
    const sum = { bytes: 0, crc: 0 };
    const reading = takeBytes(response, sum);
    assertFlat(await memoryPeaks(house.proxy.pid, () => sum.bytes / SIZE, reading));
    const { bytes, crc } = await house.journaled('sent');
    assert.deepEqual(sum, { bytes, crc });
    assert.equal(bytes, SIZE);
  }));
