// docs/runbook.md, "The disk is full": a small disk of its own is full, the lines of the page are run, and it goes on.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { eventually } from '../kit/conditions.js';
import { needs } from '../kit/engines.js';
import { app, COMMAND } from '../kit/house-base.js';
import { ask } from '../kit/house-client.js';
import { WholeHouse } from '../kit/house-up.js';
import { followed } from '../kit/runbook.js';
import { needsMount, smallDisk } from '../kit/small-disk.js';

const DISK = '64M';
const FILL_BYTES = 256 * 1024;
/** A call that hangs takes its time to fail. */
const PATIENCE_MS = 120_000;
const skip = [needs('temporal'), needsMount()].find(({ skip }) => skip !== false);

/** Writes until nothing more goes. */
function fill(file: string): void {
  const piece = Buffer.alloc(FILL_BYTES);
  for (;;) {
    try {
      writeFileSync(file, piece, { flag: 'a' });
    } catch (error) {
      assert.match(String(error), /ENOSPC/);
      return;
    }
  }
}

/** Has Temporal write until it cannot: what it holds in reserve is not known from outside. */
async function untilItCannotWrite({ connection }: WholeHouse): Promise<void> {
  const write = () =>
    connection.client.workflow.start('nothing', { taskQueue: 'nobody', workflowId: randomUUID() });
  const fails = () =>
    write().then(
      () => false,
      () => true,
    );
  await eventually('Temporal cannot write', fails, PATIENCE_MS);
}

test('the lines of the runbook make room on a full disk, and what waits goes on', skip ?? {}, async (t) => {
  const disk = smallDisk(t, DISK);
  const plan = {
    resources: { app: app({}, { idle: { after: '10m' }, lease: { time: '1s' } }) },
    top: { images: { budget: '16MB', keepFree: '0B' } },
    furnish: (folder: string) => {
      symlinkSync(disk, join(folder, '.reveille'));
      return {};
    },
  };
  await WholeHouse.live(plan, async (house) => {
    await t.test('of images', () =>
      house.explained(async () => {
        writeFileSync(house.path('image'), 'what nothing uses');
        const add = [COMMAND, 'image', 'add', `file://${house.path('image')}`, '--wait'];
        const { stdout } = await promisify(execFile)(process.execPath, add, {
          cwd: house.folder,
          env: house.env,
        });
        const stored = stdout.trim();
        assert.ok(existsSync(stored), stored);
        assert.match(await followed(house, 'The disk is full'), /\.reveille\/images/);
        await followed(house, 'Images take it');
        assert.ok(!existsSync(stored));
      }),
    );

    await t.test('for Temporal', () =>
      house.explained(async () => {
        fill(join(disk, 'temporal.db.broken-old'));
        await untilItCannotWrite(house);
        const asked = ask(house.url('/'));
        asked.catch(() => {});
        await followed(house, 'Temporal cannot write');
        await asked;
        assert.equal(house.journal('start').length, 1);
      }),
    );
  });
});
