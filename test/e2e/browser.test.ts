import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { eventually } from '../kit/conditions.js';
import { engine, needs } from '../kit/engines.js';
import { House } from '../kit/house.js';

const APP = fileURLToPath(new URL('../kit/browser-app.js', import.meta.url));
/** Shorter than the event stream lasts: none of them may cut it off. */
const limits = { headerTimeout: '2s', bodyTimeout: '2s', keepAlive: '2s' };

/** Opens a page in a browser of its own, until `over`. */
async function browse(url: string, over: () => Promise<unknown>): Promise<void> {
  const profile = mkdtempSync(join(tmpdir(), 'reveille-browser-'));
  const quiet = ['--disable-gpu', '--disable-quic', '--no-first-run', '--disable-sync'];
  const offline = ['--disable-background-networking', '--disable-component-update'];
  const browser = spawn(
    engine('chromium'),
    [
      '--headless',
      '--no-sandbox',
      ...quiet,
      ...offline,
      `--user-data-dir=${profile}`,
      '--remote-debugging-port=0',
      url,
    ],
    { stdio: 'ignore', detached: true },
  );
  try {
    await over();
  } finally {
    const ended = once(browser, 'exit');
    if (browser.pid !== undefined) process.kill(-browser.pid, 'SIGKILL');
    await ended;
    rmSync(profile, { recursive: true, force: true, maxRetries: 10 });
  }
}

test(
  'a browser wakes an application, speaks over a WebSocket and hears an event stream to its end',
  needs('chromium'),
  () =>
    House.live(
      {
        top: { proxy: { listen: '127.0.0.1:0', limits } },
        resources: {
          app: {
            provider: 'process',
            process: { command: [process.execPath, APP] },
            idle: { after: '3s' },
            routes: [{ path: '/' }],
          },
        },
      },
      async (house) => {
        const file = house.path('told');
        const told = () => (existsSync(file) ? readFileSync(file, 'utf8').split('\n').filter(Boolean) : []);
        await browse(house.url('/'), () => eventually('all is told', () => told().length >= 2, 60_000));
        assert.deepEqual(told(), ['{"socket":"heard from a browser"}', '{"heard":8}']);
        await house.untilAsleep('app');
      },
    ),
);
