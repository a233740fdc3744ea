import assert from 'node:assert/strict';
import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { Page } from 'playwright-core';
import { revisionOf, stateDir } from '../../config/index.js';
import type { ImageListing } from '../../workflows/messages.js';
import { openPage, picture, seriousFaults, startBrowser } from '../kit/browser.js';
import { eventually } from '../kit/conditions.js';
import { readyState, startTestControl, type TestControl } from '../kit/control.js';
import { needs } from '../kit/engines.js';

const NAMES = ['api', 'gpu-box', 'hello', 'jupyter', 'staging'];
const resourcesText = (names: readonly string[]): string =>
  `resources:\n${names.map((name) => `  ${name}: { provider: process, process: { command: [node] }, routes: [{ path: /${name} }] }`).join('\n')}`;
const FAST = 'events: { every: 50ms }';

async function dashboard(
  t: TestContext,
  {
    names = NAMES,
    control = '',
    options = {},
  }: { names?: string[]; control?: string; options?: object } = {},
): Promise<TestControl & { page: Page; complaints: string[] }> {
  const started = await startTestControl(t, {
    text: resourcesText(names),
    control: `listen: 127.0.0.1:0, ${FAST}${control}`,
  });
  const browser = await startBrowser(t);
  const opened = await openPage(browser, options);
  return { ...started, ...opened };
}

const row = (page: Page, name: string) => page.locator(`#rows .row[data-name="${name}"]`);
const asked = ({ plane }: TestControl) => plane.asked.map(({ what, name }) => `${what} ${name}`);

const IMAGES: ImageListing = {
  place: 'host-a',
  budget: 20e9,
  used: 6.5e9,
  images: [
    ['small.qcow2', 5e8, []],
    ['large.raw', 6e9, ['gpu-box']],
  ].map(([name, bytes, users]) => ({
    key: name,
    name,
    type: 'file',
    bytes,
    lastUse: 0,
    users,
    registrations: [],
  })) as ImageListing['images'],
};

/** Awake in several ways, and with a past. */
function furnish({ plane, config }: TestControl): void {
  const now = Date.now();
  const MINUTE = 60_000;
  plane.awake.set(
    'hello',
    readyState('hello', {
      open: 3,
      wokenBy: 'GET /hello from 10.0.0.7',
      since: now - 4 * MINUTE,
      wokenAt: now - 5 * MINUTE,
      keptAwakeBy: ['3 connections'],
      steps: [
        { step: 'boot', took: 900 },
        { step: 'health', took: 340 },
      ],
    }),
  );
  plane.awake.set(
    'jupyter',
    readyState('jupyter', { phase: 'booting', wokenBy: 'by dashboard, 127.0.0.1', since: now - 8000 }),
  );
  plane.awake.set(
    'gpu-box',
    readyState('gpu-box', {
      phase: 'failed',
      failure: { code: 'BOOT_FAILED', message: 'exit code 1', log: 'CUDA: no device' },
      attempts: 2,
    }),
  );
  plane.awake.set(
    'staging',
    readyState('staging', { pinned: true, keptAwakeBy: ['pin'], wokenBy: 'by cli, 127.0.0.1' }),
  );
  const past = Array.from({ length: 24 }, (_, index) => ({
    name: 'hello',
    runId: `run-${index}`,
    start: now - (index + 1) * 50 * MINUTE,
    end: now - (index + 1) * 50 * MINUTE + 20 * MINUTE,
    outcome: 'completed' as const,
    summary: {
      name: 'hello',
      generation: index,
      boots: 1,
      wokenBy: 'GET /hello',
      awakeFor: 20 * MINUTE,
      endedBy: 'idle',
      steps: [
        { step: 'image' as const, took: 400 },
        { step: 'boot' as const, took: 800 + ((index * 137) % 600) },
        { step: 'health' as const, took: 200 },
      ],
    },
  }));
  plane.past.set('hello', past);
  for (const [name, status] of plane.awake) {
    const definition = config.resources[name];
    if (definition) plane.awake.set(name, { ...status, revision: revisionOf(definition) });
  }
  plane.runTimes = [
    ...past.map(({ runId, start, end }) => ({ name: 'hello', runId, start, end })),
    { name: 'jupyter', runId: 'j', start: now - 600 * MINUTE, end: now - 300 * MINUTE },
    { name: 'staging', runId: 's', start: now - 200 * MINUTE },
    { name: 'jupyter', runId: 'k', start: now - 2000, end: now - 1000 },
  ];
}

