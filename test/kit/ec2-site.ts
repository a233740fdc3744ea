import { randomInt } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { answerTo, Ec2Faults, errorAnswer } from './ec2-faults.js';
import { Guest, STATE_CODES } from './ec2-guest.js';
import { Ec2Imports } from './ec2-imports.js';
import { Moto } from './moto.js';

interface Answer {
  status: number;
  body: string;
}

/**
 * A site with EC2's API. moto keeps the records; before it stands what moto lacks, written to the public reference:
 * each instance runs a program at an address of its own, states take their time, a ClientToken creates once
 * ("Ensuring idempotency"), and calls meet the faults that a test orders.
 */
export class Ec2Site {
  readonly faults = new Ec2Faults();
  readonly guests = new Map<string, Guest>();
  readonly imports: Ec2Imports;
  /** Names of the calls that came in. */
  readonly calls: string[] = [];
  /** The most instances of one resource that were alive at once. */
  readonly most = new Map<string, number>();
  image = '';
  /** How long instances are pending, ms: long enough for a look to see it. */
  bootMs = 30;
  /** Ids of images: a name is one's alone, which moto does not see to. */
  private readonly names = new Map<string, string>();
  private readonly tokens = new Map<string, { parameters: string; answer: Promise<Answer> }>();
  private readonly network = `127.${randomInt(1, 250)}`;
  private readonly server = createServer((request, response) => void this.take(request, response));

  private constructor(
    private readonly moto: Moto,
    private readonly command: readonly string[],
  ) {
    this.imports = new Ec2Imports(moto);
  }

  /** @param command what runs in each instance, with its user data (lines of NAME=VALUE) and LISTEN as environment. */
  static async start(command: readonly string[]): Promise<Ec2Site> {
    const site = new Ec2Site(await Moto.start(), command);
    await new Promise<void>((resolve) => site.server.listen(0, '127.0.0.1', resolve));
    const parameters = { Action: 'RegisterImage', Name: 'app', RootDeviceName: '/dev/sda1' };
    const registered = await (await site.moto.call(parameters)).text();
    site.image = /<imageId>(.*?)</.exec(registered)?.[1] ?? '';
    return site;
  }

  /** Settings of a resource at this site, but for where its instance comes from. */
  get settings() {
    return {
      endpoint: `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`,
      region: 'us-east-1',
      credentials: { accessKeyId: 'test', secretAccessKey: '${env:PATH}' },
    };
  }

  /** Instances of a resource that the cloud has, but for terminated ones. */
  of(resource: string): Guest[] {
    return [...this.guests.values()].filter(
      ({ options, state }) => options.resource === resource && state !== 'terminated',
    );
  }

  alive(resource: string): Guest[] {
    return this.of(resource).filter(({ isAlive }) => isAlive);
  }

  /** Makes an instance as somebody else would, who does not know of Reveille. */
  async create(env: Record<string, string>, tags: Record<string, string> = {}): Promise<string> {
    const text = Object.entries(env)
      .map(([key, value]) => `${key}=${value}`)
      .join('\n');
    const tagging = Object.entries(tags).flatMap(([key, value], index) => [
      [`TagSpecification.1.Tag.${index + 1}.Key`, key],
      [`TagSpecification.1.Tag.${index + 1}.Value`, value],
    ]);
    const call = new URLSearchParams({
      Action: 'RunInstances',
      Version: '2016-11-15',
      ImageId: this.image,
      MinCount: '1',
      MaxCount: '1',
      UserData: Buffer.from(text).toString('base64'),
      ...(tagging.length === 0 ? {} : { 'TagSpecification.1.ResourceType': 'instance' }),
      ...Object.fromEntries(tagging),
    });
    const { body } = await this.run(call);
    return /<instanceId>(.*?)</.exec(body)?.[1] ?? '';
  }

  /** Ids of what the cloud has, by the call that lists it and the tag that they stand in. */
  async list(parameters: Record<string, string>, tag: string): Promise<string[]> {
    const text = await (await this.moto.call(parameters)).text();
    const all = [...text.matchAll(new RegExp(`<${tag}>(.*?)<`, 'g'))].map(([, id = '']) => id);
    return [...new Set(all)];
  }

  /** Disks that the cloud has. */
  disks(): Promise<string[]> {
    return this.list({ Action: 'DescribeVolumes' }, 'volumeId');
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
    for (const guest of this.guests.values()) guest.crash();
    await this.moto.close();
    this.imports.close();
  }

