/**
 * A worker in a process of its own: boots or stops one generation as it is told by its argument, prints what came
 * of it, and may stop itself (SIGSTOP) at a step, to be continued by the test.
 */
import { ProcessHost, quietContext } from './process-host.js';

export interface WorkerOrder {
  action: 'boot' | 'stop';
  folder: string;
  resources: Record<string, object>;
  name: string;
  generation: number;
  /** A heartbeat of the provider. */
  pauseAt?: string;
}
export type WorkerAnswer = { id: string } | { code: string } | { done: true };

const order: WorkerOrder = JSON.parse(process.argv[2] ?? '');
let paused = false;
const context = quietContext((progress) => {
  if (paused || progress === undefined || progress !== order.pauseAt) return;
  paused = true;
  process.kill(process.pid, 'SIGSTOP');
});

async function obey(): Promise<WorkerAnswer> {
  const host = new ProcessHost(order.folder, order.resources);
  const request = host.request(order.name, order.generation);
  if (order.action === 'boot') return { id: (await host.provider.boot(request, context)).instance.id };
  await host.provider.stop(request, undefined, { then: 'stop', force: false }, context);
  return { done: true };
}

const answer = await obey().catch((error: { code?: string; message: string }) => ({
  code: error.code ?? error.message,
}));
process.stdout.write(JSON.stringify(answer));
