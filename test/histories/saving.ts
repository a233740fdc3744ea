import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { eventually } from '../kit/conditions.js';
import type { House } from '../kit/house.js';
import { root } from '../kit/scripts.js';
import { toJson } from './history-json.js';
import { scrub } from './scrub.js';

/** Saves the histories of all closed runs of an execution, the oldest as NAME-1.json. */
export async function saveRuns(house: House, workflowId: string, name: string): Promise<void> {
  for (const [i, runId] of (await runsOf(house, workflowId)).entries()) {
    const handle = house.connection.client.workflow.getHandle(workflowId, runId);
    const history = toJson(await handle.fetchHistory());
    const file = join(root, 'test/histories', `${name}-${i + 1}.json`);
    writeFileSync(file, `${JSON.stringify(scrub(history), null, 1)}\n`);
    process.stdout.write(`${name}-${i + 1}\n`);
  }
}

/** The oldest first. The server's list may be a moment behind. */
async function runsOf(house: House, workflowId: string): Promise<string[]> {
  const { workflow } = house.connection.client;
  return await eventually('the list is complete', async () => {
    const runs: { runId: string; startTime: Date }[] = [];
    for await (const run of workflow.list({ query: `WorkflowId = '${workflowId}'` })) {
      if (run.status.name === 'RUNNING') return undefined;
      runs.push(run);
    }
    const oldestFirst = runs.sort((a, b) => a.startTime.getTime() - b.startTime.getTime());
    return runs.length > 0 && oldestFirst.map(({ runId }) => runId);
  });
}
