import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TraceSpan, Tracing } from '../../tracing/contract.js';
import { answering, OK, startBench, startInstance, until } from '../kit/http-bench.js';

const CLIENTS = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
const REQUEST = `GET /x?q=1 HTTP/1.1\r\nHost: a\r\nTraceParent: ${CLIENTS}\r\ntracestate: v=1\r\nConnection: close\r\n\r\n`;

/** Writes down what becomes of spans. */
class Notebook implements Tracing {
  readonly lines: string[] = [];
  #count = 0;

  begin(name: string, _kind: string, parent: string | undefined): TraceSpan {
    const id = ++this.#count;
    this.lines.push(`${id} ${name} of ${parent ?? 'nobody'}`);
    return {
      traceparent: `parent-${id}`,
      child: (child, kind) => this.begin(child, kind, `parent-${id}`),
      set: () => {},
      end: (error) => {
        this.lines.push(`${id} ends${error === undefined ? '' : `: ${error}`}`);
      },
    };
  }

  async close(): Promise<void> {}
}

test('without traces the fields of the client pass as they are', async (t) => {
  const bench = await startBench(t);
  const instance = await startInstance(t, answering(OK));
  bench.gate.wake('app', instance.port);
  await bench.exchange(REQUEST);
  assert.match(instance.peers[0]?.text ?? '', new RegExp(`TraceParent: ${CLIENTS}\r\ntracestate: v=1\r\n`));
});

test('with traces an instance continues ours, and hears of no trace of a client that nobody trusts', async (t) => {
  const tracing = new Notebook();
  const bench = await startBench(t, { tracing });
  const instance = await startInstance(t, answering(OK));
  bench.gate.wake('app', instance.port);
  await bench.exchange(REQUEST);
  const text = instance.peers[0]?.text ?? '';
  assert.match(text, /\r\ntraceparent: parent-2\r\n/);
  assert.doesNotMatch(text, /TraceParent|tracestate/);
  await until(() => tracing.lines.length === 4);
  assert.deepEqual(tracing.lines, ['1 GET of nobody', '2 send of parent-1', '2 ends', '1 ends']);
});

test('the trace of a trusted peer is gone on with', async (t) => {
  const tracing = new Notebook();
  const bench = await startBench(t, { tracing, proxy: { trusted: ['127.0.0.1'] } });
  const instance = await startInstance(t, answering(OK));
  bench.gate.wake('app', instance.port);
  await bench.exchange(REQUEST);
  assert.equal(tracing.lines[0], `1 GET of ${CLIENTS}`);
  assert.match(instance.peers[0]?.text ?? '', /\r\ntracestate: v=1\r\ntraceparent: parent-2\r\n/);
});

test('a client that leaves while it is held ends its spans, and the wake knows its trace', async (t) => {
  const tracing = new Notebook();
  const bench = await startBench(t, { tracing });
  const client = await bench.client();
  client.send(REQUEST.replace('Connection: close\r\n', ''));
  await until(() => bench.gate.held() === 1);
  assert.deepEqual(bench.gate.traces, ['parent-2']);
  client.socket.destroy();
  await until(() => tracing.lines.length === 4);
  const left = ': the client went away';
  assert.deepEqual(tracing.lines.slice(2), [`2 ends${left}`, `1 ends${left}`]);
});
