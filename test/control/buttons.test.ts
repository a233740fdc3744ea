// Every button, link and choice of the dashboard, in a real browser.
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { Page } from 'playwright-core';
import { stateDir } from '../../config/index.js';
import { openPage, startBrowser } from '../kit/browser.js';
import { eventually } from '../kit/conditions.js';
import { type FakePlane, readyState, startTestControl, type TestControl } from '../kit/control.js';
import { needs } from '../kit/engines.js';

const NAMES = ['asleep', 'booting', 'checking', 'draining', 'failed', 'pinned', 'ready', 'stopping'];
/** What each phase offers, by the words on the buttons. */
const OFFERS: Readonly<Record<string, readonly string[]>> = {
  asleep: ['wake', 'pin'],
  booting: ['stop', 'pin'],
  checking: ['stop', 'pin'],
  draining: ['wake'],
  failed: ['retry', 'stop', 'pin'],
  pinned: ['stop', 'unpin'],
  ready: ['stop', 'pin'],
  stopping: ['wake'],
};
const HOUR = 3_600_000;

/** A resource in each phase that a button depends on, and a pool. */
async function house(t: TestContext, more = ''): Promise<TestControl & { page: Page }> {
  const resources = NAMES.map(
    (name) => `  ${name}: { provider: process, process: { command: [node] }, routes: [{ path: /${name} }] }`,
  );
  const started = await startTestControl(t, {
    text: `resources:\n${resources.join('\n')}\npools: { pool: { members: [ready, asleep], routes: [{ path: /pool }] } }`,
    control: `listen: 127.0.0.1:0, events: { every: 50ms }${more}`,
  });
  furnish(started.plane);
  return { ...started, page: (await openPage(await startBrowser(t))).page };
}

function furnish(plane: FakePlane): void {
  for (const phase of ['booting', 'checking', 'draining', 'failed', 'stopping'] as const)
    plane.awake.set(phase, readyState(phase, { phase }));
  const now = Date.now();
  plane.awake.set('ready', readyState('ready', { since: now - 2 * HOUR, lastActivity: now - HOUR }));
  plane.awake.set('pinned', readyState('pinned', { pinned: true, since: now - HOUR, lastActivity: now }));
  plane.runTimes = [
    { name: 'ready', runId: 'a', start: now - 2 * HOUR },
    { name: 'pinned', runId: 'b', start: now - 0.5 * HOUR },
    { name: 'asleep', runId: 'c', start: now - 100 * HOUR, end: now - 90 * HOUR },
  ];
}

const row = (page: Page, name: string) => page.locator(`#rows .row[data-name="${name}"]`);
const panelOf = (page: Page) => page.getByRole('complementary', { name: 'Details' });
const deed = (word: string) => (word === 'retry' ? 'wake' : word);

/** Presses one after the other, and waits until each was asked. */
async function pressAll(page: Page, { plane }: TestControl, where: 'list' | 'panel'): Promise<string[]> {
  const from = plane.asked.length;
  for (const [name, words] of Object.entries(OFFERS)) {
    if (where === 'panel') await page.goto(`${new URL(page.url()).origin}/#/r/${name}`);
    const place = where === 'panel' ? panelOf(page) : row(page, name);
    for (const word of words) {
      const before = plane.asked.length;
      await place.getByRole('button', { name: `${word} ${name}`, exact: true }).click();
      await eventually(`${word} ${name} was asked`, () => plane.asked.length > before);
    }
    assert.equal(await place.locator('[data-deed]').count(), words.length, name);
  }
  return plane.asked.slice(from).map(({ what, name }) => `${what} ${name}`);
}

const EXPECTED = Object.entries(OFFERS).flatMap(([name, words]) =>
  words.map((word) => `${deed(word)} ${name}`),
);

