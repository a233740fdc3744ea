import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { isReveilleError } from '../../errors/index.js';
import { eventually } from '../kit/conditions.js';
import { DockerEngine, needsDocker } from '../kit/docker-engine.js';
import { BUSYBOX, DockerHost } from '../kit/docker-host.js';

const SERVE =
  '/bin/busybox mkdir -p /tmp/www; echo "$GREETING" > /tmp/www/index.html; exec /bin/busybox httpd -f -p ${PORT:-8080} -h /tmp/www';
const shell = (script: string) => ({ image: BUSYBOX, command: ['/bin/sh', '-c', script], port: 8080 });
const LASTS = 'trap "exit 0" TERM; echo up; while :; do sleep 0.05; done';

describe('containers that Reveille creates', needsDocker(), () => {
  let engine: DockerEngine;
  const hosts: DockerHost[] = [];
  const host = (resources: ConstructorParameters<typeof DockerHost>[1], top: object = {}) => {
    const made = new DockerHost(engine, resources, top);
    hosts.push(made);
    return made;
  };
  before(async () => {
    engine = await DockerEngine.start();
    await engine.importBusybox(BUSYBOX);
  });
  after(async () => {
    for (const one of hosts) one.close();
    await engine.close();
  });

  const page = (endpoint: { host: string; port: number }) =>
    eventually('it answers', async () => {
      const response = await fetch(`http://${endpoint.host}:${endpoint.port}/`);
      return (await response.text()).trim();
    });

  test('a port is published on loopback alone', async () => {
    const here = host({ web: { ...shell(SERVE), env: { GREETING: 'hello' } } });
    const { instance } = await here.boot('web', 1000);
    assert.equal(instance.endpoint.host, '127.0.0.1');
    assert.equal(await page(instance.endpoint), 'hello');
    const { NetworkSettings } = await here.container(instance).inspect();
    assert.deepEqual(
      NetworkSettings.Ports['8080/tcp']?.map(({ HostIp }) => HostIp),
      ['127.0.0.1'],
    );
    await here.stop('web', 1000, 'delete');
  });

  test('reached by its own address, nothing is published', async () => {
    const rest = { lease: { stretch: 0 } };
    const here = host({ web: { ...shell(SERVE), env: { GREETING: 'direct' }, reach: 'address', rest } });
    const { instance } = await here.boot('web', 1000);
    assert.match(instance.endpoint.host, /^10\./);
    assert.equal(instance.endpoint.port, 8080);
    assert.equal(await page(instance.endpoint), 'direct');
    await here.stop('web', 1000, 'delete');
  });

  test("in the host's network it is told its port", async () => {
    const { port: _, ...settings } = shell(SERVE);
    const here = host({ web: { ...settings, env: { GREETING: 'host' }, network: 'host' } });
    const { instance } = await here.boot('web', 1000);
    assert.equal(await page(instance.endpoint), 'host');
    await here.stop('web', 1000, 'delete');
  });

  test('memory, processors, mounts, user and folder are as the settings say', async () => {
    const here = host({
      bound: {
        ...shell(LASTS),
        memory: '64MB',
        cpus: 0.5,
        mounts: ['./data:/data:ro', 'kept:/kept'],
        user: '65534',
        workdir: '/tmp',
      },
    });
    mkdirSync(join(here.folder, 'data'));
    const { instance } = await here.boot('bound', 1000);
    const { HostConfig, Config, Mounts } = await here.container(instance).inspect();
    assert.deepEqual([HostConfig.Memory, HostConfig.MemorySwap, HostConfig.NanoCpus], [64e6, 64e6, 5e8]);
    assert.deepEqual([Config.User, Config.WorkingDir], ['65534', '/tmp']);
    const mounted = Mounts.map(({ Source, Name, Destination, RW }) => [Name ?? Source, Destination, RW]);
    assert.deepEqual(
      mounted.sort(),
      [
        [join(here.folder, 'data'), '/data', false],
        ['kept', '/kept', true],
      ].sort(),
    );
    await here.stop('bound', 1000, 'delete');
  });

  test('graphics processors are asked of the engine, which has none here and says so', async () => {
    const here = host({ gpu: { ...shell(LASTS), gpus: 'all' } });
    await assert.rejects(here.boot('gpu', 1000), (error) => {
      assert.ok(isReveilleError(error));
      assert.equal(error.code, 'BOOT_FAILED');
      assert.match(error.message, /device driver|gpu/);
      return true;
    });
  });

  test('secrets come by reference into its environment alone, and are masked in its log', async () => {
    process.env.DOCKER_TEST_SECRET = 'correct horse';
    const here = host({
      quiet: { ...shell(`echo "got $SECRET"; ${LASTS}`), env: { SECRET: '${env:DOCKER_TEST_SECRET}' } },
    });
    const { instance } = await here.boot('quiet', 1000);
    const { Config, Name } = await here.container(instance).inspect();
    assert.ok(Config.Env.includes('SECRET=correct horse'));
    assert.doesNotMatch(JSON.stringify([Config.Labels, Name, instance]), /correct horse/);
    await eventually('it is in the log', async () => /got \*\*\*/.test(await here.log('quiet')));
    await here.stop('quiet', 1000);
    process.env.DOCKER_TEST_SECRET = 'battery staple';
    const next = await here.boot('quiet', 2000);
    assert.notEqual(next.instance.id, instance.id, 'a changed secret makes it anew');
    assert.ok((await here.container(next.instance).inspect()).Config.Env.includes('SECRET=battery staple'));
    await here.stop('quiet', 2000, 'delete');
  });

  test('stopped and woken it is the same container with what it wrote; changed settings make it anew', async () => {
    const script = `test -e /tmp/mark && echo again; : > /tmp/mark; ${LASTS}`;
    const here = host({ same: shell(script) });
    const first = await here.boot('same', 1000);
    await eventually('it is up', async () => /up/.test(await here.log('same')));
    await here.stop('same', 1000);
    const second = await here.boot('same', 2000);
    assert.deepEqual([second.instance.id, second.adopted], [first.instance.id, false]);
    assert.equal(second.instance.endpoint.port, first.instance.endpoint.port);
    await eventually('it finds what it wrote', async () => /again/.test(await here.log('same')));
    await here.stop('same', 2000);
    here.change('same', { memory: 32e6 });
    const third = await here.boot('same', 3000);
    assert.notEqual(third.instance.id, first.instance.id);
    await here.stop('same', 3000, 'delete');
  });

  test('one that ends at its start tells its exit code and its last words', async () => {
    const here = host({ brief: shell('echo some words; echo last words >&2; exit 7') });
    const failure = await here.boot('brief', 1000).then(
      ({ instance }) =>
        here.watch('brief', instance).then((end) => ({ message: end?.reason, log: end?.log })),
      (error: unknown) => error as { message: string; log: string },
    );
    assert.match(failure.message ?? '', /exited with code 7/);
    // The two streams come in any order.
    for (const words of [/^some words$/m, /^last words$/m]) assert.match(failure.log ?? '', words);
    await here.stop('brief', 1000, 'delete');
  });

  test('what a boot created that was not finished is removed by its stop; what has served before stays', async () => {
    const here = host({ brief: shell(LASTS) });
    const { instance } = await here.boot('brief', 1000);
    await here.stop('brief', 1000, 'stop', false, true);
    await assert.rejects(here.container(instance).inspect(), { statusCode: 404 });
    const second = await here.boot('brief', 2000);
    await here.stop('brief', 2000);
    await here.boot('brief', 3000);
    await here.stop('brief', 3000, 'stop', false, true);
    assert.equal((await here.container(second.instance).inspect()).State.Running, false);
    await here.stop('brief', 3000, 'delete');
  });

  test('one that takes more memory than it may is told as that', async () => {
    const here = host({
      fat: { ...shell('x=aaaaaaaaaaaaaaaa; sleep 0.5; while :; do x=$x$x; done'), memory: '16MB' },
    });
    const { instance } = await here.boot('fat', 1000);
    const end = await here.watch('fat', instance);
    assert.match(end?.reason ?? '', /killed for want of memory \(exit code 137\).*limit of 16 MB/);
    await here.stop('fat', 1000, 'delete');
  });

  test('a command that is not in the image is told', async () => {
    const here = host({ absent: { image: BUSYBOX, command: ['/no/such/program'], port: 80 } });
    await assert.rejects(here.boot('absent', 1000), { code: 'BOOT_FAILED', message: /no\/such\/program/ });
    await here.stop('absent', 1000, 'delete');
  });

  test('what the engine says of a command shows no secret of it', async () => {
    process.env.DOCKER_TEST_PROGRAM = '/no/such/correct-horse';
    const here = host({ absent: { image: BUSYBOX, command: ['${env:DOCKER_TEST_PROGRAM}'], port: 80 } });
    await assert.rejects(here.boot('absent', 1000), (error) => {
      assert.ok(isReveilleError(error));
      assert.match(error.message, /\*\*\*/);
      assert.doesNotMatch(error.message, /correct-horse/);
      return true;
    });
    await here.stop('absent', 1000, 'delete');
  });

  test('an image that cannot be had is told', async () => {
    const here = host({ never: { ...shell(LASTS), image: 'nobody/nothing:1' } });
    await assert.rejects(here.boot('never', 1000), {
      code: 'BOOT_FAILED',
      message: /has no image nobody\/nothing:1/,
    });
  });

  test('a pull that fails says why', async () => {
    const here = host({
      pulled: { ...shell(LASTS), image: '127.0.0.1:9/nobody/nothing:1', pull: 'missing' },
    });
    await assert.rejects(here.boot('pulled', 1000), { code: 'BOOT_FAILED', message: /127\.0\.0\.1:9/ });
  });

  test('an image is loaded from an archive, with progress', async () => {
    const here = host({ loaded: { ...shell(LASTS), image: 'archived:1', load: 'image.tar' } });
    const { docker } = engine;
    await docker.getImage(BUSYBOX).tag({ repo: 'archived', tag: '1' });
    const archive = await docker.getImage('archived:1').get();
    const parts: Buffer[] = [];
    for await (const part of archive) parts.push(part as Buffer);
    writeFileSync(join(here.folder, 'image.tar'), Buffer.concat(parts));
    await docker.getImage('archived:1').remove();
    await here.boot('loaded', 1000);
    assert.ok(
      here.progress.some((line) => /^loading image\.tar/.test(line)),
      here.progress.join('\n'),
    );
    await here.stop('loaded', 1000, 'delete');
  });

  test('its own health check is waited for', async () => {
    const healthcheck = { command: ['/bin/busybox', 'test', '-e', '/tmp/well'], interval: '100ms' };
    const here = host({ slow: { ...shell(`sleep 1; : > /tmp/well; ${LASTS}`), healthcheck } });
    const { instance } = await here.boot('slow', 1000);
    assert.equal((await here.container(instance).inspect()).State.Health?.Status, 'healthy');
    assert.ok(here.progress.includes('its own health check says starting'));
    await here.stop('slow', 1000, 'delete');
  });

  test('one whose health check fails for good is told as unhealthy', async () => {
    const healthcheck = {
      command: ['/bin/sh', '-c', 'echo I am ill; exit 1'],
      interval: '100ms',
      retries: 2,
    };
    const here = host({ ill: { ...shell(LASTS), healthcheck } });
    await assert.rejects(here.boot('ill', 1000), { code: 'HEALTH_TIMEOUT', message: /I am ill/ });
    await here.stop('ill', 1000, 'delete');
  });

  test('a container that cannot be created gives its port back', async () => {
    const top = { worker: { ports: '31900-31900' } };
    const here = host({ tiny: { ...shell(LASTS), memory: '1KB' }, fine: shell(LASTS) }, top);
    await assert.rejects(here.boot('tiny', 1000), { code: 'BOOT_FAILED', message: /memory/i });
    assert.equal((await here.boot('fine', 1000)).instance.endpoint.port, 31900);
    await here.stop('fine', 1000, 'delete');
  });

  test('what a paused worker created too late is removed, and never started', async () => {
    const here = host({ late: shell(LASTS) });
    const { instance } = await here.boot('late', 2000);
    const { Name, Config } = await here.container(instance).inspect();
    const { Image, Cmd, Labels } = Config;
    const name = Name.slice(1).replace('.2000', '.1000');
    const { id } = await engine.docker.createContainer({ name, Image, Cmd, Labels });
    await here.boot('late', 2000);
    await assert.rejects(engine.docker.getContainer(id).inspect(), { statusCode: 404 });
    assert.equal((await here.inspect('late', instance)).state, 'running');
    await here.stop('late', 2000, 'delete');
  });

  test('an engine that is not there is told', async () => {
    const here = host({ lost: { ...shell(LASTS), engine: 'unix:///no/such/socket' } });
    await assert.rejects(here.boot('lost', 1000), {
      code: 'BOOT_FAILED',
      message: /does not answer \(ENOENT\)/,
    });
  });

  test('another Reveille on the same engine, with the same names, is not in the way', async () => {
    const [one, two] = [host({ same: shell(LASTS) }), host({ same: shell(LASTS) })];
    const first = await one.boot('same', 1000);
    const second = await two.boot('same', 1000);
    assert.notEqual(first.instance.id, second.instance.id);
    await two.stop('same', 1000, 'delete');
    assert.deepEqual(await one.listed(), ['same running']);
    await one.stop('same', 1000, 'delete');
  });
});
