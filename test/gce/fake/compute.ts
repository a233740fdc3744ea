import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Inserted } from './machine.js';
import type { FakeOperation } from './operations.js';
import { Project, Refused } from './project.js';
import { type Known, knownRequest, mistakes, queryMistakes } from './reference.js';

/** What is done to requests that fit. */
export interface Fault {
  /** Such as /^instances\.insert/, of the reference's name of the method. */
  readonly method: RegExp;
  readonly zone?: string;
  /** An error instead of an answer; `lose`: done, and its answer is lost; `drop`: not done, and not answered. */
  readonly how: { status: number; reason: string; retryAfter?: number } | 'lose' | 'drop';
  /** Of those that fit, each so-manieth. Default: each. */
  readonly every?: number;
  /** Default: until it is mended. */
  readonly times?: number;
}

/** How long a wait for an operation is kept. The real one keeps it two minutes. */
const WAIT_MS = 5000;

/**
 * A fake of Compute Engine's REST API, written to its public reference; each request and each answer is checked against
 * the fields of reference.json. Machines run their startup script as processes of this host.
 */
export class FakeCompute {
  readonly project = new Project();
  /** Names of the methods that were asked for, in turn. */
  readonly asked: string[] = [];
  readonly inserted: { zone: string; body: Inserted }[] = [];
  /** What was not as the reference has it. */
  readonly mistakes: string[] = [];
  private readonly faults: { fault: Fault; left: number; seen: number }[] = [];
  private readonly server = createServer((request, response) => void this.take(request, response));

  static async open(): Promise<FakeCompute> {
    const fake = new FakeCompute();
    await new Promise<void>((resolve) => fake.server.listen(0, '127.0.0.1', resolve));
    return fake;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/compute/v1`;
  }

  /** @returns what mends it. */
  add(fault: Fault): () => void {
    const one = { fault, left: fault.times ?? Number.POSITIVE_INFINITY, seen: 0 };
    this.faults.push(one);
    return () => {
      one.left = 0;
    };
  }

  count(method: string): number {
    return this.asked.filter((one) => one === method).length;
  }

  /** @throws where anything was not as the reference has it. */
  async close(): Promise<void> {
    this.project.close();
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
    if (this.mistakes.length > 0)
      throw new Error(`not as the reference has it:\n${this.mistakes.join('\n')}`);
  }

  private async take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://fake');
    const body = await text(request);
    const known = knownRequest(request.method ?? '', url.pathname);
    const fault = known && this.faultOf(known);
    if (fault?.how === 'drop') return void request.socket.destroy();
    try {
      if (known === undefined) throw new Refused(404, 'notFound', `no such method: ${request.method} ${url}`);
      if (typeof fault?.how === 'object') {
        throw new Refused(fault.how.status, fault.how.reason, 'the test refuses it');
      }
      const answer = await this.answer(known, url.searchParams, body === '' ? undefined : JSON.parse(body));
      if (fault?.how === 'lose') return void request.socket.destroy();
      this.note(mistakes(known.method.answer, answer, known.name));
      send(response, 200, answer);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      const { status: code, reason, message } = error;
      const after = typeof fault?.how === 'object' ? fault.how.retryAfter : undefined;
      if (after !== undefined) response.setHeader('retry-after', String(after));
      send(response, code, { error: { code, message, errors: [{ domain: 'global', reason, message }] } });
    }
  }

  private async answer(known: Known, query: URLSearchParams, body: unknown): Promise<unknown> {
    const { name, params, method } = known;
    this.asked.push(name);
    this.note(queryMistakes(known, query));
    if (method.body !== undefined) this.note(mistakes(method.body, body, name));
    else if (body !== undefined) this.note([`${name} takes no body`]);
    const { zone = '', instance = '', operation = '' } = params;
    const { project } = this;
    const requestId = query.get('requestId');
    if (requestId !== null && !/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(requestId)) {
      throw new Refused(400, 'invalid', 'requestId is no UUID');
    }
    const shown = (one: FakeOperation) => one.shown(this.place(params.project, one.zone || zone));
    const place = this.place(params.project, zone);
    switch (name) {
      case 'instances.aggregatedList':
        return this.aggregated(params.project, query);
      case 'instances.get':
        return project.find(zone, instance).shown(place);
      case 'instances.insert':
        this.inserted.push({ zone, body: body as Inserted });
        return shown(project.insert(zone, body as Inserted, requestId));
      case 'instances.delete':
        return shown(project.remove(project.find(zone, instance), requestId));
      case 'instances.setLabels':
        return shown(project.setLabels(project.find(zone, instance), body as Inserted, requestId));
      case 'instances.start':
      case 'instances.stop':
      case 'instances.suspend':
      case 'instances.resume': {
        const verb = name.slice('instances.'.length) as 'start' | 'stop' | 'suspend' | 'resume';
        return shown(project[verb](project.find(zone, instance), requestId));
      }
      case 'images.get':
        return project.image(params.image ?? '');
      case 'images.insert':
        return shown(project.insertImage(body as { name: string }, requestId));
      case 'images.delete':
        return shown(project.removeImage(params.image ?? '', requestId));
      case 'instances.getSerialPortOutput':
        return project.find(zone, instance).serial.from(Number(query.get('start') ?? 0));
      case 'zoneOperations.list': {
        const target = /^targetId = (\d+)$/.exec(query.get('filter') ?? '')?.[1];
        const items = project.operations.filter(
          ({ targetId }) => target === undefined || targetId === target,
        );
        return { kind: 'compute#operationList', items: items.map(shown) };
      }
      case 'globalOperations.wait':
      case 'zoneOperations.wait': {
        const found = project.operations.find((one) => one.name === operation);
        if (found === undefined) throw new Refused(404, 'notFound', 'no such operation');
        await Promise.race([found.done, sleep(WAIT_MS, undefined, { ref: false })]);
        return shown(found);
      }
      default:
        throw new Refused(501, 'notImplemented', `the fake does not have ${name}`);
    }
  }

  private aggregated(project: string | undefined, query: URLSearchParams): unknown {
    const [, key = '', value] = /^labels\.([a-z-]+) = "([^"]*)"$/.exec(query.get('filter') ?? '') ?? [];
    const fitting = this.project.machines.filter(({ labels }) => labels[key] === value);
    const zones = [...new Set(fitting.map(({ zone }) => zone))];
    // Pages of two, so that more than one is asked for.
    const size = 2;
    const first = Number(query.get('pageToken') ?? 0);
    const items = Object.fromEntries(
      zones.map((zone) => {
        const page = fitting.slice(first, first + size).filter((one) => one.zone === zone);
        return [`zones/${zone}`, { instances: page.map((one) => one.shown(this.place(project, zone))) }];
      }),
    );
    const next = first + size < fitting.length ? { nextPageToken: String(first + size) } : {};
    return { kind: 'compute#instanceAggregatedList', items, ...next };
  }

  private place(project = '', zone = ''): string {
    return `https://www.googleapis.com/compute/v1/projects/${project}/zones/${zone}`;
  }

  private faultOf({ name, params }: Known): Fault | undefined {
    const fitting = this.faults.filter(
      ({ fault, left }) => left > 0 && fault.method.test(name) && (fault.zone ?? params.zone) === params.zone,
    );
    const found = fitting.find((one) => ++one.seen % (one.fault.every ?? 1) === 0);
    if (found !== undefined) found.left--;
    return found?.fault;
  }

  private note(found: string[]): void {
    this.mistakes.push(...found);
  }
}

function send(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json; charset=UTF-8' }).end(JSON.stringify(body));
}
