/** An issuer of tokens: key pairs, signatures, and a server that gives its public keys away. */
import { randomUUID } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import type { TestContext } from 'node:test';
import { type CryptoKey, exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose';
import { httpServer } from './http-server.js';

export const ISSUER = 'https://issuer.example';
export const AUDIENCE = 'reveille';

export interface Key {
  kid: string;
  alg: string;
  privateKey: CryptoKey;
  publicJwk: JWK;
}

export async function newKey(alg = 'ES256'): Promise<Key> {
  const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true });
  const kid = randomUUID();
  return { kid, alg, privateKey, publicJwk: { ...(await exportJWK(publicKey)), kid, alg, use: 'sig' } };
}

/** What a token says; without times it is good for an hour. */
export type Said = Record<string, unknown>;

export function sign(key: Key, said: Said, header: object = {}): Promise<string> {
  const now = Math.floor(Date.now() / 1000);
  const claims = { iss: ISSUER, aud: AUDIENCE, exp: now + 3600, ...said };
  return new SignJWT(claims)
    .setProtectedHeader({ alg: key.alg, kid: key.kid, ...header })
    .sign(key.privateKey);
}

/** A token made by hand: what it is signed with is up to the test. */
export function handMade(header: object, said: Said, signature: string): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  return `${part(header)}.${part({ iss: ISSUER, aud: AUDIENCE, exp: 4e9, ...said })}.${signature}`;
}

export interface KeyServer {
  url: string;
  keys: Key[];
  /** How often the keys were fetched. */
  requests(): number;
  /** Answers in place of the keys. */
  answer: ((response: ServerResponse) => void) | undefined;
}

export async function keyServer(t: TestContext, ...keys: Key[]): Promise<KeyServer> {
  const { endpoint, requests } = await httpServer(t, (_request, response) => {
    if (given.answer !== undefined) given.answer(response);
    else response.end(JSON.stringify({ keys: given.keys.map(({ publicJwk }) => publicJwk) }));
  });
  const url = `http://127.0.0.1:${endpoint.port}/keys`;
  const given: KeyServer = { url, keys, requests, answer: undefined };
  return given;
}
