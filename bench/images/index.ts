/** An image from its URL to the disk, against the programs that one would use by hand. */
import { mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { findEngine } from '#scripts/engines.mjs';
import { freePorts } from '../../test/kit/ports.js';
import { accepting, startChild } from '../child.js';
import type { BenchContext, Benchmark, Figure } from '../contract.js';
import { quantile } from '../wake/journal.js';
import { nginxCommand } from '../warm/nginx.js';
import { type Contestant, fetchers, unpackers } from './contestants.js';
import { FORMATS, makeDisk, packed, type Served } from './files.js';

const ROUNDS = 5;
const MIB = 1024 ** 2;
const FETCHED_BYTES = 512 * MIB;
const PACKED_BYTES = 128 * MIB;

/** Fetching, checking and unpacking, over loopback, interleaved round by round. */
export const images: Benchmark = {
  name: 'images',
  about: 'fetch, check and unpack an image, against curl piped into sha256sum and aria2',
  async run(context) {
    const site = join(context.folder, 'site');
    mkdirSync(site);
    const base = await startOrigin(context, site);
    const figures: Figure[] = [];
    const notes = [
      'Ratios of medians; more is better. All write to the same disk but curl, which gives to sha256sum alone.',
    ];
    const raw: Record<string, Record<string, number[]>> = {};
    const contest = async (what: string, served: Served, contestants: readonly Contestant[]) => {
      context.say(what);
      const times = await rounds(context, `${base}/${served.name}`, served, contestants);
      raw[what] = times;
      figures.push(...figuresOf(what, statSync(served.file).size, times));
    };
    const disk = await makeDisk(join(site, 'disk.raw'), FETCHED_BYTES, 'random');
    await contest('fetch and check', disk, fetchers());
    const plain = await makeDisk(join(site, 'plain.raw'), PACKED_BYTES, 'mixed');
    for (const format of FORMATS) {
      const program = findEngine(format.program);
      if (program === undefined) notes.push(`engine absent: ${format.program}`);
      else
        await contest(
          `fetch, check and unpack ${format.name}`,
          await packed(plain, format),
          unpackers(plain, format),
        );
    }
    if (findEngine('aria2c') === undefined) notes.push('engine absent: aria2c');
    return { figures, plots: [], notes, raw };
  },
};

async function startOrigin(context: BenchContext, folder: string): Promise<string> {
  const [port = 0] = await freePorts(1);
  const http = `sendfile on; server { listen 127.0.0.1:${port}; root ${folder}; }`;
  const origin = startChild(context, nginxCommand(context.folder, 'origin', http), { name: 'origin' });
  await accepting(port, origin, 'nginx');
  return `http://127.0.0.1:${port}`;
}

/** @returns the times in ms of each contestant. The first round, which warms caches, does not count. */
async function rounds(
  context: BenchContext,
  url: string,
  served: Served,
  contestants: readonly Contestant[],
): Promise<Record<string, number[]>> {
  const times: Record<string, number[]> = Object.fromEntries(contestants.map(({ name }) => [name, []]));
  for (let round = 0; round <= ROUNDS && !context.signal.aborted; round++) {
    for (const { name, run } of contestants) {
      const folder = mkdtempSync(join(context.folder, 'out-'));
      const began = performance.now();
      await run(url, served, folder);
      if (round > 0) times[name]?.push(performance.now() - began);
      rmSync(folder, { recursive: true });
    }
  }
  return times;
}

function figuresOf(what: string, bytes: number, times: Readonly<Record<string, number[]>>): Figure[] {
  const { Reveille: own = [], ...peers } = times;
  const ownMs = quantile(own, 0.5);
  const rate = { what: `${what}: Reveille`, value: bytes / MIB / (ownMs / 1000), unit: 'MiB/s' };
  const ratios = Object.entries(peers).map(([name, values]) => ({
    what: `${what}: against ${name}`,
    value: quantile(values, 0.5) / ownMs,
    unit: '',
    ...(name === 'curl | sha256sum' ? { budget: { better: 'larger' as const, least: 0.8 } } : {}),
  }));
  return [rate, ...ratios];
}
