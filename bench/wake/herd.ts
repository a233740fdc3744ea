import { Agent, request } from 'node:http';
import { join } from 'node:path';
import type { Benchmark } from '../contract.js';
import { startStack } from '../stack.js';
import { quantile, readJournal, stampingResource } from './journal.js';

const REQUESTS = 1000;
const ROUNDS = 5;

/** Many clients on one sleeping resource: one boot, and all are let go at once. */
export const herd: Benchmark = {
  name: 'herd',
  about: `${REQUESTS} requests on one sleeping resource`,
  async run(context) {
    const journal = join(context.folder, 'journal');
    const stack = await startStack(context, { resources: { hello: stampingResource('hello', journal) } });
    const rounds: number[][] = [];
    const spreads: number[] = [];
    for (let round = 0; round < ROUNDS && !context.signal.aborted; round++) {
      const answered = await crowd(stack.proxyPort);
      const boots = readJournal(journal).filter(({ event }) => event === 'accepting').length;
      if (boots !== round + 1) throw new Error(`${boots - round} boots for one herd`);
      const first = Math.min(...answered);
      rounds.push(answered.map((at) => at - first));
      spreads.push(Math.max(...answered) - first);
      context.say(`round ${round + 1}: spread ${Math.round(spreads.at(-1) ?? 0)} ms`);
      await stack.stopResource('hello');
    }
    return {
      figures: [
        {
          what: `spread of release of ${REQUESTS} requests, p50`,
          value: quantile(spreads, 0.5),
          unit: 'ms',
          budget: { better: 'smaller', least: 250, aim: 100 },
        },
      ],
      plots: [
        {
          kind: 'distribution',
          name: 'herd',
          title: `When ${REQUESTS} requests on one sleeping resource were answered, after the first of them`,
          unit: 'ms',
          series: rounds.map((values, round) => ({ label: `round ${round + 1}`, values })),
        },
      ],
      notes: [`${ROUNDS} rounds; one boot each, every answer right. The client shares the machine.`],
      raw: { spreads, rounds },
    };
  },
};

/** @returns when each answer came, in ms. @throws where one is wrong. */
function crowd(port: number): Promise<number[]> {
  const agent = new Agent({ maxSockets: REQUESTS, keepAlive: false });
  return Promise.all(
    Array.from({ length: REQUESTS }, async (_, n) => {
      const path = `/hello?n=${n}`;
      const text = await get(agent, port, path);
      if (!text.endsWith(` ${path}`)) throw new Error(`request ${n} was answered with ${text}`);
      return performance.now();
    }),
  );
}

function get(agent: Agent, port: number, path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const sent = request({ agent, port, host: '127.0.0.1', path }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        text += chunk;
      });
      response.on('end', () => resolve(text));
    });
    sent.on('error', reject).end();
  });
}
