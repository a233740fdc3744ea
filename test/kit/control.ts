import { writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { type Config, type Logger, loadConfig, type Service } from '../../config/index.js';
import type { Plane, ResourceLife } from '../../control/plane.js';
import { serveControl } from '../../control/server.js';
import type { ClosedRun, RunResult, RunTime } from '../../temporal/index.js';
import type { StatusState } from '../../workflows/messages.js';
import { tempFolder } from './scripts.js';
import { silentLog } from './silent-log.js';

export const SECRET = 'the secret of the tests';

/** Stands in for Temporal: resources are awake that are in `awake`; what is asked of them is noted. */
export class FakePlane implements Plane {
  readonly awake = new Map<string, StatusState>();
  readonly lastRuns = new Map<string, { params: Record<string, string> }>();
  runTimes: RunTime[] = [];
  /** Closed executions by resource, each with what it said at its end. */
  readonly past = new Map<string, (ClosedRun & RunResult)[]>();
  /** Names of those whose status was asked for. */
  readonly statusesAsked: string[] = [];
  /** Run ids whose results were asked for. */
  readonly resultsAsked: string[] = [];
  readonly asked: { what: string; name: string; args?: object }[] = [];
  /** Set: every call fails with it. `hang`: none is ever answered. */
  failure: Error | 'hang' | undefined;
  statusFailure: Error | undefined;
  worker = true;
  ready: (name: string, signal: AbortSignal) => Promise<unknown> = async () => {};
  asleep: (name: string, signal: AbortSignal) => Promise<unknown> = async () => {};
  closed = false;

  readonly resources: ResourceLife = {
    wake: (name, args, params) => this.note('wake', name, { ...args, ...(params && { params }) }),
    pin: (name, args, params) => this.note('pin', name, { ...args, ...(params && { params }) }),
    lastRun: async (name) => this.lastRuns.get(name),
    stop: async (name, args) => {
      await this.note('stop', name, args);
      return this.awake.has(name);
    },
    remove: (name, args) => this.note('remove', name, args),
    unpin: async (name) => {
      await this.note('unpin', name);
      return this.awake.has(name);
    },
    status: async (name) => {
      this.statusesAsked.push(name);
      await this.answer();
      if (this.statusFailure) throw this.statusFailure;
      return this.awake.get(name);
    },
    openRuns: async () => {
      await this.answer();
      return [...this.awake.values()].map(({ name, generation, phase }) => ({
        name,
        runId: `${name} ${generation}`,
        phase,
      }));
    },
    runTimes: async ({ closedSince }) => {
      await this.answer();
      const isAsked = ({ end }: RunTime) =>
        closedSince === undefined ? end === undefined : end !== undefined && end >= closedSince;
      return this.runTimes.filter(isAsked);
    },
    closedRuns: async (which, limit) => {
      await this.answer();
      const isOne = (name: string) =>
        'names' in which ? which.names.includes(name) : name.startsWith(which.nameStart);
      const runs = [...this.past].flatMap(([name, own]) => (isOne(name) ? own : []));
      const latest = (continued: boolean) =>
        runs.filter(({ outcome }) => (outcome === 'continued') === continued).slice(0, limit);
      return [...latest(false), ...latest(true)].sort((a, b) => b.end - a.end);
    },
    runResult: async (name, runId) => {
      await this.answer();
      this.resultsAsked.push(runId);
      return this.past.get(name)?.find((run) => run.runId === runId) ?? {};
    },
    untilReady: (name, signal) => this.ready(name, signal),
    untilAsleep: (name, signal) => this.asleep(name, signal),
  };

  /** No images: their API has tests with real ones. */
  readonly images: Plane['images'] = {
    add: () => this.answer(),
    state: async () => undefined,
    chore: () => Promise.reject(new Error('no images here')),
  };

  withDeadline<T>(_ms: number, calls: () => Promise<T>): Promise<T> {
    return calls();
  }
  ping(): Promise<void> {
    return this.answer();
  }
  async workerPresent(): Promise<boolean> {
    await this.answer();
    return this.worker;
  }
  async close(): Promise<void> {
    this.closed = true;
  }

  private async note(what: string, name: string, args?: object): Promise<void> {
    await this.answer();
    this.asked.push({ what, name, ...(args === undefined ? {} : { args }) });
  }
  private async answer(): Promise<void> {
    if (this.failure === 'hang') await new Promise(() => {});
    if (this.failure instanceof Error) throw this.failure;
  }
}

/** The state of a resource that is ready. */
export function readyState(name: string, more: Partial<StatusState> = {}): StatusState {
  return {
    name,
    provider: 'process',
    phase: 'ready',
    since: Date.now(),
    generation: 1,
    revision: 'r',
    steps: [],
    wokenAt: Date.now(),
    leases: [],
    open: 0,
    pinned: false,
    lastActivity: Date.now(),
    keptAwakeBy: [],
    attempts: 0,
    boots: 1,
    ...more,
  };
}

export const HELLO =
  'resources: { hello: { provider: process, process: { command: [node] }, routes: [{ path: /hello }] } }';

/** A configuration file in a folder that goes away with the test. */
export function configOf(context: TestContext, text: string): Config {
  const file = join(tempFolder(context), 'reveille.yaml');
  writeFileSync(file, text);
  return loadConfig(file);
}

export interface TestControl {
  plane: FakePlane;
  service: Service;
  config: Config;
  /** http://HOST:PORT */
  url: string;
}

/** The control address over a fake Temporal, at a port of its own. */
export async function startTestControl(
  context: TestContext,
  {
    text = HELLO,
    control = 'listen: 127.0.0.1:0',
    log = silentLog,
  }: { text?: string; control?: string; log?: Logger } = {},
): Promise<TestControl> {
  const config = configOf(context, `control: { ${control} }\n${text}\n`);
  const plane = new FakePlane();
  const reloadAll = () => void service.reload(loadConfig(config.file ?? ''));
  const service = await serveControl({ config, log, secret: SECRET, reloadAll }, plane);
  context.after(() => service.close());
  return { plane, service, config, url: `http://${service.address}` };
}

export interface RawAnswer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  text: string;
}

/** A request with any headers: fetch would set or refuse some of them. */
export function raw(
  url: string,
  options: { method?: string; headers?: Record<string, string>; body?: string } = {},
): Promise<RawAnswer> {
  return new Promise((resolve, reject) => {
    const { method = 'GET', headers = {}, body } = options;
    const outgoing = request(url, { method, headers, agent: false }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk) => {
        text += chunk;
      });
      response.on('error', reject);
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, text }),
      );
    });
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

export const codeOf = ({ text }: { text: string }): unknown => (JSON.parse(text) as { code?: unknown }).code;