test(
  'in the list every phase offers what can be done, and each button asks for it',
  needs('chromium'),
  async (t) => {
    const all = await house(t);
    await all.page.goto(`${all.url}/`);
    assert.deepEqual(await pressAll(all.page, all, 'list'), EXPECTED);
  },
);

test(
  'the details of every phase offer the same, and each button asks for it',
  needs('chromium'),
  async (t) => {
    const all = await house(t);
    await all.page.goto(`${all.url}/`);
    assert.deepEqual(await pressAll(all.page, all, 'panel'), EXPECTED);
  },
);

test('what is refused is told where everybody can read it', needs('chromium'), async (t) => {
  const { page, url, plane } = await house(t);
  await page.goto(`${url}/`);
  await row(page, 'asleep').waitFor();
  plane.failure = new Error('Nobody is home');
  await row(page, 'asleep').getByRole('button', { name: 'wake asleep' }).click();
  await page.locator('#said').getByText('wake asleep: Nobody is home').waitFor();
});

test(
  'the keys s, p and u stop, pin and unpin the row that has the keyboard',
  needs('chromium'),
  async (t) => {
    const { page, url, plane } = await house(t);
    await page.goto(`${url}/`);
    for (const [name, key] of [
      ['ready', 's'],
      ['ready', 'p'],
      ['pinned', 'u'],
    ] as const) {
      const before = plane.asked.length;
      await row(page, name).focus();
      await page.keyboard.press(key);
      await eventually(`${key} of ${name}`, () => plane.asked.length > before);
    }
    // What a phase does not offer, its key does not do; the one after it tells that the first was passed over.
    await row(page, 'asleep').focus();
    await page.keyboard.press('s');
    await page.keyboard.press('w');
    await eventually('the wake', () => plane.asked.length === 4);
    assert.deepEqual(
      plane.asked.map(({ what, name }) => `${what} ${name}`),
      ['stop ready', 'pin ready', 'unpin pinned', 'wake asleep'],
    );
  },
);

test('the help opens and closes by its buttons', needs('chromium'), async (t) => {
  const { page, url } = await house(t);
  await page.goto(`${url}/`);
  const help = page.getByRole('dialog', { name: 'Keyboard' });
  await page.getByRole('button', { name: 'Keyboard shortcuts' }).click();
  await help.getByText('wake, stop').waitFor();
  await help.getByRole('button', { name: 'Close' }).click();
  await help.waitFor({ state: 'hidden' });
});

test('the log is followed, closed, and followed anew', needs('chromium'), async (t) => {
  const { page, url, config } = await house(t);
  const log = join(stateDir(config), 'process', 'ready', 'log');
  mkdirSync(dirname(log), { recursive: true });
  writeFileSync(log, 'listening\n');
  await page.goto(`${url}/#/r/ready`);
  const panel = panelOf(page);
  const text = panel.getByRole('region', { name: 'Log' }).getByText('listening');
  for (const _ of [1, 2]) {
    await panel.getByRole('button', { name: 'follow the log' }).click();
    await text.waitFor();
    await panel.getByRole('button', { name: 'close the log' }).click();
    await text.waitFor({ state: 'hidden' });
  }
});

test(
  'the views, a name and the cross lead where they say, and so does the way back',
  needs('chromium'),
  async (t) => {
    const { page, url } = await house(t);
    await page.goto(`${url}/`);
    const views = page.getByRole('navigation', { name: 'Views' });
    for (const name of ['Timeline', 'Images', 'Resources']) {
      await views.getByRole('link', { name }).click();
      await page.getByRole('region', { name, exact: true }).waitFor();
      assert.equal(await views.locator('[aria-current]').innerText(), name);
    }
    await row(page, 'ready').getByRole('link', { name: 'ready', exact: true }).click();
    await page.getByRole('heading', { name: 'ready' }).waitFor();
    await panelOf(page).getByRole('link', { name: 'Close details' }).click();
    await panelOf(page).waitFor({ state: 'hidden' });
    await page.goBack();
    await page.getByRole('heading', { name: 'ready' }).waitFor();
  },
);

