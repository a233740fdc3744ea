import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ImageStanding } from '../../control/images-contract.js';
import { ReveilleError } from '../../errors/index.js';
import { raw, startTestControl } from '../kit/control.js';

const KEY = 'a'.repeat(64);

for (const [what, text, expected] of [
  ['that was registered once and is removed since is absent', '', { state: 'absent' }],
  ['of test mode, which keeps none, is usable', 'images: { test: {} }', { state: 'usable', id: 'an-id' }],
] as const) {
  test(`an image ${what}`, async (t) => {
    const { url, plane } = await startTestControl(t, { text: `resources: {}\n${text}` });
    plane.images.state = async () => ({ state: 'made', id: 'an-id' });
    plane.images.chore = () => Promise.reject(new ReveilleError('IMAGE_UNKNOWN'));
    const answer = await raw(`${url}/api/v1/images/${KEY}/standing?place=here`);
    assert.deepEqual(JSON.parse(answer.text) as ImageStanding, { key: KEY, place: 'here', ...expected });
  });
}