  private async take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const call = new URLSearchParams(Buffer.concat(chunks).toString('utf8'));
    const action = call.get('Action') ?? '';
    this.calls.push(action);
    const [, key = ''] = /Credential=([^/]*)/.exec(request.headers.authorization ?? '') ?? [];
    const fault = this.faults.meet(`Key=${key} ${call}`);
    const refused = fault && answerTo(fault);
    if (fault?.kind === 'drop') {
      request.socket.destroy();
      return;
    }
    if (fault?.kind === 'delay') await delay(fault.ms);
    if (fault?.kind === 'hold') await fault.until;
    const answer: Answer =
      refused === undefined
        ? await this.answer(action, call)
        : { status: refused.status, body: errorAnswer(refused.code) };
    if (fault?.kind === 'lose') request.socket.destroy();
    else response.writeHead(answer.status, { 'Content-Type': 'text/xml' }).end(answer.body);
  }

  private async answer(action: string, call: URLSearchParams): Promise<Answer> {
    const guest = this.guests.get(call.get('InstanceId.1') ?? call.get('InstanceId') ?? '');
    if (action === 'RunInstances') return await this.runOnce(call);
    if (action === 'ImportSnapshot') return await this.imports.begin(call);
    if (action === 'DescribeImportSnapshotTasks') return this.imports.tell(call);
    if (action === 'GetConsoleOutput' && guest !== undefined) return consoleOf(guest);
    const name = call.get('Name') ?? '';
    if (action === 'RegisterImage' && this.names.has(name))
      return { status: 400, body: errorAnswer('InvalidAMIName.Duplicate', `${name} is taken`) };
    const done = await this.pass(call);
    if (action === 'RegisterImage') this.names.set(name, /<imageId>(.*?)</.exec(done.body)?.[1] ?? '');
    if (action === 'DeregisterImage') this.forget(call.get('ImageId') ?? '');
    if (guest === undefined || done.status !== 200) return done;
    const wrong = { status: 400, body: errorAnswer('IncorrectInstanceState', `it is ${guest.state}`) };
    if (action === 'StartInstances') return this.noted(guest, guest.start()) ? done : wrong;
    if (action === 'StopInstances') return guest.stop(call.get('Hibernate') === 'true') ? done : wrong;
    if (action === 'TerminateInstances') guest.terminate();
    return done;
  }

  private forget(image: string): void {
    for (const [name, id] of this.names) if (id === image) this.names.delete(name);
  }

  /** "If you retry a request that completed … with the same client token, the retry succeeds with no further actions." */
  private async runOnce(call: URLSearchParams): Promise<Answer> {
    const token = call.get('ClientToken') ?? '';
    if (token === '') return await this.run(call);
    const parameters = call.toString();
    const known = this.tokens.get(token);
    if (known !== undefined && known.parameters !== parameters)
      return { status: 400, body: errorAnswer('IdempotentParameterMismatch') };
    if (known !== undefined) {
      const { status, body } = await known.answer;
      return { status, body: this.withStates(body) };
    }
    const answer = this.run(call);
    this.tokens.set(token, { parameters, answer });
    return await answer;
  }

  private async run(call: URLSearchParams): Promise<Answer> {
    const answer = await this.pass(call);
    const id = /<instanceId>(.*?)</.exec(answer.body)?.[1];
    if (id === undefined) return answer;
    const text = Buffer.from(call.get('UserData') ?? '', 'base64').toString('utf8');
    const env = Object.fromEntries(text.split('\n').map((line) => line.split(/=(.*)/s).slice(0, 2)));
    const number = this.guests.size + 1;
    const guest = new Guest({
      id,
      address: `${this.network}.${number >> 8}.${number & 255}`,
      command: this.command,
      bootMs: () => this.bootMs,
      env,
      resource: tagOf(call, 'reveille:resource') ?? env.RESOURCE ?? '',
      onOwnEnd: ({ state }) => {
        const Action = state === 'stopped' ? 'StopInstances' : 'TerminateInstances';
        // At the end of a test the other half may be gone.
        this.moto.call({ Action, 'InstanceId.1': id }).catch(() => {});
      },
    });
    this.guests.set(id, guest);
    this.noted(guest, true);
    return { ...answer, body: this.withStates(answer.body) };
  }

  private noted({ options: { resource } }: Guest, done: boolean): boolean {
    this.most.set(resource, Math.max(this.most.get(resource) ?? 0, this.alive(resource).length));
    return done;
  }

  private async pass(call: URLSearchParams): Promise<Answer> {
    const response = await this.moto.send(call.toString());
    return { status: response.status, body: this.withStates(await response.text()) };
  }

  /** moto's answer with the states and addresses of what runs here. */
  private withStates(body: string): string {
    const parts = body.split(/(?=<instancesSet>)/).map((part) => {
      const guest = this.guests.get(/<instanceId>(.*?)</.exec(part)?.[1] ?? '');
      if (guest === undefined || !part.startsWith('<instancesSet>')) return part;
      const { state, reason, options } = guest;
      const told = `<instanceState><code>${STATE_CODES[state]}</code><name>${state}</name></instanceState>`;
      const why = `<stateReason><code>${reason.code}</code><message>${reason.code}: ${reason.message}</message></stateReason>`;
      return part
        .replace(/<instanceState>.*?<\/instanceState>/s, told)
        .replace(/<stateReason>.*?<\/stateReason>|<stateReason\/>/s, reason.code === '' ? '' : why)
        .replace(/<privateIpAddress>[^<]*</g, `<privateIpAddress>${options.address}<`);
    });
    return parts.join('');
  }
}

function consoleOf({ options: { id }, console }: Guest): Answer {
  const output = Buffer.from(console).toString('base64');
  const body = `<?xml version="1.0" encoding="UTF-8"?><GetConsoleOutputResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"><requestId>test</requestId><instanceId>${id}</instanceId><output>${output}</output></GetConsoleOutputResponse>`;
  return { status: 200, body };
}

/** The value of a tag that an instance is created with. */
function tagOf(call: URLSearchParams, name: string): string | undefined {
  for (const [key, value] of call) {
    if (value !== name || !/^TagSpecification\.\d+\.Tag\.\d+\.Key$/.test(key)) continue;
    return call.get(key.replace(/Key$/, 'Value')) ?? undefined;
  }
  return undefined;
}
