import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { ReveilleError } from '../../errors/index.js';
import type { WaitState } from '../../proxy/gate-contract.js';
import { openPage, picture, seriousFaults, startBrowser } from '../kit/browser.js';
import { eventually } from '../kit/conditions.js';
import { needs } from '../kit/engines.js';
import { answering, type Bench, startBench, startInstance, until } from '../kit/http-bench.js';

const SIZE = { width: 640, height: 400 };
const PHONE = { width: 360, height: 640 };
const booting = (): WaitState => ({
  phase: 'booting',
  progress: { since: Date.now() - 4000, steps: [{ step: 'image', took: 1500 }] },
  waitedMs: 0,
  usual: { totalMs: 12_000, steps: ['image', 'boot', 'health'] },
});
const failure = () =>
  new ReveilleError('BOOT_FAILED', 'The command ended with code 3.', {
    retryInMs: 4000,
    log: 'reading /etc/wiki.conf\nno such file',
  });

/** A proxy whose resource `wiki` boots, at the URL that comes with it. */
async function waitingBench(t: TestContext): Promise<{ bench: Bench; url: string }> {
  const resources = { wiki: { routes: [{ path: '/wiki' }] } };
  const bench = await startBench(t, { proxy: { waiting: { after: '50ms' } }, resources });
  bench.gate.states.set('wiki', booting());
  return { bench, url: `http://127.0.0.1:${bench.port}/wiki/a%20b/?q=1&r=%2F#part` };
}

async function wake(t: TestContext, bench: Bench): Promise<void> {
  const html = '<!doctype html><link rel="icon" href="data:,"><title>it</title><p>the application</p>';
  const head = `HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: ${html.length}\r\n\r\n`;
  const instance = await startInstance(t, answering(head + html));
  bench.gate.wake('wiki', instance.port);
  bench.gate.states.set('wiki', { phase: 'ready' });
}

test(
  'a browser sees each step of a wake, and then the very URL that it asked for',
  needs('chromium'),
  async (t) => {
    const { bench, url } = await waitingBench(t);
    const { page, complaints } = await openPage(await startBrowser(t), { viewport: SIZE });
    await page.goto(url);
    await page.getByText('wiki is booting').waitFor();
    await page.getByText(/It usually takes 12 s: about \d+ s to go/).waitFor();
    await picture(page, 'waiting');
    bench.gate.states.set('wiki', { ...booting(), phase: 'checking' });
    await page.getByText('not healthy yet').waitFor();
    await wake(t, bench);
    await page.getByText('the application').waitFor();
    assert.equal(page.url(), url);
    assert.deepEqual(complaints, []);
  },
);

test('a browser sees why a wake failed, and tries again by a button', needs('chromium'), async (t) => {
  const { bench, url } = await waitingBench(t);
  const { page, complaints } = await openPage(await startBrowser(t), { viewport: SIZE });
  await page.goto(url);
  const button = page.getByRole('link', { name: 'Try again' });
  assert.equal(await button.isVisible(), false);
  bench.gate.states.set('wiki', { phase: 'failed', failure: failure() });
  await page.getByText('The command ended with code 3.').waitFor();
  await page.getByText('no such file').waitFor();
  assert.deepEqual(await seriousFaults(page), []);
  await picture(page, 'waiting-failed');
  bench.gate.fail('wiki', failure());
  const held = bench.gate.held();
  // It fails still, as far as the events say: only the button brings the application.
  await wake(t, bench);
  bench.gate.states.set('wiki', { phase: 'failed', failure: failure() });
  assert.equal(held, 0);
  await button.click();
  await page.getByText('the application').waitFor();
  assert.equal(page.url(), url);
  assert.deepEqual(complaints, []);
});

test(
  'a wake that fails before any page is shown has its reason and a button, too',
  needs('chromium'),
  async (t) => {
    const { bench, url } = await waitingBench(t);
    const { page } = await openPage(await startBrowser(t));
    bench.door.reload({
      ...bench.config,
      proxy: { ...bench.config.proxy, waiting: { ...bench.config.proxy.waiting, after: 60_000 } },
    });
    const shown = page.goto(url);
    await until(() => bench.gate.held() === 1);
    bench.gate.fail('wiki', failure());
    await shown;
    assert.deepEqual(await seriousFaults(page), []);
    await wake(t, bench);
    await page.getByRole('link', { name: 'Try again' }).click();
    await page.getByText('the application').waitFor();
  },
);

test(
  'without JavaScript the page loads itself again until the application answers',
  needs('chromium'),
  async (t) => {
    const { bench, url } = await waitingBench(t);
    const { page } = await openPage(await startBrowser(t), { javaScriptEnabled: false });
    await page.goto(url);
    await page.getByText('wiki is booting').waitFor();
    await wake(t, bench);
    await page.getByText('the application').waitFor();
  },
);

test('a page that comes again though all is ready waits longer each time', needs('chromium'), async (t) => {
  const { bench, url } = await waitingBench(t);
  const { page } = await openPage(await startBrowser(t));
  // Pauses are written down and left out; the sixth never ends.
  await page.addInitScript(`{
    const real = window.setTimeout;
    window.setTimeout = (run, ms) => {
      if (ms === 3000) return real(run, ms);
      const pauses = (sessionStorage.getItem('pauses') ?? '') + ms + ' ';
      sessionStorage.setItem('pauses', pauses);
      return pauses.split(' ').length > 6 ? 0 : real(run, 0);
    };
  }`);
  bench.gate.states.set('wiki', { phase: 'ready' });
  await page.goto(url);
  await eventually('the sixth pause has come', async () => {
    // Between two documents there is nobody to ask.
    const pauses: unknown = await page.evaluate(`sessionStorage.getItem('pauses')`).catch(() => '');
    return pauses === '0 1000 2000 4000 8000 16000 ';
  });
});

test('the page hears on after the proxy was away', needs('chromium'), async (t) => {
  const { bench, url } = await waitingBench(t);
  const { page } = await openPage(await startBrowser(t));
  await page.goto(url);
  await page.getByText('wiki is booting').waitFor();
  const { port } = bench;
  await bench.door.close(0);
  await page.getByText('The connection is lost. Trying again.').waitFor();
  const next = await startBench(t, { resources: { wiki: { routes: [{ path: '/wiki' }] } }, port });
  next.gate.states.set('wiki', booting());
  await wake(t, next);
  await page.getByText('the application').waitFor();
});

test(
  'the page fits a phone, in light and in dark, and axe finds nothing serious',
  needs('chromium'),
  async (t) => {
    const { url } = await waitingBench(t);
    const browser = await startBrowser(t);
    for (const colorScheme of ['light', 'dark'] as const) {
      const { page } = await openPage(browser, { viewport: PHONE, colorScheme });
      await page.goto(url);
      await page.getByText('wiki is booting').waitFor();
      assert.deepEqual(await seriousFaults(page), []);
      const width: unknown = await page.evaluate('document.documentElement.scrollWidth');
      assert.ok(Number(width) <= PHONE.width, `it is ${width} wide`);
      await picture(page, `waiting-phone-${colorScheme}`);
    }
  },
);
