// What the README shows: one application on the dashboard and in a browser, from asleep to awake.
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Page } from 'playwright-core';
import { openPage, startBrowser } from '../kit/browser.js';
import { needs } from '../kit/engines.js';
import { app } from '../kit/house-base.js';
import { WholeHouse } from '../kit/house-up.js';
import { chunksOf, type Frame, movingPicture } from '../kit/moving-picture.js';
import { root } from '../kit/scripts.js';

const MAX_BYTES = 600 * 1024;
const SIZE = { width: 1100, height: 400 };
const NAME = 'moving.png';
const areThere = ['temporal', 'chromium'].map(needs).find(({ skip }) => skip !== false) ?? { skip: false };

/** An application with a face, which takes as long to start as its test says. */
const NOTEBOOK = `
const { existsSync } = require('node:fs');
const page = '<!doctype html><title>notebook</title><body style="font:20px system-ui;margin:3em">' +
  '<h1>Notebook</h1><p>Here you are: everything as you left it.</p>';
const begin = () => existsSync('may-listen')
  ? require('node:http').createServer((q, r) => r.setHeader('content-type', 'text/html').end(page)).listen(process.env.PORT)
  : setTimeout(begin, 20);
begin();`;
const asleep = (name: string) => app({}, { routes: [{ path: `/${name}` }], idle: { after: '15m' } });
const resources = {
  notebook: {
    ...app({}, { idle: { after: '15m' }, routes: [{ path: '/' }] }),
    process: { command: [process.execPath, '-e', NOTEBOOK] },
  },
  preview: asleep('preview'),
  wiki: asleep('wiki'),
};

async function frame(page: Page, showMs: number): Promise<Frame> {
  return { png: await page.screenshot({ animations: 'disabled' }), showMs };
}

test(
  'somebody opens what sleeps: a page tells how far it is and goes on by itself, and the dashboard has it awake',
  areThere,
  async (t) => {
    const browser = await startBrowser(t);
    await WholeHouse.live({ resources }, async (house) => {
      const { page } = await openPage(browser, { viewport: SIZE });
      const frames: Frame[] = [];
      const take = async (showMs: number) => frames.push(await frame(page, showMs));

      await page.goto(`http://${house.control}/`);
      const row = page.locator('#rows .row[data-name="notebook"]');
      await row.getByText('asleep').waitFor();
      await take(2000);

      await page.goto(house.url('/'));
      await page.getByText('notebook is booting').waitFor();
      await take(1000);
      for (const seconds of [2, 3]) {
        await page.getByText(new RegExp(`^For (${seconds}|\\d{2,}) s now\\.$`)).waitFor();
        await take(1000);
      }
      house.allow('may-listen');
      await page.getByText('everything as you left it').waitFor();
      await take(2000);

      await page.goto(`http://${house.control}/`);
      await row.getByText('ready', { exact: true }).waitFor();
      await take(3000);

      const folder = process.env.REVEILLE_PICTURES;
      if (folder === undefined) return;
      mkdirSync(folder, { recursive: true });
      writeFileSync(join(folder, NAME), movingPicture(frames));
    });
  },
);

test('the moving picture of the README is one, and small', () => {
  const png = readFileSync(join(root, 'docs/images', NAME));
  assert.ok(png.length < MAX_BYTES, `${png.length} bytes`);
  const chunks = chunksOf(png);
  const frames = chunks.find(({ type }) => type === 'acTL')?.data.readUInt32BE(0);
  assert.equal(frames, chunks.filter(({ type }) => type === 'fcTL').length);
  assert.ok(frames !== undefined && frames > 4);
  assert.match(readFileSync(join(root, 'README.md'), 'utf8'), new RegExp(`docs/images/${NAME}`));
});
