import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { Page } from 'playwright-core';
import { openPage, picture, seriousFaults, startBrowser } from '../kit/browser.js';
import { eventually } from '../kit/conditions.js';
import { readyState, startTestControl, type TestControl } from '../kit/control.js';
import { needs } from '../kit/engines.js';

const LONG = `preview--${'a-long-branch-name-that-somebody-has-chosen'}--0123456789abcdef`.slice(0, 63);
const TEXT = `resources:
  preview:
    provider: process
    process: { command: [node] }
    pool: { key: ["{pr}"] }
    routes: [{ host: "{pr}.preview.localhost" }]
  blue: { provider: process, process: { command: [node] } }
  green: { provider: process, process: { command: [node] } }
pools: { site: { members: [blue, green], routes: [{ path: /site }] } }`;

/** A pool with a template, of which two members are awake and one was, and one whose members have names. */
async function pools(t: TestContext, options: object = {}): Promise<TestControl & { page: Page }> {
  const house = await startTestControl(t, {
    text: TEXT,
    control: 'listen: 127.0.0.1:0, events: { every: 50ms }',
  });
  const { plane } = house;
  for (const name of ['preview--42', LONG]) plane.awake.set(name, readyState(name));
  const start = Date.now() - 3_600_000;
  const summary = {
    name: 'preview--7',
    generation: 1,
    boots: 1,
    awakeFor: 60_000,
    endedBy: 'idle',
    steps: [{ step: 'boot' as const, took: 800 }],
  };
  const run = { name: 'preview--7', runId: 'r', start, end: start + 60_000, outcome: 'completed' as const };
  plane.past.set('preview--7', [{ ...run, summary }]);
  plane.lastRuns.set('preview--7', { params: { pr: '7' } });
  const { page } = await openPage(await startBrowser(t), options);
  return { ...house, page };
}

const panelOf = (page: Page) => page.getByRole('complementary', { name: 'Details' });
const asked = ({ plane }: TestControl) => plane.asked.map(({ what, name }) => `${what} ${name}`);

test(
  "a pool's details list its members, awake and from the past, with what can be done with each",
  needs('chromium'),
  async (t) => {
    const house = await pools(t, { viewport: { width: 1280, height: 800 } });
    const { page, url } = house;
    await page.goto(`${url}/#/r/preview`);
    const panel = panelOf(page);
    await panel.locator('.members').getByText('preview--7', { exact: true }).waitFor();
    const members = await panel.locator('.members li a').allInnerTexts();
    assert.deepEqual(members, ['preview--42', LONG, 'preview--7']);
    await panel.getByText(/preview--7: .*for 1 min, awake after 800 ms/).waitFor();
    await panel.getByText('1 wake: half within 800 ms', { exact: false }).last().waitFor();
    assert.deepEqual(await seriousFaults(page), []);
    await picture(page, 'dashboard-pool');
    for (const button of ['stop preview--42', 'pin preview--42', 'wake preview--7']) {
      const before = house.plane.asked.length;
      await panel.getByRole('button', { name: button, exact: true }).click();
      await eventually(`${button} was asked`, () => house.plane.asked.length > before);
    }
    assert.deepEqual(asked(house), ['stop preview--42', 'pin preview--42', 'wake preview--7']);
  },
);

test(
  'a member that was never awake is woken by its name, also with the enter key',
  needs('chromium'),
  async (t) => {
    const house = await pools(t);
    const { page, url } = house;
    await page.goto(`${url}/#/r/preview`);
    const input = panelOf(page).getByRole('textbox', { name: 'Wake preview--' });
    await input.fill('99');
    await panelOf(page).getByRole('button', { name: 'wake', exact: true }).click();
    await page.getByText('wake preview--99: asked for').waitFor();
    await input.fill('preview--100');
    await input.press('Enter');
    await page.getByText('wake preview--100: asked for').waitFor();
    assert.deepEqual(asked(house), ['wake preview--99', 'wake preview--100']);
    await input.fill('no/name');
    await input.press('Enter');
    await page.getByText(/wake preview--no\/name: There is no resource named/).waitFor();
  },
);

test(
  'all members of a pool that are awake are stopped at once, after a question',
  needs('chromium'),
  async (t) => {
    const house = await pools(t);
    const { page, url } = house;
    const questions: string[] = [];
    let answer = false;
    page.on('dialog', (dialog) => {
      questions.push(dialog.message());
      void (answer ? dialog.accept() : dialog.dismiss());
    });
    await page.goto(`${url}/#/r/preview`);
    const button = panelOf(page).getByRole('button', { name: 'stop all 2 of preview' });
    await button.click();
    answer = true;
    await button.click();
    await page.getByText('stop: asked for 2').waitFor();
    assert.deepEqual(asked(house).sort(), ['stop preview--42', `stop ${LONG}`].sort());
    assert.equal(questions.length, 2);
    assert.match(questions[0] ?? '', /stop all 2: preview--42/);
  },
);

test('the members of a pool of names are seen as they fall asleep and wake', needs('chromium'), async (t) => {
  const { page, url, plane } = await pools(t);
  await page.goto(`${url}/#/r/site`);
  const green = panelOf(page).locator('.members li', { hasText: 'green' });
  await green.getByText('asleep').waitFor();
  assert.equal(await panelOf(page).locator('.wake-member').count(), 0);
  plane.awake.set('green', readyState('green'));
  await green.getByText('ready').waitFor();
  plane.awake.delete('green');
  await green.getByText('asleep').waitFor();
});

test(
  'on a phone the members of a pool do not scroll sideways, in the dark as well',
  needs('chromium'),
  async (t) => {
    const { page, url } = await pools(t, { viewport: { width: 360, height: 740 }, colorScheme: 'dark' });
    await page.goto(`${url}/#/r/preview`);
    await panelOf(page).getByText(LONG, { exact: true }).waitFor();
    const fits =
      'document.querySelector("aside").scrollWidth <= innerWidth && document.documentElement.scrollWidth <= innerWidth';
    assert.equal(await page.evaluate(fits), true);
    assert.deepEqual(await seriousFaults(page), []);
  },
);
