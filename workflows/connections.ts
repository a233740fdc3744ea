import type { Plan } from '../activities/contract.js';
import { cancellableStep } from './boot.js';
import type { Life } from './life.js';
import { onHost, onProvider, target } from './steps.js';

/** Beyond the time of the step itself: for a worker lost on the way. */
const SLACK_MS = 60_000;

/** Gives the next connection its endpoint (or its failure): one after the other, as they came. */
export async function connectNext(life: Life, plan: Plan): Promise<void> {
  const { instance, connections } = life;
  const asked = connections.first;
  if (!asked || !instance) return;
  const { proxy, ask, client } = asked;
  const { connect } = onProvider(plan, {
    queue: 'boot',
    timeoutMs: plan.times.bootTimeout + SLACK_MS,
    host: 'looked for',
    summary: `an endpoint for the connection from ${client.address}`,
  });
  const step = { ...target(life, plan), instance, connection: { key: `${proxy} ${ask}`, client } };
  const outcome = await cancellableStep(
    life,
    async () => {
      const endpoint = await onHost(plan, plan.bootQueue, () => connect(step));
      connections.answer(asked, { endpoint });
    },
    'BOOT_FAILED',
  );
  if (outcome !== 'done' && outcome !== 'stop') connections.answer(asked, { refused: outcome.failure });
  life.lastActivity = Date.now();
  life.onAnswers();
}