test(
  'a row leads to its resource, and the details to its workflow in the Temporal UI',
  needs('chromium'),
  async (t) => {
    const { page, url } = await house(t);
    await page.goto(`${url}/#/r/ready`);
    const workflow = panelOf(page).getByRole('link', { name: 'resource:ready' });
    await workflow.waitFor();
    assert.match(
      (await workflow.getAttribute('href')) ?? '',
      /:8233\/namespaces\/default\/workflows\/resource%3Aready$/,
    );
    const open = await row(page, 'ready').getByRole('link', { name: 'open' }).getAttribute('href');
    assert.equal(open, 'http://127.0.0.1:8080/ready');
  },
);

test('the timeline shows the time that is chosen', needs('chromium'), async (t) => {
  const { page, url } = await house(t);
  await page.goto(`${url}/#/timeline`);
  const bars = page.locator('.bars li a');
  for (const [span, names] of [
    ['1', ['pinned', 'ready']],
    ['168', ['asleep', 'pinned', 'ready']],
    ['720', ['asleep', 'pinned', 'ready']],
    ['24', ['pinned', 'ready']],
  ] as const) {
    await page.getByLabel('The last').selectOption(span);
    await eventually(`the last ${span} h`, async () => {
      const shown = (await bars.allInnerTexts()).sort();
      return shown.join() === names.join();
    });
  }
});

test('the list is in the order that is chosen', needs('chromium'), async (t) => {
  const { page, url } = await house(t);
  await page.goto(`${url}/`);
  await row(page, 'ready')
    .getByText(/2\.0 h|2 h/)
    .first()
    .waitFor();
  const order = async (chosen: string) => {
    await page.getByLabel('Sort').selectOption(chosen);
    const names = page.locator('#rows .row');
    return await names.evaluateAll((rows: { dataset: { name?: string } }[]) =>
      rows.map(({ dataset }) => dataset.name ?? ''),
    );
  };
  assert.deepEqual(await order('name'), [
    'asleep',
    'booting',
    'checking',
    'draining',
    'failed',
    'pinned',
    'pool',
    'ready',
    'stopping',
  ]);
  assert.equal((await order('phase'))[0], 'failed');
  const activity = await order('activity');
  assert.ok(activity.indexOf('pinned') < activity.indexOf('ready'));
  const since = await order('since');
  assert.ok(since.indexOf('booting') < since.indexOf('pinned'));
  assert.ok(since.indexOf('pinned') < since.indexOf('ready'));
  assert.deepEqual((await order('hours')).slice(0, 3), ['pool', 'asleep', 'ready']);
  assert.equal((await order('spent')).length, 9);
});

test('there is no button that no test presses', needs('chromium'), async (t) => {
  const { page, url } = await house(t);
  const found = new Set<string>();
  const views = ['#/', '#/timeline', '#/images', ...NAMES.map((name) => `#/r/${name}`), '#/r/pool'];
  for (const view of views) {
    await page.goto(`${url}/${view}`);
    const name = view.slice('#/r/'.length);
    if (view.startsWith('#/r/')) await panelOf(page).locator('.facts').waitFor();
    if (view.startsWith('#/r/')) await page.getByRole('heading', { name, exact: true }).waitFor();
    const buttons = page.locator('button, input[type=submit], input[type=button], [role=button]');
    for (const text of await buttons.allInnerTexts()) found.add(text.replace(/\d+/, 'N').trim());
    for (const text of await buttons.allTextContents()) found.add(text.replace(/\d+/, 'N').trim());
  }
  found.delete('');
  assert.deepEqual(
    [...found].sort(),
    [
      '?',
      'Close',
      'Sign out',
      'follow the log',
      'pin',
      'retry',
      'stop',
      'stop all N',
      'unpin',
      'wake',
    ].sort(),
  );
});
