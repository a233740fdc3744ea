import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openPage, startBrowser } from '../kit/browser.js';
import { eventually } from '../kit/conditions.js';
import { needs } from '../kit/engines.js';
import { app, House } from '../kit/house.js';

test(
  'a browser waits for a slow boot on a page that goes on by itself, and knows the next time how long it takes',
  needs('chromium'),
  async (t) => {
    const browser = await startBrowser(t);
    const resources = { app: app({ LISTEN_WHEN: 'listen' }, { idle: { after: '2s' } }) };
    await House.live({ resources }, async (house) => {
      const { page } = await openPage(browser);
      const url = house.url('/some/page?q=1#part');
      await page.goto(url);
      await page.getByText('app is booting').waitFor();
      await page.getByText(/^For \d+ s now\.$/).waitFor();
      house.allow('listen');
      await page.getByText('"url":"/some/page?q=1"').waitFor();
      assert.equal(page.url(), url);
      await house.untilAsleep('app');

      house.deny('listen');
      await page.goto(house.url('/'));
      await page.getByText(/It usually takes \d+ s/).waitFor();
      house.allow('listen');
      await page.getByText('"url":"/"').waitFor();
    });
  },
);

test('a page that is left open keeps nothing awake, and wakes nothing', needs('chromium'), async (t) => {
  const browser = await startBrowser(t);
  const resources = { app: app({}, { idle: { after: '2s' } }) };
  await House.live({ resources }, async (house) => {
    const { page } = await openPage(browser);
    await (await fetch(house.url('/'))).text();
    // A page of the proxy itself that listens as a waiting page does.
    await page.goto(house.url('/'));
    await page.evaluate(`window.heard = [];
      new EventSource('/.reveille/wait/app').onmessage = ({ data }) => heard.push(JSON.parse(data).state);`);
    await house.untilAsleep('app');
    await page.waitForFunction(`heard.at(-1) === 'asleep'`);
    assert.equal(await house.resources.openRun('app'), undefined);
  });
});

test(
  'a browser sees the last words of an application that fell, and its button wakes the mended one',
  needs('chromium'),
  async (t) => {
    const browser = await startBrowser(t);
    const resources = { app: app({ LIVE_WHEN: 'live', LISTEN_WHEN: 'listen' }) };
    await House.live({ resources }, async (house) => {
      const { page } = await openPage(browser);
      await page.goto(house.url('/page'));
      await page.getByText('these are my last words').waitFor();
      const button = page.getByRole('link', { name: 'Try again' });
      house.allow('live');
      house.allow('listen');
      const answer = page.getByText('"url":"/page"');
      // In its backoff a wake is refused, and the button is there again.
      await eventually('the application answers', async () => {
        if (await answer.isVisible()) return true;
        await button.click({ timeout: 1000 });
        await page.waitForLoadState();
        return false;
      });
    });
  },
);
