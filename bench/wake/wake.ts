import { join } from 'node:path';
import type { Benchmark } from '../contract.js';
import { startStack } from '../stack.js';
import { quantile, readJournal, stampingResource } from './journal.js';

const WAKES = 100;
/** The first wakes compile code. */
const WARM_UP = 5;

/** What a wake costs beyond the instance's own boot, as the instance itself stamps it. */
export const wake: Benchmark = {
  name: 'wake',
  about: 'overhead of one wake over the instance’s own boot',
  async run(context) {
    const journal = join(context.folder, 'journal');
    const stack = await startStack(context, { resources: { hello: stampingResource('hello', journal) } });
    const overheads: number[] = [];
    const boots: number[] = [];
    for (let count = -WARM_UP; count < WAKES && !context.signal.aborted; count++) {
      const asked = performance.now();
      const response = await fetch(`http://127.0.0.1:${stack.proxyPort}/hello?${count}`);
      const text = await response.text();
      const took = performance.now() - asked;
      const stamp = readJournal(journal).at(-1);
      if (stamp?.spawned === undefined || text !== `${stamp.generation} /hello?${count}`) {
        throw new Error(`not the answer of the instance that this wake booted: ${response.status} ${text}`);
      }
      if (count >= 0) {
        overheads.push(took - (stamp.at - stamp.spawned));
        boots.push(stamp.at - stamp.spawned);
      }
      if (count % 20 === 0) context.say(`${Math.max(0, count)} of ${WAKES} wakes`);
      await stack.stopResource('hello');
    }
    return {
      figures: [
        {
          what: 'overhead of a wake, p50',
          value: quantile(overheads, 0.5),
          unit: 'ms',
          budget: { better: 'smaller', least: 60, aim: 40 },
        },
        {
          what: 'overhead of a wake, p99',
          value: quantile(overheads, 0.99),
          unit: 'ms',
          budget: { better: 'smaller', least: 200, aim: 100 },
        },
        { what: 'the instance’s own boot, p50', value: quantile(boots, 0.5), unit: 'ms' },
      ],
      plots: [
        {
          kind: 'distribution',
          name: 'wake',
          title: 'A wake: overhead, and the instance’s own boot',
          unit: 'ms',
          series: [
            { label: 'overhead', values: overheads },
            { label: 'own boot', values: boots },
          ],
        },
      ],
      notes: [
        `${WAKES} wakes, one after the other, after ${WARM_UP} that warm up; Temporal on a database file.`,
      ],
      raw: { overheads, boots },
    };
  },
};
