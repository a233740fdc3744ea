import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { loadConfig } from '../../config/index.js';
import { connectTemporal } from '../../temporal/index.js';
import { workflowId } from '../../workflows/messages.js';
import type { BenchContext, Benchmark } from '../contract.js';
import { type BenchStack, startStack } from '../stack.js';
import { quantile, readJournal, stampingResource } from './journal.js';

const SLEEPS = 20;
const IDLE_MS = 2000;
/** All times of a busy hour by 60: a lease of 2 s instead of 120, idle.after 6 s instead of 6 m, a minute for an hour. */
const SCALE_S = 60;

/** How late idle stops come, and how many events a busy resource writes. */
export const idle: Benchmark = {
  name: 'idle',
  about: 'lateness of idle stops; events per awake hour',
  async run(context) {
    const journal = join(context.folder, 'journal');
    const stack = await startStack(context, {
      resources: {
        short: stampingResource('short', journal, { idle: { after: `${IDLE_MS}ms` } }),
        busy: stampingResource('busy', join(context.folder, 'busy'), {
          idle: { after: '6s' },
          lease: { time: '2s' },
        }),
      },
    });
    const events = eventsOfBusyHour(context, stack);
    const late = await lateness(context, stack, journal);
    return {
      figures: [
        {
          what: 'idle stop after its time, p50',
          value: quantile(late, 0.5),
          unit: 'ms',
          budget: { better: 'smaller', least: 1000, aim: 100 },
        },
        {
          what: 'idle stop after its time, worst',
          value: Math.max(...late),
          unit: 'ms',
          budget: { better: 'smaller', least: 1000, aim: 100 },
        },
        {
          what: 'idle stop after its time, earliest',
          value: Math.min(...late),
          unit: 'ms',
          budget: { better: 'larger', least: 0 },
        },
        {
          what: 'events per awake hour, one proxy',
          value: await events,
          unit: '',
          budget: { better: 'smaller', least: 400, aim: 250 },
        },
      ],
      plots: [],
      notes: [
        `${late.length} sleeps of a resource with idle.after ${IDLE_MS} ms, from the end of the answer to SIGTERM at the instance.`,
        'Events: a minute with every time divided by 60 (lease 2 s, idle.after 6 s), a request each 100 ms.',
      ],
      raw: { late },
    };
  },
};

async function lateness(context: BenchContext, stack: BenchStack, journal: string): Promise<number[]> {
  const late: number[] = [];
  while (late.length < SLEEPS && !context.signal.aborted) {
    await (await fetch(`http://127.0.0.1:${stack.proxyPort}/short`)).text();
    const used = Date.now();
    const stopped = () => readJournal(journal).filter(({ event }) => event === 'stopping');
    while (stopped().length <= late.length) await delay(20, undefined, { signal: context.signal });
    late.push((stopped().at(-1)?.at ?? 0) - used - IDLE_MS);
    context.say(`sleep ${late.length}: ${Math.round(late.at(-1) ?? 0)} ms after its time`);
  }
  return late;
}

async function eventsOfBusyHour(context: BenchContext, stack: BenchStack): Promise<number> {
  const temporal = connectTemporal(loadConfig(stack.configFile));
  context.defer(() => temporal.close());
  const ask = async () => (await fetch(`http://127.0.0.1:${stack.proxyPort}/busy`)).text();
  await ask();
  const length = async () =>
    (await temporal.client.workflow.getHandle(workflowId('busy')).describe()).historyLength;
  const before = await length();
  const end = performance.now() + SCALE_S * 1000;
  while (performance.now() < end && !context.signal.aborted) {
    await ask();
    await delay(100);
  }
  const events = (await length()) - before;
  await stack.stopResource('busy');
  return events;
}
