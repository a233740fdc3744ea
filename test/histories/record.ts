// node dist/test/histories/record.js [NAME …]: records the histories that test/workflows/replay.test.ts replays.
import { workflowId } from '../../workflows/messages.js';
import { House } from '../kit/house.js';
import { recordImages } from './image-scenarios.js';
import { saveRuns } from './saving.js';
import { NAME, scenarios } from './scenarios.js';

const HOST = 'example-host';
const wanted = process.argv.slice(2);

for (const [name, { plan, live }] of Object.entries(scenarios)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  const top = { worker: { host: HOST }, ...plan.top };
  await House.live({ ...plan, top }, async (house) => {
    await live(house);
    await house.untilAsleep(NAME);
    await saveRuns(house, workflowId(NAME), name);
  });
}
await recordImages(HOST, wanted);
