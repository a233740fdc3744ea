import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { parse, stringify } from 'yaml';
import { engine } from '../kit/engines.js';
import { makeSshGuest, needsSshGuest } from '../kit/guest-ssh.js';
import { needsWalk, walk } from '../kit/walk.js';

interface Example {
  resources: { box: { qemu: { disk: { image: { url: string } } } & Record<string, unknown> } };
}

/** Puts a machine that can be made here in place of Debian's image, and a key pair where ssh looks for it. */
function furnish(folder: string): NodeJS.ProcessEnv {
  const keys = join(folder, '.ssh');
  mkdirSync(keys, { recursive: true });
  chmodSync(keys, 0o700);
  chmodSync(join(keys, 'config'), 0o600);
  execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(keys, 'id_ed25519')]);
  mkdirSync(join(folder, 'docs'));
  writeFileSync(join(folder, 'docs/index.md'), 'a page\n');
  const image = join(folder, 'image.qcow2');
  execFileSync(engine('qemu-img'), ['create', '-q', '-f', 'qcow2', image, '1M']);
  const { kernel, accel, memory } = makeSshGuest(join(folder, 'guest-files'));
  const file = join(folder, 'examples/ssh/reveille.yaml');
  const example = parse(readFileSync(file, 'utf8')) as Example;
  const { qemu } = example.resources.box;
  qemu.disk.image.url = pathToFileURL(image).href;
  Object.assign(qemu, { kernel, accel, memory, cpus: 1 });
  writeFileSync(file, stringify(example));
  return {};
}

const skipped = [needsWalk('mount'), needsSshGuest()].find(({ skip }) => skip !== false) ?? { skip: false };

test(
  'the commands of the guide to ssh run as they stand: a machine wakes for ssh, scp and rsync, sleeps with its memory, and keeps its host key',
  skipped,
  async (context) => {
    const output = await walk(context, 'guides/ssh.md', { examples: ['ssh'], ownHome: true, furnish });
    assert.match(
      output,
      /phase +asleep[\s\S]*^Linux [\s\S]*phase +ready[\s\S]*box is asleep[\s\S]*phase +asleep[\s\S]*^buy milk$[\s\S]*box is asleep[\s\S]*load average/m,
    );
  },
);
