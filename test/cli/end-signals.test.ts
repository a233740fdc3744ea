import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EndSignals } from '../../cli/up/end-signals.js';

const levels = ({ end, hurry, kill }: EndSignals) => [end, hurry, kill].map(({ aborted }) => aborted);

test('two signals at once are one wish; later ones hurry, then kill', (context) => {
  let nowMs = 1000;
  context.mock.method(performance, 'now', () => nowMs);
  const signals = new EndSignals();
  context.after(() => signals.dispose());
  process.emit('SIGINT');
  nowMs += 100;
  process.emit('SIGTERM');
  assert.deepEqual(levels(signals), [true, false, false]);
  nowMs += 600;
  process.emit('SIGINT');
  assert.deepEqual(levels(signals), [true, true, false]);
  nowMs += 600;
  process.emit('SIGINT');
  assert.deepEqual(levels(signals), [true, true, true]);
});
