import assert from 'node:assert/strict';
import { hostname } from 'node:os';
import { test } from 'node:test';
import { Registry } from 'prom-client';
import { configSchema } from '../../config/index.js';
import { InternalServer } from '../../proxy/internal.js';
import { tempFolder } from '../kit/scripts.js';

test('a proxy that listens on all addresses tells workers the name of its machine', async (t) => {
  const told = async (control: string) => {
    const config = { ...configSchema.parse({ proxy: { control } }), file: undefined, folder: tempFolder(t) };
    const answer = () => ({ proxy: 'p', holds: false, open: 0, idleFor: 0 });
    const server = new InternalServer({ config, secret: 's', registry: new Registry(), answer });
    t.after(() => server.close());
    return (await server.listen()).replace(/:\d+$/, '');
  };
  assert.equal(await told('0.0.0.0:0'), hostname());
  assert.equal(await told('127.0.0.1:0'), '127.0.0.1');
});
