import { execFileSync } from 'node:child_process';
import { randomInt } from 'node:crypto';
import type { TestContext } from 'node:test';
import { engine, needs } from './engines.js';

/** A network device of this host that a virtual machine plugs into, with an address on each side. */
export interface Tap {
  readonly device: string;
  /** Of the machine, in a network of their own with the host's. */
  readonly guest: string;
}

const ip = (...words: string[]) => execFileSync(engine('ip'), words, { stdio: 'pipe' });
const remove = (device: string) => ip('link', 'delete', device);

/** For tests with a tap device: skipped where the user may not make one. */
export function needsTap(): { skip: string | false } {
  const found = needs('ip');
  if (found.skip !== false) return found;
  const device = `rv${randomInt(1e6)}`;
  try {
    ip('tuntap', 'add', 'dev', device, 'mode', 'tap');
    remove(device);
    return { skip: false };
  } catch {
    return { skip: 'engine absent: tap devices' };
  }
}

/** Gone with the test. */
export function makeTap(t: TestContext): Tap {
  const device = `rv${randomInt(1e6)}`;
  // Of the block for benchmarks (RFC 2544), which no real network has.
  const network = `198.18.${randomInt(256)}`;
  ip('tuntap', 'add', 'dev', device, 'mode', 'tap');
  t.after(() => remove(device));
  ip('address', 'add', `${network}.1/24`, 'dev', device);
  ip('link', 'set', device, 'up');
  return { device, guest: `${network}.2` };
}
