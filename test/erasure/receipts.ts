/**
 * Receipts as a client sees them: their parts, their claims, and whether the keys at the well-known address have
 * signed them.
 */
import assert from 'node:assert/strict';
import { type Jwks, type ReceiptClaims, verifyReceipt } from '../../src/core/erasure/receipt.ts';
import type { Reply } from '../support/server/http.ts';
import type { Roster } from '../support/server/start.ts';

/** The claims of a receipt that one of the keys has signed; fails the test otherwise. */
export function claimsIn(receipt: string, jwks: Jwks): ReceiptClaims {
  const result = verifyReceipt(receipt, jwks);
  assert.ok('claims' in result, 'fault' in result ? result.fault : '');
  return result.claims;
}

/** The keys at the well-known address. */
export async function fetchKeys({ baseUrl }: Pick<Roster, 'baseUrl'>): Promise<Jwks> {
  const answer = await fetch(`${baseUrl}/.well-known/jwks.json`);
  assert.equal(answer.status, 200);
  assert.match(answer.headers.get('content-type') ?? '', /^application\/json/);
  const jwks: Jwks = Object(await answer.json());
  return jwks;
}

/** `GET /v1/erasures/{id}` with the admin key of the tenant. */
export function askErasure(roster: Roster, id: string, tenant = roster.organization): Promise<Reply> {
  return roster.call(`GET /sonar/v1/erasures/${id}`, { bearer: tenant.apiKeys.admin });
}

/** The receipt of an erasure, which is complete once the jobs have nothing left to do. */
export async function receiptOf(roster: Roster, id: string): Promise<string> {
  await roster.settle();
  const reply = await askErasure(roster, id);
  assert.equal(reply.at('data.state'), 'complete', reply.text);
  return reply.string('data.receipt');
}
