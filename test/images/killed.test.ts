import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { test } from 'node:test';
import { hostName, imagesOf } from '../../config/index.js';
import { imageId } from '../../workflows/messages.js';
import { eventually } from '../kit/conditions.js';
import type { House } from '../kit/house.js';
import { crowded, SIZE } from './crowd.js';
import { MEGABYTE } from './kit.js';

const KILLS = 10;

/** Pid of the worker that makes the image just now. */
async function maker(house: House): Promise<number | undefined> {
  const [definition] = Object.values(house.config.resources);
  const [wanted] = definition === undefined ? [] : imagesOf(definition);
  const id = imageId(wanted?.key ?? '', hostName(house.config));
  const { raw } = await house.connection.client.workflow.getHandle(id).describe();
  const [activity] = raw.pendingActivities ?? [];
  const pid = Number.parseInt(activity?.lastWorkerIdentity ?? '', 10);
  // SCHEDULED again: nobody has it.
  return activity?.state === 2 && Number.isInteger(pid) ? pid : undefined;
}

test('IP11: a fetch goes on from where it was, however often the worker that does it is killed', async () => {
  await crowded(3, async (house, mirror, names) => {
    // Not a byte beyond this is sent, so the kills come where they should.
    let allowed = 0;
    mirror.manner = { flows: (at) => at < allowed, pauseMs: 1 };
    const workers = new Map(['worker', 'worker two'].map((name) => [house.part(name).pid, name]));
    await Promise.all(names.map((name) => house.resources.wake(name)));
    const restarts: Promise<unknown>[] = [];
    const points = Array.from({ length: KILLS }, () => randomInt(SIZE * MEGABYTE)).sort((a, b) => a - b);
    for (const point of points) {
      allowed = point;
      // A dead one is named until its heartbeats are missed.
      const pid = await eventually('one of them fetches', async () => {
        const found = await maker(house);
        return found !== undefined && workers.has(found) && found;
      });
      await eventually('it is at that point', () => mirror.reached >= point);
      const name = workers.get(pid) ?? '';
      workers.delete(pid);
      await house.part(name).end('SIGKILL');
      restarts.push(house.startWorker(name).then((part) => workers.set(part.pid, name)));
    }
    await Promise.all(restarts);
    mirror.manner = {};
    await eventually('it is there', () => mirror.reached === SIZE * MEGABYTE, 60_000);
    assert.ok(mirror.asked <= KILLS + 1, `asked ${mirror.asked} times`);
    const twice = mirror.sent - SIZE * MEGABYTE;
    assert.ok(twice <= KILLS * 4 * MEGABYTE, `${twice} bytes came twice`);
  });
});
