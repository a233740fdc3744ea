/** A process of its own whose front door uses a listening socket that it was given as descriptor 3. */
import { pino } from 'pino';
import { createFrontDoor } from '../../proxy/front-door.js';
import { FakeGate } from './fake-gate.js';
import { configOf } from './http-bench.js';

const door = createFrontDoor({ config: configOf({}), gate: new FakeGate(), log: pino({ level: 'silent' }) });
await door.listen({ fd: 3 });
process.send?.('listening');
process.once('message', () => {
  void door.close(0).then(() => process.disconnect());
});