test(
  'the dashboard shows every resource with phase, reason and use, without a serious fault of axe',
  needs('chromium'),
  async (t) => {
    const house = await dashboard(t, { options: { viewport: { width: 1280, height: 640 } } });
    furnish(house);
    const { page, url } = house;
    await page.goto(`${url}/`);
    await row(page, 'hello').getByText('ready').waitFor();
    assert.match(await row(page, 'hello').innerText(), /GET \/hello from 10\.0\.0\.7[\s\S]*3 open/);
    assert.match(await row(page, 'gpu-box').innerText(), /failed[\s\S]*BOOT_FAILED: exit code 1/);
    assert.match(await row(page, 'staging').innerText(), /pinned/);
    assert.match(await row(page, 'api').innerText(), /asleep/);
    await page.getByText('4 of 5 awake').waitFor();
    assert.deepEqual(await seriousFaults(page), []);
    await picture(page, 'dashboard');
    assert.deepEqual(house.complaints, []);
  },
);

test('every button does what it says, and the reason names the dashboard', needs('chromium'), async (t) => {
  const house = await dashboard(t);
  furnish(house);
  const { page, plane, url } = house;
  await page.goto(`${url}/`);
  for (const button of ['wake api', 'retry gpu-box', 'stop hello', 'pin hello', 'unpin staging']) {
    const before = plane.asked.length;
    await page.getByRole('button', { name: button, exact: true }).click();
    await eventually(`${button} was asked`, () => plane.asked.length > before);
  }
  assert.deepEqual(asked(house), ['wake api', 'wake gpu-box', 'stop hello', 'pin hello', 'unpin staging']);
  assert.match(JSON.stringify(plane.asked[0]?.args), /by dashboard, 127\.0\.0\.1/);
});

test('what changes is seen at once, and only its row is touched', needs('chromium'), async (t) => {
  const house = await dashboard(t);
  const { page, plane, url } = house;
  await page.goto(`${url}/`);
  await row(page, 'api').getByText('asleep').waitFor();
  await page.evaluate(`window.touched = new Set();
    new MutationObserver((all) => { for (const { target } of all) {
      const one = (target.nodeType === 1 ? target : target.parentElement)?.closest('.row');
      if (one) touched.add(one.dataset.name); } }).observe(document.getElementById('rows'), { subtree: true, childList: true, characterData: true });`);
  plane.awake.set('api', readyState('api', { phase: 'booting' }));
  await row(page, 'api').getByText('booting').waitFor();
  plane.awake.delete('api');
  await row(page, 'api').getByText('asleep').waitFor();
  assert.deepEqual(await page.evaluate('[...touched]'), ['api']);
});

test(
  'while Temporal is away the dashboard says so, and goes on when it is back',
  needs('chromium'),
  async (t) => {
    const house = await dashboard(t);
    const { page, plane, url } = house;
    await page.goto(`${url}/`);
    await row(page, 'api').waitFor();
    plane.failure = new Error('Nobody is home');
    await page.getByRole('alert').getByText('Nobody is home').waitFor();
    plane.failure = undefined;
    await page.getByText('Nobody is home').waitFor({ state: 'hidden' });
  },
);

test(
  'details show the wake step by step, the past with its percentiles, and the log as it grows',
  needs('chromium'),
  async (t) => {
    const house = await dashboard(t, { options: { viewport: { width: 1280, height: 900 } } });
    furnish(house);
    const { page, url, config } = house;
    const log = join(stateDir(config), 'process', 'hello', 'log');
    mkdirSync(dirname(log), { recursive: true });
    writeFileSync(log, 'listening\n');
    await page.goto(`${url}/#/r/hello`);
    const panel = page.getByRole('complementary', { name: 'Details' });
    await panel.getByText('This wake: 1.2 s').waitFor();
    await panel.getByText(/24 wakes: half within/).waitFor();
    await panel.locator('summary').first().click();
    await panel
      .getByText(/ended by idle; boots: 1/)
      .first()
      .waitFor();
    assert.deepEqual(await seriousFaults(page), []);
    await picture(page, 'dashboard-details');
    await panel.getByRole('button', { name: 'follow the log' }).click();
    await panel.getByText('listening').waitFor();
    appendFileSync(log, '<b>one more</b>\n');
    await panel.getByText('<b>one more</b>').waitFor();
    await panel.getByRole('link', { name: 'Close details' }).click();
    await panel.waitFor({ state: 'hidden' });
  },
);

