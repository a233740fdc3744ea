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
const FILES = ['jupyter_server_config.py', 'idle.py'];

interface ExampleFile {
  resources: { jupyter: { idle: { probe: object } } & Record<string, unknown> };
}

/** The example of Jupyter as it stands, but for its times: in a house of its own, with a home of its own. */
export function liveWithJupyter(
  idleAfter: string,
  body: (house: House, jupyter: Jupyter) => Promise<void>,
): Promise<void> {
  const { resources } = parse(readFileSync(join(EXAMPLE, 'reveille.yaml'), 'utf8')) as ExampleFile;
  const { jupyter } = resources;
  const idle = { ...jupyter.idle, after: idleAfter, probe: { ...jupyter.idle.probe, interval: '500ms' } };
  const token = randomBytes(16).toString('hex');
  const furnish = (folder: string) => {
    for (const name of FILES) cpSync(join(EXAMPLE, name), join(folder, name));
    // Of the user who runs the tests, who may be root: the example keeps Jupyter's refusal of that.
    mkdirSync(join(folder, '.jupyter'));
    const own = { ServerApp: { allow_root: true } };
    writeFileSync(join(folder, '.jupyter/jupyter_config.json'), JSON.stringify(own));
    const PATH = [dirname(engine('jupyter')), process.env.PATH].join(delimiter);
    return { PATH, HOME: folder, JUPYTER_TOKEN: token };
  };
  return House.live({ resources: { jupyter: { ...jupyter, idle } }, furnish }, (house) =>
    body(house, new Jupyter(house, token)),
  );
}

/** Speaks to Jupyter as its own front end does, through the proxy. */
export class Jupyter {
  constructor(
    private readonly house: House,
    private readonly token: string,
  ) {}

  /** @param path below /jupyter/ */
  async call(method: string, path: string): Promise<Response> {
    const headers = { Authorization: `token ${this.token}` };
    const response = await fetch(this.house.url(`/jupyter/${path}`), { method, headers });
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
    return response;
  }

  /** Opens a WebSocket below /jupyter/. */
  async socket(path: string): Promise<WebSocket> {
    const headers = { Authorization: `token ${this.token}`, Origin: this.house.url('') };
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
