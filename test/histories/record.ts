// node dist/test/histories/record.js [NAME …]: records the histories that test/workflows/replay.test.ts replays.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { workflowId } from '../../workflows/messages.js';
import { eventually } from '../kit/conditions.js';
import { House } from '../kit/house.js';
import { root } from '../kit/scripts.js';
import { toJson } from './history-json.js';
import { NAME, scenarios } from './scenarios.js';
import { scrub } from './scrub.js';

const HOST = 'example-host';

for (const [name, { plan, live }] of Object.entries(scenarios)) {
  const wanted = process.argv.slice(2);
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  const top = { worker: { host: HOST }, ...plan.top };
  await House.live({ ...plan, top }, async (house) => {
    await live(house);
    await house.untilAsleep(NAME);
    const runs = await runsOf(house);
    for (const [i, runId] of runs.entries()) await save(house, runId, `${name}-${i + 1}`);
  });
}

/** All runs, the oldest first. The server's list may be a moment behind. */
async function runsOf(house: House): Promise<string[]> {
  const { workflow } = house.connection.client;
  return await eventually('the list is complete', async () => {
    const runs: { runId: string; startTime: Date }[] = [];
    for await (const run of workflow.list({ query: `WorkflowId = '${workflowId(NAME)}'` })) {
      if (run.status.name === 'RUNNING') return undefined;
      runs.push(run);
    }
    const oldestFirst = runs.sort((a, b) => a.startTime.getTime() - b.startTime.getTime());
    return runs.length > 0 && oldestFirst.map(({ runId }) => runId);
  });
}

async function save(house: House, runId: string, name: string): Promise<void> {
  const handle = house.connection.client.workflow.getHandle(workflowId(NAME), runId);
  const history = toJson(await handle.fetchHistory());
  const file = join(root, 'test/histories', `${name}.json`);
  writeFileSync(file, `${JSON.stringify(scrub(history), null, 1)}\n`);
  process.stdout.write(`${name}\n`);
}