test('the timeline has a bar for each time awake', needs('chromium'), async (t) => {
  const house = await dashboard(t, { options: { viewport: { width: 1280, height: 420 } } });
  furnish(house);
  const { page, url } = house;
  await page.goto(`${url}/#/timeline`);
  await page.locator('.bars li', { hasText: 'jupyter' }).waitFor();
  assert.equal(await page.locator('.bars li').count(), 3);
  // Beside their heading, as all lists of drawings.
  const margin = "getComputedStyle(document.querySelector('.bars')).marginTop";
  assert.equal(await page.evaluate(margin), '0px');
  assert.equal(await page.locator('.bars li', { hasText: 'hello' }).locator('rect').count(), 24);
  const bars = await page
    .locator('.bars rect')
    .evaluateAll((rects) =>
      rects.map((rect) => ({ x: rect.getAttribute('x'), width: rect.getAttribute('width') })),
    );
  // The drawing is 1000 wide: what ended just now is a bar too, not cut off at its edge.
  assert.deepEqual(
    bars.filter(({ x, width }) => Number(width) < 4 || Number(x) + Number(width) > 1000.001),
    [],
  );
  assert.deepEqual(await seriousFaults(page), []);
  await picture(page, 'dashboard-timeline');
});

test(
  'a thousand resources are listed, filtered and sorted, and the keyboard moves among them',
  needs('chromium'),
  async (t) => {
    const names = Array.from({ length: 1000 }, (_, index) => `r${String(index).padStart(4, '0')}`);
    const house = await dashboard(t, { names });
    const { page, plane, url } = house;
    plane.awake.set('r0777', readyState('r0777'));
    await page.goto(`${url}/`);
    await page.getByText('1 of 1000 awake').waitFor();
    assert.equal(await page.locator('#rows .row').count(), 1000);
    await page.getByLabel('Sort').selectOption('phase');
    assert.equal(await page.locator('#rows .row').first().getAttribute('data-name'), 'r0777');
    await page.locator('body').press('/');
    await page.keyboard.type('r099');
    await eventually(
      'ten are left',
      async () => (await page.locator('#rows .row:not([hidden])').count()) === 10,
    );
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('w');
    await eventually('the second one is woken', () => asked(house).includes('wake r0991'));
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'r0991' }).waitFor();
    await page.keyboard.press('Escape');
    await page.keyboard.press('?');
    await page.getByRole('dialog').getByText('move in the list').waitFor();
  },
);

test('on a phone nothing scrolls sideways, in the dark as well', needs('chromium'), async (t) => {
  const options = { viewport: { width: 360, height: 740 }, colorScheme: 'dark' };
  const house = await dashboard(t, { options });
  furnish(house);
  const { page, url } = house;
  for (const view of ['#/', '#/timeline', '#/r/hello']) {
    await page.goto(`${url}/${view}`);
    const sign = view === '#/r/hello' ? /24 wakes/ : /^hello$/;
    await page.getByText(sign).filter({ visible: true }).first().waitFor();
    assert.equal(await page.evaluate('document.documentElement.scrollWidth <= innerWidth'), true, view);
    assert.deepEqual(await seriousFaults(page), []);
    if (view === '#/') await picture(page, 'dashboard-phone-dark');
  }
});

test('the images of the cache are listed by size, with who uses them', needs('chromium'), async (t) => {
  const house = await dashboard(t);
  house.plane.images.chore = async <T>() => IMAGES as T;
  const { page, url } = house;
  await page.goto(`${url}/#/images`);
  await page.getByText('6.5 GB of 20.0 GB used on host-a').waitFor();
  const lines = await page.locator('.sizes li').allInnerTexts();
  assert.match(lines[0] ?? '', /large\.raw file, used by gpu-box[\s\S]*6\.0 GB/);
  assert.match(lines[1] ?? '', /small\.qcow2[\s\S]*500\.0 MB/);
  assert.deepEqual(await seriousFaults(page), []);
});
