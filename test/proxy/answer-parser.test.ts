import assert from 'node:assert/strict';
import { test } from 'node:test';
import { InvalidAnswer } from '../../proxy/answer-head.js';
import { bytewise, readAnswer } from '../kit/answer-sink.js';

const read = (text: string, isHead = false) => readAnswer([Buffer.from(text, 'latin1')], isHead);
const CHUNKED = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n';

const REFUSED: Record<string, string> = {
  'a coding before chunked': 'HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n',
  'chunked twice':
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
  'a coding in HTTP/1.0': 'HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
  'the same length twice': 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nok',
  'a list of lengths': 'HTTP/1.1 200 OK\r\nContent-Length: 2, 2\r\n\r\nok',
  'a signed length': 'HTTP/1.1 200 OK\r\nContent-Length: +2\r\n\r\nok',
  'an empty length': 'HTTP/1.1 200 OK\r\nContent-Length:\r\n\r\n',
  'a length beyond exact numbers': 'HTTP/1.1 200 OK\r\nContent-Length: 9007199254740993\r\n\r\n',
  'a stray CRLF before the head': '\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n',
  'a stray CR before the end of a line': 'HTTP/1.1 200 OK\r\nX-A: b\r\r\nContent-Length: 0\r\n\r\n',
  'a bare LF between fields': 'HTTP/1.1 200 OK\r\nX-A: b\nContent-Length: 0\r\n\r\n',
  'bare LFs only': 'HTTP/1.1 200 OK\nContent-Length: 0\n\n',
  'a bare CR in a value': 'HTTP/1.1 200 OK\r\nX-A: b\rX-B: c\r\n\r\n',
  'a folded field': 'HTTP/1.1 200 OK\r\nX-A: b\r\n c\r\n\r\n',
  'a NUL in a value': 'HTTP/1.1 200 OK\r\nX-A: b\0c\r\n\r\n',
  'a blank before the colon': 'HTTP/1.1 200 OK\r\nContent-Length : 0\r\n\r\n',
  'a field without a name': 'HTTP/1.1 200 OK\r\n: b\r\n\r\n',
  'a line without a colon': 'HTTP/1.1 200 OK\r\nnonsense\r\n\r\n',
  'a status of two digits': 'HTTP/1.1 20 OK\r\n\r\n',
  'a status below 100': 'HTTP/1.1 099 OK\r\n\r\n',
  'another version': 'HTTP/2.0 200 OK\r\n\r\n',
  'a switch of protocols': 'HTTP/1.1 101 Switching Protocols\r\n\r\n',
  'a huge chunk': `${CHUNKED}FFFFFFFFFFFFFFFF\r\n`,
  'a chunk size of zeros without end': `${CHUNKED}${'0'.repeat(20)}\r\n\r\n`,
  'a chunk without a size': `${CHUNKED}\r\nok\r\n`,
  'a chunk size with 0x': `${CHUNKED}0x2\r\nok\r\n0\r\n\r\n`,
  'a negative chunk size': `${CHUNKED}-1\r\nok\r\n0\r\n\r\n`,
  'a blank after a chunk size': `${CHUNKED}2 \r\nok\r\n0\r\n\r\n`,
  'a chunk longer than its size': `${CHUNKED}2\r\nokk\r\n0\r\n\r\n`,
  'a chunk ended by LF': `${CHUNKED}2\r\nok\n0\r\n\r\n`,
  'a chunk size ended by LF': `${CHUNKED}2\nok\r\n0\r\n\r\n`,
  'a bare LF in a chunk extension': `${CHUNKED}2;a\nb\r\nok\r\n0\r\n\r\n`,
  'a chunk extension without end': `${CHUNKED}2;${'a'.repeat(5000)}`,
  'a trailer that is no field': `${CHUNKED}0\r\nnonsense\r\n\r\n`,
  'trailers without end': `${CHUNKED}0\r\n${'X-A: b\r\n'.repeat(3000)}\r\n`,
  'a head without end': `HTTP/1.1 200 OK\r\n${'X-A: b\r\n'.repeat(9000)}`,
};
for (const [name, text] of Object.entries(REFUSED)) {
  test(`an answer with ${name} is refused, in one piece and bytewise`, () => {
    assert.throws(() => read(text), InvalidAnswer);
    assert.throws(() => readAnswer(bytewise(text)), InvalidAnswer);
  });
}

test('chunk extensions are skipped and trailers kept', () => {
  const { body, trailers, done, keepAlive } = read(
    `${CHUNKED}2;a=b;c="d"\r\nok\r\n00A;x\r\n0123456789\r\n0;last\r\nX-Sum: 7 \r\n\r\n`,
  );
  assert.equal(body, 'ok0123456789');
  assert.deepEqual(trailers, ['X-Sum', '7']);
  assert.ok(done && keepAlive);
});

test('every 1xx before an answer is told, and none ends it', () => {
  const answer = read(
    'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 102\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok',
  );
  assert.deepEqual(answer.interim, [100, 103, 102]);
  assert.equal(answer.head?.status, 200);
  assert.equal(answer.body, 'ok');
});

test('an empty head is an answer whose body the end of the connection delimits', () => {
  const answer = read('HTTP/1.1 200 OK\r\n\r\nContent-Length: 0\r\n\r\n');
  assert.equal(answer.body, 'Content-Length: 0\r\n\r\n');
  assert.ok(answer.done && !answer.keepAlive);
});

for (const [name, text, isHead] of [
  ['a HEAD', 'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n', true],
  ['204', 'HTTP/1.1 204 No Content\r\nContent-Length: 9\r\n\r\n', false],
  ['304', 'HTTP/1.1 304 Not Modified\r\nTransfer-Encoding: chunked\r\n\r\n', false],
] as const) {
  test(`the answer to ${name} has no body, and what follows is not its own`, () => {
    assert.ok(read(text, isHead).keepAlive);
    const { body, rest, keepAlive } = read(`${text}extra`, isHead);
    assert.deepEqual({ body, rest, keepAlive }, { body: '', rest: 5, keepAlive: false });
  });
}

test('a body that is cut short is not complete', () => {
  for (const text of [
    'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nok',
    `${CHUNKED}2\r\nok\r\n`,
    'HTTP/1.1 200 OK\r\n',
  ]) {
    assert.equal(read(text).done, false);
  }
});

test('a connection is used again only where both sides know that they may', () => {
  const ends = (fields: string, version = '1.1'): boolean =>
    read(`HTTP/${version} 200 OK\r\n${fields}Content-Length: 0\r\n\r\n`).keepAlive;
  assert.ok(ends('') && ends('Connection: keep-alive\r\n'));
  assert.ok(!ends('Connection: Close\r\n') && !ends('Connection: x, close\r\n'));
  assert.ok(!ends('Connection: keep-alive\r\n', '1.0'));
});
