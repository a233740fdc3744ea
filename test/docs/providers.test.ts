import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';
import { parseConfig } from '../../config/index.js';
import { engine } from '../kit/engines.js';
import { makeGuest, needsGuest } from '../kit/guest.js';
import { House } from '../kit/house.js';
import { MachineService } from '../kit/machine-service.js';
import { freePorts, instancePort } from '../kit/ports.js';
import { fakeProgram, root } from '../kit/scripts.js';

type Resource = Record<string, object | string>;

const page = readFileSync(join(root, 'docs/providers.md'), 'utf8');
const sectionOf = (provider: string): string =>
  page.split(/^## /m).find((one) => one.startsWith(`\`${provider}\``)) ?? '';
const examplesIn = (text: string): string[] =>
  [...text.matchAll(/```yaml\n(.*?)```/gs)].map(([, one = '']) => one);

/** The resource of a provider's first example, with what is another here. */
function documented(provider: string, change: (text: string) => string = (text) => text): [string, Resource] {
  const [example = ''] = examplesIn(sectionOf(provider));
  const [[name, resource] = ['', {}]] = Object.entries<Resource>(parse(change(example)).resources);
  assert.equal(resource.provider, provider);
  return [name, resource];
}

test('every example of docs/providers.md is right', () => {
  assert.ok(examplesIn(page).length >= 5);
  for (const example of examplesIn(page)) parseConfig(example, 'docs/providers.md');
});

test('the example of process runs as it stands there', async () => {
  const [name, resource] = documented('process', (text) => text.replace('examples/', `${root}/examples/`));
  await House.live({ resources: { [name]: resource } }, async (house) => {
    const response = await fetch(house.url('/'));
    assert.equal(response.status, 200);
    await response.body?.cancel();
  });
});

test('the example of http runs as it stands there, with a service that starts its machines here', async () => {
  const serve = `require('http').createServer((q, r) => r.end('a machine')).listen(process.env.PORT, '127.0.0.1')`;
  const service = await MachineService.open([process.execPath, '-e', serve]);
  try {
    const { url } = service.settings({}) as { url: string };
    const [name, resource] = documented('http', (text) => text.replace('https://cloud.example.org/api', url));
    const furnish = () => ({ CLOUD_TOKEN: 'a secret' });
    const resources = { [name]: { ...resource, routes: [{ path: '/' }] } };
    await House.live({ resources, furnish }, async (house) => {
      assert.equal(await (await fetch(house.url('/'))).text(), 'a machine');
      assert.equal(service.running(name).length, 1);
      await house.resources.stop(name);
      await house.untilAsleep(name);
      assert.deepEqual(service.known(name), []);
    });
  } finally {
    await service.close();
  }
});

test('the example of command runs as it stands there, with stand-ins for its programs', async () => {
  const [door = 0] = await freePorts(1);
  const port = await instancePort();
  const [name, resource] = documented('command', (text) => text.replace('tcp: 2222', `tcp: ${door}`));
  const server = `require("net").createServer((s) => s.on("error", () => {}).end("the guest")).listen(${port}, "127.0.0.1")`;
  const furnish = (place: string) => {
    const isUp = `[ -e ${place}/pid ] && kill -0 "$(cat ${place}/pid)"`;
    fakeProgram(
      join(place, 'bin'),
      'virsh',
      `case $1 in
domstate) if ${isUp} 2>/dev/null; then echo running; else echo shut off; fi ;;
shutdown) kill "$(cat ${place}/pid)"; rm ${place}/pid ;;
esac`,
    );
    fakeProgram(
      place,
      'start-guest',
      `node -e '${server}' > /dev/null 2>&1 & echo $! > ${place}/pid; echo 127.0.0.1 ${port}`,
    );
    return { PATH: `${join(place, 'bin')}:${process.env.PATH}` };
  };
  await House.live({ resources: { [name]: resource }, furnish }, async (house) => {
    assert.equal(await textFrom(door), 'the guest');
    await house.resources.stop(name);
    await house.untilAsleep(name);
  });
});

test('the example of qemu runs as it stands there, with a kernel given to it', needsGuest(), async () => {
  const folder = mkdtempSync(join(tmpdir(), 'reveille-documented-'));
  try {
    const { kernel, accel, memory } = makeGuest(folder);
    const [name, resource] = documented('qemu');
    const qemu = { ...(resource.qemu as object), kernel, accel, memory };
    const furnish = (place: string) => {
      execFileSync(engine('qemu-img'), ['create', '-q', '-f', 'qcow2', join(place, 'debian-12.qcow2'), '1M']);
      writeFileSync(join(place, 'user-data.yaml'), 'echo seeded > /www/index.html\n');
      return {};
    };
    const health = { path: '/', timeout: '2m', attempt: '500ms' };
    const resources = { [name]: { ...resource, qemu, health, routes: [{ path: '/' }] } };
    await House.live({ resources, furnish }, async (house) => {
      assert.equal(await (await fetch(house.url('/'))).text(), 'seeded\n');
      await house.resources.stop(name, { then: 'suspend' });
      await house.untilAsleep(name);
      assert.equal(await (await fetch(house.url('/'))).text(), 'seeded\n');
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

function textFrom(port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    const socket = connect(port, '127.0.0.1');
    socket.on('data', (chunk) => {
      text += chunk;
    });
    socket.on('error', reject);
    socket.on('close', () => resolve(text));
  });
}
