import { randomBytes, randomUUID } from 'node:crypto';
import { on, once } from 'node:events';
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { WebSocket } from 'ws';
import { parse } from 'yaml';
import { engine } from './engines.js';
import { House } from './house.js';
import { root } from './scripts.js';

const EXAMPLE = join(root, 'examples/jupyter');
const FILES = ['jupyter_server_config.py', 'group_config.py', 'idle.py'];

interface ExampleFile {
  proxy: { identity: object };
  resources: Record<string, { idle: { probe: object } } & Record<string, unknown>>;
}

/**
 * Jupyter for one, as its example has it but for its times: in a house of its own, with a home of its own.
 * @param idle further keys of `idle`
 */
export function liveWithJupyter(
  idleAfter: string,
  body: (house: House, jupyter: Jupyter) => Promise<void>,
  idle: object = {},
): Promise<void> {
  const token = randomBytes(16).toString('hex');
  return House.live(
    {
      resources: example('reveille.yaml', idleAfter, idle).resources,
      furnish: (folder) => furnish(folder, token),
    },
    (house) => body(house, new Jupyter(house, { Authorization: `token ${token}` })),
  );
}

/** Jupyter for a group, likewise. `as` speaks to it in the name of a user whom the proxy in front has signed in. */
export function liveWithGroup(
  idleAfter: string,
  body: (house: House, as: (user: string) => Jupyter) => Promise<void>,
): Promise<void> {
  const { resources, proxy } = example('group.yaml', idleAfter);
  const top = { proxy: { listen: '127.0.0.1:0', identity: proxy.identity } };
  const plan = { resources, top, furnish: (folder: string) => furnish(folder, 'of the probe') };
  // As a browser: its cookie against forged requests, said again in a field that other origins cannot set.
  const browser = { Cookie: '_xsrf=a0b1c2', 'X-XSRFToken': 'a0b1c2' };
  // Fields are bytes, of which these clients send one for each character.
  const named = (user: string) => ({ 'X-Forwarded-User': Buffer.from(user).toString('latin1') });
  return House.live(plan, (house) =>
    body(house, (user) => new Jupyter(house, { ...browser, ...named(user) })),
  );
}

function example(file: string, idleAfter: string, more: object = {}): ExampleFile {
  const content = parse(readFileSync(join(EXAMPLE, file), 'utf8')) as ExampleFile;
  for (const { idle } of Object.values(content.resources))
    Object.assign(idle, { ...more, after: idleAfter, probe: { ...idle.probe, interval: '500ms' } });
  return content;
}

function furnish(folder: string, token: string): NodeJS.ProcessEnv {
  for (const name of FILES) cpSync(join(EXAMPLE, name), join(folder, name));
  return { ...jupyterHome(folder), JUPYTER_TOKEN: token };
}

/** Makes the folder a home that Jupyter takes. @returns its environment. */
export function jupyterHome(folder: string): NodeJS.ProcessEnv {
  // Of the user who runs the tests, who may be root: the example keeps Jupyter's refusal of that.
  mkdirSync(join(folder, '.jupyter'));
  const own = { ServerApp: { allow_root: true } };
  writeFileSync(join(folder, '.jupyter/jupyter_config.json'), JSON.stringify(own));
  return { PATH: [dirname(engine('jupyter')), process.env.PATH].join(delimiter), HOME: folder };
}

/** Speaks to Jupyter as its own front end does, through the proxy. */
export class Jupyter {
  constructor(
    private readonly house: House,
    /** That say who speaks. */
    private readonly headers: Readonly<Record<string, string>>,
  ) {}

  /** @param path below /jupyter/ */
  async call(method: string, path: string): Promise<Response> {
    const { headers } = this;
    const response = await fetch(this.house.url(`/jupyter/${path}`), { method, headers });
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
    return response;
  }

  /** Opens a WebSocket below /jupyter/. */
  async socket(path: string): Promise<WebSocket> {
    const headers = { ...this.headers, Origin: this.house.url('') };
    const socket = new WebSocket(`ws://${this.house.address}/jupyter/${path}`, { headers });
    await once(socket, 'open');
    return socket;
  }

  async startKernel(): Promise<Kernel> {
    const { id } = (await (await this.call('POST', 'api/kernels')).json()) as { id: string };
    const session = randomUUID();
    return new Kernel(id, session, await this.socket(`api/kernels/${id}/channels?session_id=${session}`));
  }
}

interface Message {
  parent_header: { msg_id?: string };
  header: { msg_type: string };
  content: { data?: Record<string, string> };
}

/** A kernel over its WebSocket, by version 5 of Jupyter's messages. */
export class Kernel {
  constructor(
    readonly id: string,
    private readonly session: string,
    readonly socket: WebSocket,
  ) {}

  /** Sends code. @returns the id under which its answers come. */
  send(code: string): string {
    const id = randomUUID();
    const header = { msg_id: id, msg_type: 'execute_request', session: this.session, username: 'test' };
    const content = { code, silent: false, store_history: true, user_expressions: {}, allow_stdin: false };
    const dated = { ...header, version: '5.3', date: new Date().toISOString() };
    const message = {
      header: dated,
      parent_header: {},
      metadata: {},
      content,
      channel: 'shell',
      buffers: [],
    };
    this.socket.send(JSON.stringify(message));
    return id;
  }

  /** Computes an expression. @returns its result as text. */
  async compute(code: string): Promise<string> {
    const answers = on(this.socket, 'message', { close: ['close'] });
    const id = this.send(code);
    for await (const [data] of answers) {
      const { parent_header: parent, header, content } = JSON.parse(String(data)) as Message;
      if (parent.msg_id === id && header.msg_type === 'execute_result')
        return content.data?.['text/plain'] ?? '';
    }
    throw new Error('the WebSocket was closed before there was a result');
  }
}
