import { hostName, imagesOf } from '../../config/index.js';
import { imageId, workflowId } from '../../workflows/messages.js';
import { MEGABYTE, told, user } from '../images/kit.js';
import { eventually } from '../kit/conditions.js';
import { House } from '../kit/house.js';
import { askForProblem } from '../kit/house-client.js';
import { Mirror } from '../kit/mirror.js';
import { saveRuns } from './saving.js';
import { NAME } from './scenarios.js';

type Scene = (house: House, mirror: Mirror) => Promise<void>;

/** What can happen to an image: recorded are the runs of its workflow, and those of the resource that waits for it. */
const scenes: Record<string, Scene> = {
  'image-fetched': async (house, mirror) => {
    mirror.manner = { flows: (at) => at < 16 * MEGABYTE };
    const waiting = told(house, '/');
    await eventually('it says how far it is', async () => {
      const status = await house.resources.status(NAME);
      return (status?.image?.bytes ?? 0) > 0;
    });
    mirror.manner = {};
    await waiting;
  },
  'image-refused': async (house, mirror) => {
    mirror.manner = { status: 403 };
    await askForProblem(house.url('/'));
    mirror.manner = {};
    await eventually('it is there', async () => (await fetch(house.url('/'))).ok);
  },
  'image-worker-lost': async (house, mirror) => {
    mirror.manner = { flows: (at) => at < 16 * MEGABYTE };
    const waiting = told(house, '/');
    await eventually('it is fetched', () => mirror.sent >= 16 * MEGABYTE);
    await house.worker.end('SIGKILL');
    await house.startWorker();
    mirror.manner = {};
    await waiting;
  },
  'image-cancelled': async (house, mirror) => {
    mirror.manner = { flows: () => false };
    const waiting = askForProblem(house.url('/'));
    await eventually('it is asked for', () => mirror.asked > 0);
    await house.connection.client.workflow.getHandle(idOf(house)).cancel();
    await waiting;
    mirror.manner = {};
    await eventually('it is there', async () => (await fetch(house.url('/'))).ok);
  },
};

/** Of the one image. */
function idOf({ config }: House): string {
  const definition = config.resources[NAME];
  const [wanted] = definition === undefined ? [] : imagesOf(definition);
  return imageId(wanted?.key ?? '', hostName(config));
}

export async function recordImages(host: string, wanted: readonly string[]): Promise<void> {
  for (const [name, live] of Object.entries(scenes)) {
    if (wanted.length > 0 && !wanted.includes(name)) continue;
    const mirror = await Mirror.start({ data: Buffer.alloc(32 * MEGABYTE, name) });
    const rest = {
      routes: [{ path: '/' }],
      idle: { after: '3s' },
      backoff: { first: '100ms', max: '100ms' },
    };
    const resources = { [NAME]: user(mirror.source('data'), rest) };
    try {
      await House.live({ resources, top: { worker: { host } } }, async (house) => {
        await live(house, mirror);
        await house.untilAsleep(NAME);
        await saveRuns(house, idOf(house), name);
        await saveRuns(house, workflowId(NAME), `${name}-for`);
      });
    } finally {
      await mirror.close();
    }
  }
}
