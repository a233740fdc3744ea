import assert from 'node:assert/strict';
import { test } from 'node:test';
import { renderPage } from '../../control/page.js';
import { ReveilleError } from '../../errors/index.js';
import { raw, readyState, startTestControl } from '../kit/control.js';

test('the plain page lists resources with phase, a link to their route and one to their workflow', async (t) => {
  const { url, plane } = await startTestControl(t);
  plane.awake.set('hello', readyState('hello', { keptAwakeBy: ['2 connections'] }));
  const { text, headers } = await raw(`${url}/plain`);
  assert.match(String(headers['content-type']), /^text\/html/);
  assert.match(text, /<a href="http:\/\/127\.0\.0\.1:8080\/hello">hello<\/a>/);
  assert.match(text, /class="phase ready">ready/);
  assert.match(text, /2 connections/);
  assert.match(text, /href="http:\/\/127\.0\.0\.1:8233\/namespaces\/default\/workflows\/resource%3Ahello"/);
  assert.match(text, /http-equiv="refresh" content="2"/);
  assert.doesNotMatch(text, /<script/);
});

test('what waits for a place among those of its provider says so, and how many are before it', async (t) => {
  const { url, plane } = await startTestControl(t);
  plane.awake.set('hello', readyState('hello', { phase: 'booting', ahead: 2 }));
  const { text } = await raw(`${url}/plain`);
  assert.match(text, /waits for a place among those of its provider \(quotas\.process\), with 2 before it/);
});

test('with Temporal down the page still lists the resources, and says so', async (t) => {
  const { url, plane } = await startTestControl(t);
  plane.failure = new ReveilleError('TEMPORAL_UNREACHABLE', 'Nobody is home');
  const { status, text } = await raw(`${url}/plain`);
  assert.equal(status, 200);
  assert.match(text, /Nobody is home/);
  assert.match(text, />hello</);
});

test('what instances and callers said is escaped, and only web addresses become links', () => {
  const page = renderPage({
    now: 0,
    resources: [
      {
        name: 'x',
        phase: 'failed',
        configured: true,
        open: 0,
        pinned: false,
        keptAwakeBy: ['<img src=x>'],
        failure: { code: 'BOOT_FAILED', message: '"</td><script>' },
        url: 'javascript:alert(1)',
        workflow: { id: 'resource:x', url: 'http://ui/"onclick="' },
      },
    ],
  });
  assert.doesNotMatch(page, /<script|<img|javascript:|"onclick/);
  assert.match(page, /&lt;img src=x&gt;/);
});
