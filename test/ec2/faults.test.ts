import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Fault } from '../kit/ec2-faults.js';
import { type YardWorker, yardOfSuite } from '../kit/ec2-yard.js';
import { needs } from '../kit/engines.js';

const CALLS = [
  'DescribeInstances',
  'DescribeImages',
  'RunInstances',
  'CreateTags',
  'StartInstances',
  'StopInstances',
  'TerminateInstances',
];
const TIMEOUT_MS = 3000;
const FAULTS: Fault[] = [
  { kind: 'throttle' },
  { kind: 'error' },
  { kind: 'drop' },
  { kind: 'lose' },
  // Done after its caller has given up.
  { kind: 'delay', ms: TIMEOUT_MS + 1000 },
];

describe('a cloud that fails', { ...needs('moto'), concurrency: 2 }, () => {
  const yard = yardOfSuite();

  /** Two generations and what becomes of them: each call of the provider is among it. */
  async function life(name: string, host: YardWorker): Promise<void> {
    const { site } = yard();
    const first = await host.boot(name, 1000);
    await host.stop(name, 1000);
    const second = await host.boot(name, 2000);
    assert.equal(second.instance.id, first.instance.id, 'a stopped instance is started again');
    assert.equal(site.alive(name).length, 1);
    await host.stop(name, 2000, 'delete');
    assert.deepEqual(site.of(name), []);
  }

  for (const fault of FAULTS) {
    test(`${fault.kind}, up to twice in each call: one instance, and none left`, async () => {
      const { site } = yard();
      await Promise.all(
        CALLS.map(async (call) => {
          // A resource of its own in an account of its own, so that the fault meets no other one.
          const name = `${fault.kind}-${call.toLowerCase()}`;
          const timeout = fault.kind === 'delay' ? { timeout: `${TIMEOUT_MS}ms` } : {};
          const settings = { credentials: keyOf(name), interval: '200ms', ...timeout };
          const host = yard().worker({ [name]: yard().created(settings) });
          let met = 0;
          site.faults.decide((one) =>
            one.startsWith(`Key=${name} Action=${call}&`) && ++met <= 2 ? fault : undefined,
          );
          await life(name, host);
          assert.ok(met > 0, `${call} met it`);
          assert.equal(site.most.get(name), 1, name);
        }),
      );
    });
  }

  test('a worker dies at any of its calls, answered or not: another comes to one instance', async () => {
    const { site } = yard();
    for (const kind of ['drop', 'lose'] as const) {
      for (let calls = 1; calls <= 4; calls++) {
        const name = `dies-${kind}-${calls}`;
        const settings = { [name]: yard().created({ credentials: keyOf(name) }) };
        const [one, two] = [yard().worker(settings), yard().worker(settings)];
        const death = new AbortController();
        let count = 0;
        const stop = site.faults.decide((call) => {
          if (!call.includes(`Key=${name} `) || ++count !== calls) return undefined;
          death.abort();
          return { kind };
        });
        await assert.rejects(one.boot(name, 1000, { signal: death.signal }));
        stop();
        await two.boot(name, 1000);
        assert.equal(site.alive(name).length, 1, name);
        await two.stop(name, 1000, 'delete');
        assert.deepEqual(site.of(name), [], name);
        assert.equal(site.most.get(name), 1, name);
      }
    }
  });
});

/** Calls are told apart by who signs them. */
const keyOf = (name: string) => ({ accessKeyId: name, secretAccessKey: '${env:PATH}' });
