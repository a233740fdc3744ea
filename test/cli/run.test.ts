import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { engine, needs } from '../kit/engines.js';
import { freePorts } from '../kit/ports.js';
import { root, start, tempFolder } from '../kit/scripts.js';
import { untilUp } from '../kit/up.js';

const SERVER = "require('http').createServer((q, r) => r.end('hello')).listen(process.env.PORT, '127.0.0.1')";

test(
  'run says that it is up, where the command, the dashboard and the UI are, and how it ends; and all of it is so',
  needs('temporal'),
  async (t) => {
    const folder = tempFolder(t);
    const [port = 0] = await freePorts(1);
    const env = { ...process.env, REVEILLE_TEMPORAL: engine('temporal'), XDG_STATE_HOME: folder };
    const launcher = join(root, 'bin/reveille.mjs');
    const args = [launcher, 'run', '--port', `${port}`, '--idle', '5m', '--', process.execPath, '-e', SERVER];
    const running = start(t, process.execPath, args, { env, cwd: folder });
    await untilUp(running);
    const said = running.output();
    const at = (what: RegExp) => what.exec(said)?.[1] ?? assert.fail(`no ${what} in ${said}`);
    const url = at(/Open (http:\/\/127\.0\.0\.1:\d+\/) and the command starts; 5 minutes after the last use/);
    assert.equal(url, `http://127.0.0.1:${port}/`);
    assert.equal(await (await fetch(url)).text(), 'hello');
    const dashboard = at(/open the dashboard, (http:\S+\/), or:/);
    assert.match(await (await fetch(dashboard)).text(), /<title>Reveille<\/title>/);
    assert.equal((await fetch(at(/Temporal UI +(http:\S+)/))).status, 200);
    assert.match(said, /status --watch --config .*reveille\.yaml\n/);
    assert.match(said, /Ctrl-C ends everything/);
    running.child.kill('SIGINT');
    assert.equal((await running.ended).code, 0);
  },
);
