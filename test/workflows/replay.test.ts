import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { DefaultLogger, Runtime, Worker } from '@temporalio/worker';
import { DeterminismViolationError } from '@temporalio/workflow';
import { workflowId } from '../../workflows/messages.js';
import { fromJson } from '../histories/history-json.js';
import { payloadsOf } from '../histories/scrub.js';
import { root } from '../kit/scripts.js';

const FOLDER = join(root, 'test/histories');
const workflowBundle = { codePath: join(root, 'dist/workflow-bundle.js') };
const read = (name: string) => JSON.parse(readFileSync(join(FOLDER, name), 'utf8'));
const names = readdirSync(FOLDER).filter((name) => name.endsWith('.json'));

Runtime.install({ logger: new DefaultLogger('ERROR', () => {}) });
const replay = (history: object) =>
  Worker.runReplayHistory({ workflowBundle }, fromJson(history), workflowId('hello'));

for (const name of names) {
  test(`the workflow of today goes on with an execution as in ${name}`, () => replay(read(name)));

  test(`${name} names no folder of the machine that it comes from`, () => {
    const text = JSON.stringify(read(name)) + payloadsOf(read(name));
    assert.doesNotMatch(text, /\/(tmp|home|root|work|usr|var|opt|proc)\//);
  });
}

test('a history that today’s workflow would not have made is noticed', async () => {
  const text = readFileSync(join(FOLDER, 'wake-idle-stop-1.json'), 'utf8');
  const other = JSON.parse(text.replaceAll('"boot"', '"bake"'));
  await assert.rejects(replay(other), DeterminismViolationError);
});
