import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { HistoryNews } from '../../temporal/index.js';
import type { ReadyState } from '../../workflows/messages.js';
import { enter, FakeResources, gateOn } from '../kit/fake-resources.js';
import { Stack } from '../kit/stack.js';

/** A run that the wake has started: nothing has happened in it yet. */
class Started extends FakeResources {
  queries = 0;

  constructor(private readonly next: (signal: AbortSignal) => Promise<Partial<HistoryNews>>) {
    super();
    this.onQuery = async (state) => {
      this.queries += 1;
      return state;
    };
  }

  override async news(_name: string, _run: string, token: Uint8Array | undefined, signal: AbortSignal) {
    const news = { token: new Uint8Array(1), changed: false };
    return token === undefined ? news : { ...news, ...(await this.next(signal)) };
  }
}

const aborted = (signal: AbortSignal) =>
  new Promise<never>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));

test('a run that tells its answer is not asked for it', async () => {
  const resources: Started = new Started(async () => ({ changed: true, told: resources.state() }));
  const gate = gateOn(resources);
  const pass = await enter(gate);
  assert.deepEqual([pass.generation, resources.queries], [resources.generation, 0]);
  pass.release();
  await gate.close();
});

test('a run that goes on and tells nothing is asked', async () => {
  let polls = 0;
  const resources = new Started(async (signal) => (polls++ === 0 ? { changed: true } : aborted(signal)));
  const gate = gateOn(resources);
  (await enter(gate)).release();
  assert.equal(resources.queries, 1);
  await gate.close();
});

test('an answer to an older ask that the run told is not used', async () => {
  const old = (state: ReadyState): ReadyState => ({
    ...state,
    answers: { p: { ask: 0, granted: { lease: 60_000, waited: 0, generation: state.generation } } },
  });
  const resources: Started = new Started(async (signal) => {
    await new Promise(setImmediate);
    return resources.queries > 0 ? aborted(signal) : { changed: true, told: old(resources.state()) };
  });
  const gate = gateOn(resources);
  (await enter(gate)).release();
  assert.equal(resources.queries, 1);
  await gate.close();
});

test('a boot and a stop tell the answers to the asks that waited in the history', async () => {
  const stack = await Stack.start({ served: {}, stopped: {} });
  try {
    const signal = new AbortController().signal;
    const told = async (name: string, runId: string) => {
      let token: Uint8Array | undefined;
      for (;;) {
        const news = await stack.resources.news(name, runId, token, signal);
        if (news.told) return news.told.answers.p;
        if (news.closed) return undefined;
        token = news.token;
      }
    };
    const ask = { proxy: 'p', ask: 7, at: '127.0.0.1:1' };
    const granted = await told('served', await stack.resources.wake('served', ask));
    assert.equal(granted?.ask, 7);
    assert.ok((granted.granted?.lease ?? 0) > 0);

    stack.provider.beforeBoot = async ({ name }) => {
      if (name === 'stopped') await stack.resources.stop('stopped');
    };
    const refused = await told('stopped', await stack.resources.wake('stopped', ask));
    assert.deepEqual(refused, { ask: 7, refused: { code: 'STOPPED', retryIn: 0 } });
  } finally {
    await stack.close();
  }
});
