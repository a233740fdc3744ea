// What listens below `up` besides the proxy's HTTP: TCP routes and the control address.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventually } from '../kit/conditions.js';
import { needs } from '../kit/engines.js';
import { app } from '../kit/house-base.js';
import { send } from '../kit/house-client.js';
import { WholeHouse } from '../kit/house-up.js';
import { freePorts } from '../kit/ports.js';
import { SteadyTraffic } from '../kit/steady-traffic.js';

const engine = needs('temporal');

for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
  test(`${signal} of proxy under traffic: a TCP route refuses nobody`, engine, async () => {
    const [port] = await freePorts(1);
    const hello = app({}, { idle: { after: '5m' }, routes: [{ tcp: `127.0.0.1:${port}` }] });
    await WholeHouse.live({ resources: { hello } }, async (house) => {
      const traffic = new SteadyTraffic(`http://127.0.0.1:${port}/`).startNew();
      await eventually('traffic flows', () => traffic.total > 20);
      const pid = await house.signal('proxy', signal);
      const goneAt = performance.now();
      await house.untilRestarted('proxy', pid);
      await traffic.flowsOn();
      await traffic.stop();
      assert.deepEqual(signal === 'SIGTERM' ? traffic.losses : traffic.lossesSince(goneAt), []);
      assert.equal(house.journal('start').length, 1);
    });
  });

  test(`${signal} of control: its address refuses nobody`, engine, () =>
    WholeHouse.live({ resources: { hello: app() } }, async (house) => {
      const pid = await house.signal('control', signal);
      // One after the other, from the first moment on: each waits until it is answered.
      for (let replaced = false; !replaced; ) {
        replaced = house.pidsOf('control').some((one) => one !== pid);
        const response = await send(`http://${house.control}/healthz`);
        assert.equal(response.resume().statusCode, 200);
      }
    }),
  );
}
