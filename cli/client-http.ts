import { type ClientRequest, type IncomingMessage, request } from 'node:http';
import { defaultConfigFile, loadConfig, splitAddress } from '../config/index.js';
import { CLIENT_HEADER, RESOURCES_PATH } from '../control/contract.js';
import { callable } from '../control/links.js';
import { tokenOf } from '../control/settings.js';
import { catalogue, type ErrorCode, ReveilleError } from '../errors/index.js';

/** Answers that wait for nothing come by then, with Temporal down too. */
const ANSWER_MS = 20_000;
const MAX_ANSWER_BYTES = 64 * 1024 * 1024;

export interface CallOptions {
  method?: 'GET' | 'POST' | 'DELETE';
  /** Sent as JSON. */
  body?: object;
  headers?: Record<string, string>;
  /** The answer may take as long as it takes. */
  patient?: boolean;
}

/** Speaks to the control address of the Reveille that a configuration describes. */
export class ControlClient {
  private constructor(
    private readonly address: { host: string; port: number },
    private readonly token: string | undefined,
    private readonly root: string,
  ) {}

  /**
   * @param file undefined: the reveille.yaml of this folder.
   * @param root what paths are below. @throws ReveilleError CONFIG_…
   */
  static of(file: string | undefined, root = RESOURCES_PATH): ControlClient {
    const config = loadConfig(file ?? defaultConfigFile(process.cwd()));
    const { host, port } = splitAddress(config.control.listen);
    return new ControlClient({ host: callable(host), port }, tokenOf(config), root);
  }

  /**
   * @param path below the root, its parts encoded.
   * @throws ReveilleError what the API answered, or CONTROL_UNREACHABLE.
   */
  async json<T>(path: string, options: CallOptions = {}): Promise<T> {
    const response = await this.open(path, options);
    return JSON.parse(await textOf(response)) as T;
  }

  /** As `json`, with the body still to be read. */
  open(path: string, options: CallOptions = {}): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      const outgoing = this.send(path, options);
      const late = () => outgoing.destroy(new Error(`no answer within ${ANSWER_MS / 1000} s`));
      const timer = options.patient ? undefined : setTimeout(late, ANSWER_MS);
      outgoing.once('close', () => clearTimeout(timer));
      outgoing.once('error', (error) => reject(this.unreachable(error)));
      outgoing.once('response', (response) => {
        clearTimeout(timer);
        const { statusCode = 0 } = response;
        if (statusCode < 400) resolve(response);
        else textOf(response).then((text) => reject(problemOf(statusCode, text)), reject);
      });
    });
  }

  private send(path: string, { method = 'GET', body, headers = {} }: CallOptions): ClientRequest {
    const text = body === undefined ? undefined : JSON.stringify(body);
    const outgoing = request({
      ...this.address,
      method,
      path: this.root + path,
      agent: false,
      headers: {
        [CLIENT_HEADER]: 'cli',
        ...headers,
        ...(this.token === undefined ? {} : { authorization: `Bearer ${this.token}` }),
        ...(text === undefined
          ? {}
          : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) }),
      },
    });
    outgoing.end(text);
    return outgoing;
  }

  private unreachable(cause: Error): ReveilleError {
    const { host, port } = this.address;
    const why = 'code' in cause && cause.code === 'ECONNREFUSED' ? 'nothing listens there' : cause.message;
    return new ReveilleError(
      'CONTROL_UNREACHABLE',
      `No answer from the control address ${host}:${port}: ${why}`,
      {
        cause,
      },
    );
  }
}

async function textOf(response: IncomingMessage): Promise<string> {
  let text = '';
  response.setEncoding('utf8');
  for await (const chunk of response) {
    text += chunk;
    if (text.length > MAX_ANSWER_BYTES) throw new ReveilleError('INTERNAL', 'The answer is too large');
  }
  return text;
}

/** The error that the control address told, as if it had happened here. */
function problemOf(status: number, text: string): ReveilleError {
  const problem = parsed(text);
  const code =
    typeof problem.code === 'string' && Object.hasOwn(catalogue, problem.code) ? problem.code : 'INTERNAL';
  const detail =
    typeof problem.detail === 'string' ? problem.detail : `The control address answered ${status}`;
  return new ReveilleError(code as ErrorCode, detail, {
    ...(typeof problem.retryIn === 'number' ? { retryInMs: problem.retryIn } : {}),
    ...(typeof problem.log === 'string' ? { log: problem.log } : {}),
  });
}

function parsed(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
