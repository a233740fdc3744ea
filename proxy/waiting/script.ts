/**
 * What runs in the browser on a waiting page, as text. It fills what has `data-reveille="NAME"` with the newest view
 * (view.ts), reconnects when the proxy is gone for a while, and loads the very URL again when all is ready: where
 * that shows this page again, later and later, so that it never turns in circles. Plain and small: it has no build.
 */
export const SCRIPT = `(() => {
  'use strict';
  const events = document.currentScript.dataset.events;
  const key = 'reveille ' + location.pathname + location.search;
  const all = (name) => document.querySelectorAll('[data-reveille="' + name + '"]');
  const fill = (name, text) => all(name).forEach((one) => { if (one.textContent !== text) one.textContent = text; });
  let steps = '';
  let going = false;
  let source;
  let failures = 0;
  let silent;

  function show(view) {
    document.documentElement.dataset.state = view.state;
    for (const name of ['heading', 'timing', 'detail', 'remedy', 'log']) fill(name, view[name]);
    if (document.title !== view.heading) document.title = view.heading;
    all('progress').forEach((bar) => {
      if (view.percent === undefined) bar.removeAttribute('value'); else bar.value = view.percent;
    });
    const now = JSON.stringify(view.steps);
    if (now !== steps) { steps = now; all('steps').forEach((list) => list.replaceChildren(...view.steps.map(item))); }
    if (view.state === 'ready') go();
  }

  function item({ label, state, time }) {
    const one = document.createElement('li');
    one.dataset.state = state;
    if (state === 'now') one.setAttribute('aria-current', 'step');
    one.textContent = time === '' ? label : label + ': ' + time;
    return one;
  }

  function go() {
    if (going) return;
    going = true;
    source.close();
    let times = 0;
    try {
      const [count, at] = JSON.parse(sessionStorage.getItem(key) || '[0,0]');
      if (Date.now() - at < 120000) times = count;
      sessionStorage.setItem(key, JSON.stringify([times + 1, Date.now()]));
    } catch {
      // Storage is forbidden: a page that was reloaded waits before it is again.
      const [entry] = performance.getEntriesByType('navigation');
      if (entry !== undefined && entry.type === 'reload') times = 4;
    }
    setTimeout(() => location.reload(), times === 0 ? 0 : Math.min(60000, 500 * 2 ** times));
  }

  function listen() {
    source = new EventSource(events);
    source.onmessage = ({ data }) => {
      failures = 0;
      clearTimeout(silent);
      silent = undefined;
      fill('link', '');
      show(JSON.parse(data));
    };
    source.onerror = () => {
      if (going) return;
      silent ??= setTimeout(() => fill('link', 'The connection is lost. Trying again.'), 3000);
      // The browser reconnects by itself unless it was refused.
      if (source.readyState !== EventSource.CLOSED) return;
      failures += 1;
      setTimeout(listen, Math.min(15000, 500 * 2 ** failures));
    };
  }

  all('retry').forEach((link) => link.addEventListener('click', (event) => {
    event.preventDefault();
    location.reload();
  }));
  listen();
})();`;
