import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { after, before, describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { isReveilleError } from '../../errors/index.js';
import { DockerEngine, needsDocker } from '../kit/docker-engine.js';
import { engine as programOf } from '../kit/engines.js';
import { House } from '../kit/house.js';
import { ImageHost } from '../kit/image-host.js';
import { Mirror } from '../kit/mirror.js';

const SERVE = 'mkdir -p /tmp/www; echo hello > /tmp/www/index.html; exec httpd -f -p 8080 -h /tmp/www';

/** A tar archive of a root file system of busybox. */
function rootTar(): Buffer {
  const folder = mkdtempSync(join(tmpdir(), 'reveille-root-'));
  mkdirSync(join(folder, 'bin'));
  for (const applet of ['busybox', 'sh', 'mkdir', 'httpd', 'echo'])
    copyFileSync(programOf('busybox'), join(folder, 'bin', applet));
  const tar = execFileSync('tar', ['-C', folder, '-c', '.'], { maxBuffer: 64e6 });
  rmSync(folder, { recursive: true });
  return tar;
}

describe('images for containers', needsDocker(), () => {
  let engine: DockerEngine;
  let mirror: Mirror;
  before(async () => {
    engine = await DockerEngine.start();
    await engine.importBusybox('saved:1');
    const saved = await buffer(await engine.docker.getImage('saved:1').get());
    await engine.docker.getImage('saved:1').remove();
    mirror = await Mirror.start({ 'saved.tar.gz': gzipSync(saved), 'root.tar': rootTar() });
  });
  after(async () => {
    await mirror.close();
    await engine.close();
  });

  const container = (image: string, load: object, path: string) => ({
    provider: 'docker',
    docker: { image, load, command: ['/bin/sh', '-c', SERVE], port: 8080, engine: engine.address },
    health: { path: '/' },
    idle: { after: '5m' },
    routes: [{ path, strip: true }],
  });

  test('IP4: an archive of docker save and a tar of a root file system are had by URL, loaded and imported', async () => {
    const resources = {
      loaded: container('saved:1', mirror.source('saved.tar.gz'), '/loaded'),
      imported: container('root:2', { ...mirror.source('root.tar'), type: 'filesystem' }, '/imported'),
    };
    await House.live({ resources }, async (house) => {
      for (const path of ['/loaded/', '/imported/']) {
        const response = await fetch(house.url(path));
        assert.equal(await response.text(), 'hello\n');
      }
      // Removed by hand, it is loaded again: from the cache.
      await house.resources.remove('loaded');
      await house.untilAsleep('loaded');
      await engine.docker.getImage('saved:1').remove({ force: true });
      const { asked } = mirror;
      assert.equal(await (await fetch(house.url('/loaded/'))).text(), 'hello\n');
      assert.equal(mirror.asked, asked);
      for (const name of Object.keys(resources)) await house.resources.remove(name);
      for (const name of Object.keys(resources)) await house.untilAsleep(name);
    });
  });

  test('IPF9: an image that a container is made from is not evicted; else the engine has it no more either', async (t) => {
    const host = new ImageHost(
      t,
      {},
      {},
      { resources: { web: container('saved:1', mirror.source('saved.tar.gz'), '/') } },
    );
    await host.wake('web', 1);
    const made = await engine.docker.createContainer({ Image: 'saved:1', Cmd: ['/bin/sh'] });
    await host.images.release(host.user('web', 1), 'stop');
    const remove = () => host.chore({ do: 'remove', name: host.keyOf('web') });
    await assert.rejects(remove(), (error) => isReveilleError(error) && error.code === 'IMAGE_IN_USE');
    assert.equal(host.stored().length, 1);
    await made.remove();
    await remove();
    assert.deepEqual(host.stored(), []);
    await assert.rejects(engine.docker.getImage('saved:1').inspect(), { statusCode: 404 });
  });

  test('an archive without the image that is wanted is told by its name', async (t) => {
    const host = new ImageHost(
      t,
      {},
      {},
      { resources: { web: container('other:1', mirror.source('saved.tar.gz'), '/') } },
    );
    await assert.rejects(host.wake('web', 1), /there is no image other:1 in what was fetched/);
    await engine.docker
      .getImage('saved:1')
      .remove()
      .catch(() => {});
  });
});
