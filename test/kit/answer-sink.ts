/** Reads answers as the proxy does, cut into pieces at will, and tells what came out. */
import type { AnswerHead } from '../../proxy/answer-head.js';
import { AnswerParser, type AnswerSink } from '../../proxy/answer-parser.js';

export interface ReadAnswer {
  /** Statuses of 1xx that came before. */
  interim: number[];
  head: AnswerHead | undefined;
  body: string;
  trailers: readonly string[];
  /** Complete, perhaps by the end of the connection. */
  done: boolean;
  /** The connection might be used again, as far as the answer goes. */
  keepAlive: boolean;
  /** Bytes after the answer. */
  rest: number;
}

/**
 * @param pieces of what the instance sends on one connection, which it ends then.
 * @throws InvalidAnswer
 */
export function readAnswer(pieces: readonly Buffer[], isHead = false): ReadAnswer {
  const parser = new AnswerParser();
  const out: ReadAnswer = {
    interim: [],
    head: undefined,
    body: '',
    trailers: [],
    done: false,
    keepAlive: false,
    rest: 0,
  };
  const sink: AnswerSink = {
    interim: ({ status }) => out.interim.push(status),
    head: (head) => {
      out.head = head;
    },
    data: (bytes, from, to) => {
      out.body += bytes.toString('latin1', from, to);
    },
  };
  parser.begin(isHead);
  for (const piece of pieces) {
    const taken = parser.done ? 0 : parser.read(inUsedBuffer(piece), piece.length, sink);
    out.rest += piece.length - taken;
  }
  out.keepAlive = parser.done && parser.keepAlive && out.rest === 0;
  out.done = parser.end();
  out.trailers = parser.trailers;
  return out;
}

/** As connections read: into a buffer in which more stands than was read. */
function inUsedBuffer(piece: Buffer): Buffer {
  return Buffer.concat([piece, Buffer.from('\r\n\r\nHTTP/1.1 200 OK\r\n\r\n0\r\n\r\n')]);
}

/** Every byte by itself. */
export function bytewise(text: string): Buffer[] {
  return [...Buffer.from(text, 'latin1')].map((byte) => Buffer.from([byte]));
}
