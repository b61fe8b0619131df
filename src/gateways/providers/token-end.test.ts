/** The tokens that are sent to a service to end access, by the time of their expiry. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { clockSkewMs, type TokenGrant } from '../../core/providers/grant.ts';
import type { PresetName } from '../../core/providers/provider-description.ts';
import { presets } from './presets.ts';
import { createProviderHttp } from './provider-http.ts';

const now = Date.parse('2026-03-02T12:00:00Z');
const tokens: TokenGrant = {
  kind: 'tokens',
  clientId: 'client-1',
  accessToken: 'access-1',
  refreshToken: 'refresh-1',
  expiresAt: now,
  account: '42',
};

/** Ends the grant; returns the tokens that were sent and the result. */
async function end(name: PresetName, grant: TokenGrant, status: number) {
  const sent: string[] = [];
  const http = createProviderHttp({
    async fetch(_, init = {}) {
      const token = new URLSearchParams(String(init.body ?? '')).get('token');
      sent.push(token ?? String(new Headers(init.headers).get('authorization')));
      return new Response(null, { status });
    },
  });
  const credentials = { clientId: 'client-1', clientSecret: 'secret-1' };
  const provider = presets[name]({ credentials, http, clock: { now: () => now, elapsed: () => now } });
  return { answer: (await provider.end(grant)).kind, sent };
}

describe('a revocation endpoint', () => {
  test('also gets an access token that has just expired, because its clock may be behind', async () => {
    for (const late of [0, clockSkewMs - 1]) {
      const { answer, sent } = await end('strava', { ...tokens, expiresAt: now - late }, 200);
      assert.deepEqual([answer, sent], ['ended', ['refresh-1', 'access-1']]);
    }
  });

  test('gets the refresh token alone once the access token has expired by any clock', async () => {
    const { answer, sent } = await end('strava', { ...tokens, expiresAt: now - clockSkewMs }, 200);
    assert.deepEqual([answer, sent], ['ended', ['refresh-1']]);
  });
});

describe('a call that takes an access token', () => {
  test('is not sent with an expired token where a refresh is possible', async () => {
    const { answer, sent } = await end('whoop', tokens, 204);
    assert.deepEqual([answer, sent], ['stale', []]);
  });

  test('is sent with the present token where a refresh is not possible', async () => {
    const single = { ...tokens, refreshToken: null };
    const worked = await end('polar', single, 204);
    assert.deepEqual([worked.answer, worked.sent], ['ended', ['Bearer access-1']]);
    const refused = await end('polar', single, 401);
    assert.deepEqual([refused.answer, refused.sent], ['stale', ['Bearer access-1']]);
    const out = await end('polar', { ...single, expiresAt: now - clockSkewMs }, 204);
    assert.deepEqual([out.answer, out.sent], ['stale', []]);
  });
});
