import type { ResourceClient } from './resource-client.js';

export interface Followed {
  resources: Pick<ResourceClient, 'news'>;
  name: string;
  firstRun: string;
  signal: AbortSignal;
}

/** Looks each time the history of a run (and of its successors) has grown, until `done` says so or it has ended. */
export async function follow(
  { resources, name, firstRun, signal }: Followed,
  done: (closed: boolean, runId: string) => boolean | Promise<boolean>,
): Promise<void> {
  let runId = firstRun;
  let token: Uint8Array | undefined;
  for (;;) {
    const news = await resources.news(name, runId, token, signal);
    if (news.closed?.successor !== undefined) {
      runId = news.closed.successor;
      token = undefined;
      continue;
    }
    if (news.changed && (await done(news.closed !== undefined, runId))) return;
    if (news.closed) return;
    token = news.token;
  }
}
