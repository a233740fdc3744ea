import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { type TestContext, test } from 'node:test';
import { eventually } from '../kit/conditions.js';
import { app, House } from '../kit/house.js';

interface Attribute {
  key: string;
  value: { stringValue?: string; intValue?: number };
}

interface Told {
  traceId: string;
  spanId: string;
  parentSpanId?: string;
  name: string;
  startTimeUnixNano: string;
  endTimeUnixNano: string;
  attributes: Attribute[];
  status: { code?: number; message?: string };
}

interface Seen extends Told {
  service: string;
}

/** What a collector of OTLP over HTTP (JSON) is told. */
class Collector {
  readonly spans: Seen[] = [];
  readonly authorizations = new Set<string | undefined>();
  endpoint = '';
  text = '';

  static async start(t: TestContext): Promise<Collector> {
    const collector = new Collector();
    const server = createServer((request, response) => {
      collector.authorizations.add(request.headers.authorization);
      let text = '';
      request.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
      });
      request.on('end', () => {
        collector.#take(text);
        response.setHeader('content-type', 'application/json').end('{}');
      });
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    t.after(() => {
      server.closeAllConnections();
      server.close();
    });
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    collector.endpoint = `http://127.0.0.1:${port}/v1/traces`;
    return collector;
  }

  #take(text: string): void {
    this.text += text;
    const { resourceSpans } = JSON.parse(text) as {
      resourceSpans: { resource: { attributes: Attribute[] }; scopeSpans: { spans: Told[] }[] }[];
    };
    for (const { resource, scopeSpans } of resourceSpans) {
      const name = resource.attributes.find(({ key }) => key === 'service.name');
      const service = name?.value.stringValue ?? '';
      for (const { spans } of scopeSpans) for (const span of spans) this.spans.push({ ...span, service });
    }
  }

  named(name: string, service: string): Seen[] {
    return this.spans.filter((span) => span.name === name && span.service === service);
  }
}

const PARENT = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

test('a cold request is one trace: its hold, the activities of its wake, and the way to the first byte of the instance', async (t) => {
  const collector = await Collector.start(t);
  const tracing = {
    endpoint: collector.endpoint,
    headers: { Authorization: `Bearer \${env:TRACES_TOKEN}` },
  };
  const plan = {
    resources: { app: app() },
    top: { tracing, proxy: { listen: '127.0.0.1:0', trusted: ['127.0.0.1'] } },
    furnish: () => ({ TRACES_TOKEN: 'sesame' }),
  };
  await House.live(plan, async (house) => {
    const answer = await fetch(house.url('/some/path?secret=1'), { headers: { traceparent: PARENT } });
    assert.equal(answer.status, 200);
    await answer.text();
    const whole = ['GET', 'hold', 'send', 'boot'];
    await eventually('all spans are there', () =>
      whole.every((name) => collector.spans.some((span) => span.name === name)),
    );
    const [all, hold, send, boot] = whole.map((name) => collector.spans.find((span) => span.name === name));
    for (const span of [all, hold, send, boot]) assert.equal(span?.traceId, PARENT.split('-')[1], span?.name);
    assert.equal(all?.parentSpanId, PARENT.split('-')[2]);
    assert.deepEqual([hold?.parentSpanId, send?.parentSpanId], [all?.spanId, all?.spanId]);
    assert.deepEqual([boot?.parentSpanId, boot?.service], [hold?.spanId, 'reveille-worker']);
    assert.equal(all?.service, 'reveille-proxy');
    for (const span of [hold, send]) {
      assert.ok(BigInt(all?.startTimeUnixNano ?? 0) <= BigInt(span?.startTimeUnixNano ?? 0));
      assert.ok(BigInt(all?.endTimeUnixNano ?? 0) >= BigInt(span?.endTimeUnixNano ?? 0));
    }
    assert.deepEqual([...collector.authorizations], ['Bearer sesame']);
    assert.doesNotMatch(collector.text, /secret/);
  });
});

test('the trace of a client that nobody trusts is not gone on with', async (t) => {
  const collector = await Collector.start(t);
  const top = { tracing: { endpoint: collector.endpoint }, proxy: { listen: '127.0.0.1:0' } };
  await House.live({ resources: { app: app() }, top }, async (house) => {
    const answer = await fetch(house.url('/headers'), {
      headers: { traceparent: PARENT, tracestate: 'x=y' },
    });
    await answer.text();
    const send = await eventually('it was sent', () => collector.named('send', 'reveille-proxy')[0]);
    assert.notEqual(send.traceId, PARENT.split('-')[1]);
  });
});

test('with a collector that is gone everything else goes on', async () => {
  const top = { tracing: { endpoint: 'http://127.0.0.1:1/v1/traces' }, proxy: { listen: '127.0.0.1:0' } };
  await House.live({ resources: { app: app() }, top }, async (house) => {
    for (let i = 0; i < 3; i++) assert.equal((await fetch(house.url('/'))).status, 200);
    await house.proxy.end('SIGTERM');
  });
});
