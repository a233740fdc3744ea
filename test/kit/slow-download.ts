import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { crc32 } from 'node:zlib';
import type { HouseBase } from './house-base.js';
import { send } from './house-client.js';

/** Far more than all buffers on the way hold, so that the instance goes on sending until the end. */
const BYTES = 40_000_000;
const PAUSE_MS = 20;

/** A download that goes slowly until it is told to finish. */
export class SlowDownload {
  private pauseMs = PAUSE_MS;
  private readonly sum = { bytes: 0, crc: 0 };

  private readonly reading: Promise<void>;

  private constructor(
    private readonly house: HouseBase,
    response: AsyncIterable<Buffer>,
  ) {
    this.reading = this.read(response);
    // Who waits for its end is told of its failure then.
    this.reading.catch(() => {});
  }

  /** Begins one of the resource that `path` leads to, and resolves when its answer has begun. */
  static async start(house: HouseBase, path = ''): Promise<SlowDownload> {
    return new SlowDownload(house, await send(house.url(`${path}/bytes?size=${BYTES}`)));
  }

  private async read(response: AsyncIterable<Buffer>): Promise<void> {
    for await (const chunk of response) {
      this.sum.crc = crc32(chunk, this.sum.crc);
      this.sum.bytes += chunk.length;
      if (this.pauseMs > 0) await delay(this.pauseMs);
    }
  }

  /** Reads the rest at once, and checks that all came as it was sent. */
  async finish(): Promise<void> {
    this.pauseMs = 0;
    await this.reading;
    const { bytes, crc } = await this.house.journaled('sent');
    assert.deepEqual(this.sum, { bytes, crc });
  }

  /** Waits until it breaks off, which its client must see. */
  async breaks(): Promise<void> {
    await assert.rejects(this.reading, { code: 'ECONNRESET' });
    assert.ok(this.sum.bytes < BYTES);
  }
}
