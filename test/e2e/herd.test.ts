import assert from 'node:assert/strict';
import { test } from 'node:test';
import { app, House } from '../kit/house.js';

const HERD = 200;

test('200 requests at once on a sleeping resource cause one boot and get 200 right answers', () =>
  House.live({ resources: { herd: app() } }, async (house) => {
    const asked = Array.from({ length: HERD }, (_, i) => `/herd/${i}/a%20b/%C3%BC?i=${i}&q=%2F&empty=&r=%25`);
    const answers = await Promise.all(
      asked.map(async (path) => {
        const response = await fetch(house.url(path));
        return { status: response.status, body: (await response.json()) as { url: string; pid: number } };
      }),
    );
    assert.deepEqual(
      answers.map(({ status, body }) => [status, body.url]),
      asked.map((path) => [200, path]),
    );
    assert.equal(new Set(answers.map(({ body }) => body.pid)).size, 1);
    assert.equal(house.journal('start').length, 1);
  }));
