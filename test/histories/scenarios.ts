import { workflowId } from '../../workflows/messages.js';
import { eventually } from '../kit/conditions.js';
import { app, type House } from '../kit/house.js';
import type { Plan } from '../kit/house-base.js';
import { ask, askForProblem } from '../kit/house-client.js';

/** The one resource of every scenario. */
export const NAME = 'hello';

export interface Scenario {
  plan: Plan;
  /** From asleep to where it falls asleep by itself, or has been told to. */
  live(house: House): Promise<void>;
}

const idle = { after: '3s' };
const plan = (env: Record<string, string> = {}, rest: object = {}, top: Plan['top'] = {}): Plan => ({
  resources: { [NAME]: app(env, { idle, ...rest }) },
  top,
});

/** What can happen in a life: each scenario is recorded as the histories of its runs. */
export const scenarios: Record<string, Scenario> = {
  'wake-idle-stop': {
    plan: plan({}, { idle: { ...idle, probe: { url: '/health' } } }),
    async live(house) {
      for (let i = 0; i < 50; i++) await ask(house.url('/'));
    },
  },
  'stop-with-wake': {
    plan: plan({ END_WHEN: 'may-end' }),
    async live(house) {
      await ask(house.url('/'));
      await house.resources.stop(NAME);
      await house.journaled('term');
      const next = ask(house.url('/'));
      await eventually('the wake is recorded', async () => {
        const state = await house.resources.ready(NAME);
        return state !== undefined && house.journal('start').length === 1;
      });
      house.allow('may-end');
      await next;
    },
  },
  'stop-while-booting': {
    plan: plan({ LISTEN_WHEN: 'never' }),
    async live(house) {
      const held = askForProblem(house.url('/'));
      await house.journaled('start');
      await house.resources.stop(NAME, { reason: 'recorded' });
      await held;
    },
  },
  'failed-backoff': {
    plan: plan({ LIVE_WHEN: 'mended' }, { backoff: { first: '300ms', max: '1m' } }),
    async live(house) {
      await eventually('two attempts', async () => {
        await askForProblem(house.url('/'));
        return house.journal('start').length >= 2;
      });
      house.allow('mended');
      await eventually('it is mended', () => ask(house.url('/')));
    },
  },
  adoption: {
    plan: plan({}, {}, { reconcile: '500ms' }),
    async live(house) {
      await ask(house.url('/'));
      const { workflow } = house.connection.client;
      await workflow.getHandle(workflowId(NAME)).terminate('recorded');
      await eventually('it is adopted', async () => {
        const open = await house.resources.openRun(NAME);
        return open !== undefined && (await house.resources.ready(NAME, open))?.ready;
      });
    },
  },
  'death-while-warm': {
    plan: plan(),
    async live(house) {
      const { pid } = await ask(house.url('/'));
      process.kill(pid, 'SIGKILL');
      await ask(house.url('/'));
    },
  },
  'unreachable-but-well': {
    plan: plan(),
    async live(house) {
      const { generation } = await ask(house.url('/'));
      await house.resources.unreachable(NAME, { generation, error: 'recorded' });
      await ask(house.url('/'));
    },
  },
  pin: {
    plan: plan(),
    async live(house) {
      await house.resources.pin(NAME, { until: Date.now() + 5000 });
      await house.journaled('start');
      await house.resources.pin(NAME);
      await ask(house.url('/'));
      await house.resources.unpin(NAME);
    },
  },
  'worker-lost-in-boot': {
    plan: plan({ LISTEN_WHEN: 'may-listen' }),
    async live(house) {
      const held = ask(house.url('/'));
      await house.journaled('start');
      await house.worker.end('SIGKILL');
      await house.startWorker();
      house.allow('may-listen');
      await held;
    },
  },
  'long-life': {
    plan: plan(),
    async live(house) {
      await ask(house.url('/'));
      const { workflow } = house.connection.client;
      const first = await house.resources.openRun(NAME);
      await eventually('it goes on in a successor', async () => {
        await Promise.all(
          Array.from({ length: 20 }, () => house.resources.wake(NAME, { reason: 'recorded' })),
        );
        return (await workflow.getHandle(workflowId(NAME)).describe()).runId !== first;
      });
      await ask(house.url('/'));
    },
  },
  cancelled: {
    plan: plan(),
    async live(house) {
      await ask(house.url('/'));
      await house.connection.client.workflow.getHandle(workflowId(NAME)).cancel();
    },
  },
};
