import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { readMembers } from './answer-body.ts';
import { meaningOf, saysUnknownToken } from './refusal-codes.ts';

const read = (body: unknown) =>
  readMembers(new Response(typeof body === 'string' ? body : JSON.stringify(body)));

async function kindOf(body: unknown): Promise<string | null> {
  return meaningOf(await read(body))?.kind ?? null;
}

describe('a code', () => {
  test('counts wherever a service puts it, in any spelling', async () => {
    for (const body of [
      { error: 'INVALID_GRANT ' },
      { Error: 'InvalidGrant' },
      { error: ['invalid_grant'] },
      [{ error: 'invalid_grant' }],
      { error: { status: 'INVALID_GRANT', code: 400 } },
      { data: { error: { reason: 'x', code: 'invalid-grant' } } },
      { fault: { faultstring: 'no', detail: { errorcode: 'oauth.v2.InvalidRefreshToken' } } },
      { type: 'https://service.example/problems/invalid-grant', status: 400 },
      { error: 'invalid_grant: Token has been expired or revoked.' },
      { message: 'Invalid refresh token' },
      { error_description: 'Invalid refresh token.' },
      { error: 'invalid_request', error_description: 'Refresh token expired' },
      { error: 'invalid_request', error_description: 'refresh_token is not valid' },
      { error_description: 'The refresh token has expired. Ask the person again.' },
      { title: 'Bad Request', detail: 'Refresh token is invalid or revoked' },
      { code: 'token_not_valid', detail: 'x' },
      { error: 1_101, error_description: 'invalid refresh_token' },
      { error: 'bad_verification_code' },
      { error: 'authorization_code_expired' },
      { error_code: 'refresh_token_already_used' },
      'invalid_grant',
      '"invalid_grant"',
      JSON.stringify(JSON.stringify({ error: 'invalid_grant' })),
      '{"error":"invalid_grant","error_descr',
    ]) {
      assert.equal(await kindOf(body), 'unknown_grant', JSON.stringify(body));
    }
  });

  test('of the client is no code of the grant', async () => {
    for (const body of [
      { error: 'invalid_client' },
      { error: 'invalid_client', error_description: 'Invalid refresh token' },
      { error: 'incorrect_client_credentials' },
      { error: 'unauthorized', error_description: 'Bad client credentials' },
      { message: 'Invalid client secret.' },
      { errors: [{ errorType: 'invalid_client', message: 'invalid_grant' }] },
    ]) {
      assert.equal(await kindOf(body), 'wrong_client', JSON.stringify(body));
      const response = new Response(null, { status: 401 });
      assert.ok(!saysUnknownToken(response, await read(body)), JSON.stringify(body));
    }
  });

  test('of a busy service is no code of the grant', async () => {
    for (const body of [
      { error: 'temporarily_unavailable' },
      { message: 'Rate Limit Exceeded', errors: [{ resource: 'Application', code: 'exceeded' }] },
      { detail: 'Request was throttled. Expected available in 60 seconds.' },
      { error: { code: 'TooManyRequests' } },
      { error: 'Internal Server Error' },
    ]) {
      assert.equal(await kindOf(body), 'busy', JSON.stringify(body));
    }
  });

  test('of another thing is no code of the grant', async () => {
    for (const body of [
      { error: 'invalid_request', error_description: 'The grant type is unknown' },
      { error: 'invalid_scope', error_description: 'token' },
      { error: 'x', message: 'Invalid token' },
      { error: 'x', message: 'refresh token is valid' },
      { error: 'invalid_redirect_uri' },
      { error: 'status code invalid for refresh' },
    ]) {
      assert.equal(await kindOf(body), 'unclear', JSON.stringify(body));
    }
  });

  test('about the token may be a sentence where access is ended', async () => {
    for (const body of [
      { error: 'invalid_request', error_description: 'Token is invalid or expired' },
      { message: 'The access token has been revoked.' },
      { error: { message: 'Access token not found (404)' } },
      { code: 'TokenExpired' },
    ]) {
      assert.ok(
        saysUnknownToken(new Response(null, { status: 400 }), await read(body)),
        JSON.stringify(body),
      );
    }
    for (const body of [
      { message: 'Token type is unknown' },
      { message: 'token is valid' },
      { error: 'invalid' },
    ]) {
      assert.ok(
        !saysUnknownToken(new Response(null, { status: 400 }), await read(body)),
        JSON.stringify(body),
      );
    }
  });

  test('is in a challenge with quotes or without', () => {
    for (const challenge of [
      'Bearer realm="x", error="invalid_token", error_description="revoked"',
      'Bearer error=invalid_token',
      "Bearer error='invalid_token'",
      'Basic realm="x", Bearer Error = "invalid_token"',
    ]) {
      const headers = { 'www-authenticate': challenge };
      assert.ok(saysUnknownToken(new Response(null, { status: 401, headers }), {}), challenge);
    }
    for (const challenge of [
      'Bearer',
      'Bearer error="insufficient_scope"',
      'Bearer x_error="invalid_token"',
    ]) {
      const headers = { 'www-authenticate': challenge };
      assert.ok(!saysUnknownToken(new Response(null, { status: 401, headers }), {}), challenge);
    }
  });
});

describe('a body', () => {
  test('says of an error in many forms', async () => {
    for (const body of [
      { error: 'x' },
      { error: true },
      { error: 400 },
      { errors: ['x'] },
      { errorCode: 'E17' },
      { success: false },
      { ok: false },
      { status: 'error', message: 'x' },
      'error=x&error_description=y',
    ]) {
      assert.equal(await kindOf(body), 'unclear', JSON.stringify(body));
    }
  });

  test('says of none without one', async () => {
    for (const body of [
      {},
      '',
      'OK',
      'true',
      'null',
      '<!doctype html><title>Ready</title>',
      { error: null, errors: [] },
      { error: '', errors: {} },
      { success: true, status: 'ok' },
      { message: 'The token is revoked', code: 200 },
    ]) {
      assert.equal(await kindOf(body), null, JSON.stringify(body));
    }
  });

  test('of any size and depth is read quickly', async () => {
    const started = performance.now();
    for (const body of [
      '['.repeat(5_000) + ']'.repeat(5_000),
      `{"a":"${'\\"'.repeat(80_000)}`,
      '"a":"'.repeat(50_000),
      `[${'{"error":"x"},'.repeat(15_000)}0]`,
      'a: '.repeat(80_000),
    ]) {
      await kindOf(body);
    }
    assert.ok(performance.now() - started < 2_000);
  });
});
