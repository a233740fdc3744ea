import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openPage, startBrowser } from '../kit/browser.js';
import { needs } from '../kit/engines.js';
import { addApp, reveille } from '../kit/reveille.js';
import { site, untilUp } from '../kit/up.js';

const areThere = { skip: needs('temporal').skip || needs('chromium').skip };

test(
  'on the dashboard of a whole Reveille an application is woken, put to sleep, and has a past',
  areThere,
  async (t) => {
    const place = await site(t);
    const name = 'app';
    addApp(place);
    await untilUp(reveille(t, place, 'up'));
    const { page, complaints } = await openPage(await startBrowser(t));
    await page.goto(`http://127.0.0.1:${place.control}/`);
    const row = page.locator(`#rows .row[data-name="${name}"]`);
    await row.getByText('asleep').waitFor();
    await page.getByRole('button', { name: `wake ${name}` }).click();
    await row.getByText('ready', { exact: true }).waitFor();
    await row.getByText(/by dashboard, 127\.0\.0\.1/).waitFor();
    await row.getByRole('link', { name, exact: true }).click();
    const panel = page.getByRole('complementary', { name: 'Details' });
    await panel.getByText(/This wake: /).waitFor();
    await panel.getByRole('button', { name: `stop ${name}` }).click();
    await row.getByText('asleep').waitFor();
    await panel.getByText(/1 wake: half within/).waitFor();
    assert.deepEqual(complaints, []);
  },
);
