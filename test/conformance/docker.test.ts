import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DockerEngine, needsDocker } from '../kit/docker-engine.js';
import { RefusingRelay } from '../kit/refusing-relay.js';
import { APP_FILE, writeApp } from './app.js';
import type { Desk } from './desk.js';
import type { Engine, Place } from './subject.js';
import { conformance } from './suite.js';

const IMAGE = 'conformance:1';

class Containers implements Engine {
  private constructor(
    private readonly engine: DockerEngine,
    /** Between workers and the engine. */
    private readonly relay: RefusingRelay,
  ) {}

  static async open(): Promise<Containers> {
    const engine = await DockerEngine.start();
    const folder = mkdtempSync(join(tmpdir(), 'reveille-containers-'));
    try {
      await engine.importBusybox(IMAGE, [writeApp(folder)]);
      return new Containers(engine, await RefusingRelay.to(engine.socket));
    } catch (error) {
      await engine.close();
      throw error;
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }

  resource(name: string, desk: Desk): Record<string, unknown> {
    const docker = {
      image: IMAGE,
      pull: 'never',
      engine: this.relay.address,
      command: ['/bin/sh', `/${APP_FILE}`],
      env: { ...desk.env(name, this.engine.gateway), LISTEN: '0.0.0.0', PORT: '8080' },
      port: 8080,
      grace: '60s',
    };
    // Its published port takes connections before the application does.
    return { provider: 'docker', docker, health: { path: '/' } };
  }

  async running(name: string, place: Place): Promise<string[]> {
    const all = await this.all(name, place);
    return all.filter(({ State }) => State === 'running' || State === 'paused').map(({ Id }) => Id);
  }

  async remains(name: string, place: Place): Promise<string[]> {
    return (await this.all(name, place)).map(({ Id, State }) => `${Id} ${State}`);
  }

  async kill(name: string, place: Place): Promise<void> {
    for (const id of await this.running(name, place)) await this.engine.docker.getContainer(id).kill();
  }

  async breakStops(): Promise<() => void> {
    return this.relay.refuse(/^POST .*\/(stop|kill)\b/);
  }

  async close(): Promise<void> {
    await this.relay.close();
    await this.engine.close();
  }

  /** Told apart from those of other tests by where they report. */
  private async all(name: string, { desk }: Place) {
    const mark = `DESK=${desk.mark(name)}`;
    const all = await this.engine.docker.listContainers({ all: true });
    const infos = await Promise.all(
      all.map(({ Id }) =>
        this.engine.docker
          .getContainer(Id)
          .inspect()
          .catch(() => undefined),
      ),
    );
    return all.filter(({ Id }) => infos.find((info) => info?.Id === Id)?.Config.Env.includes(mark));
  }
}

const { skip } = needsDocker();
conformance({
  provider: 'docker',
  needs: skip === false ? [] : ['dockerd'],
  suspends: true,
  open: () => Containers.open(),
});
