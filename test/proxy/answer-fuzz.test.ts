import assert from 'node:assert/strict';
import { test } from 'node:test';
import { InvalidAnswer } from '../../proxy/answer-head.js';
import { bytewise, type ReadAnswer, readAnswer } from '../kit/answer-sink.js';
import { mutated, pieces, randomNumbers } from '../kit/fuzz.js';

const ROUNDS = 4000;
const SEEDS = [
  'HTTP/1.1 200 OK\r\nServer: x\r\nContent-Length: 5\r\nVary: a\r\n\r\nhello',
  'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;e=1\r\nhello\r\nA\r\n0123456789\r\n0\r\nX-T: 1\r\n\r\n',
  'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 404 Not Found\r\nConnection: close\r\n\r\nall the rest',
  'HTTP/1.1 204 No Content\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n',
];
/** What parsers stumble over. */
const BITS = [
  '\r\n',
  '\r',
  '\n',
  '\r\n\r\n',
  ' ',
  '\t',
  ':',
  '0',
  'f',
  ';',
  ',',
  '\0',
  '\xff',
  'chunked',
  '-',
  '1e9',
];

function outcome(parts: Buffer[]): ReadAnswer | 'refused' {
  try {
    return readAnswer(parts);
  } catch (error) {
    assert.ok(error instanceof InvalidAnswer, String(error));
    return 'refused';
  }
}

test('however broken an answer is and wherever it is cut, it is read alike or refused by name', () => {
  const random = randomNumbers(20261121);
  let refused = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const text = mutated(SEEDS[random(SEEDS.length)] ?? '', BITS, random);
    const whole = outcome([Buffer.from(text, 'latin1')]);
    for (const parts of [bytewise(text), pieces(text, random)]) {
      const inPieces = outcome(parts);
      // A refusal may come earlier or later, but never not at all.
      if (whole === 'refused' || inPieces === 'refused') assert.equal(inPieces, whole, JSON.stringify(text));
      else assert.deepEqual(inPieces, whole, JSON.stringify(text));
    }
    if (whole === 'refused') refused++;
  }
  assert.ok(refused > ROUNDS / 10 && refused < ROUNDS, `${refused} refused`);
});

test('what a head lets through could not be read as more or fewer fields', () => {
  const random = randomNumbers(7);
  for (let round = 0; round < ROUNDS; round++) {
    const answer = outcome([Buffer.from(mutated(SEEDS[0] ?? '', BITS, random), 'latin1')]);
    if (answer === 'refused') continue;
    for (const part of answer.head?.fields ?? []) assert.doesNotMatch(part, /[\r\n\0]|^[ \t]|[ \t]$/);
  }
});
