/** Answers of providers that depart from OAuth: what they prove, to the end states in the database. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { refreshRefusalsMax } from '../../src/core/providers/connection.ts';
import { acme, given, openScripted, type Scripted, type ScriptedDeployment } from './scripted-deployment.ts';

const hourMs = 3_600_000;

/** Its own form of every refusal. */
const odd = {
  ...acme,
  name: 'odd',
  title: 'Odd',
  answers: {
    gone: [{ failure: { about: 'grant' } }, { problems: ['no grant'] }],
    notGiven: [{ failure: { about: 'client' } }],
    noSuchToken: [{ failure: { about: 'token' } }],
  },
};
/** Ends by a call of its own. */
const calling = {
  ...acme,
  name: 'calling',
  title: 'Calling',
  end: {
    kind: 'call',
    method: 'DELETE',
    url: 'https://calling.example/access',
    token: 'bearer',
    covers: 'grant',
  },
} as const;

let scripted: ScriptedDeployment;
before(async () => {
  scripted = await openScripted([odd, calling]);
});
after(() => scripted.close());

const errors = (...list: readonly object[]): unknown => ({ success: false, errors: list });
const strava = (resource: string, field: string, code: string): unknown => ({
  message: 'Bad Request',
  errors: [{ resource, field, code }],
});
const page = '<!doctype html><title>Forbidden</title>';

/** The connection after a refresh that was answered so. */
async function refreshed(provider: string, answer: Scripted, before: unknown = given) {
  const { user, id } = await scripted.connect(provider, before);
  scripted.deployment.clock.advance(hourMs);
  scripted.answer(() => answer);
  await scripted.work();
  return { user, id, connection: await scripted.connectionOf(id) };
}

/** No later test meets what is still due. */
async function finish({
  user,
  id,
}: {
  readonly user: Parameters<typeof scripted.erase>[0];
  readonly id: string;
}) {
  scripted.answer(() => ({}));
  const state = await scripted.erase(user);
  for (let hour = 0; hour < 2; hour += 1) {
    await scripted.work();
    scripted.deployment.clock.advance(hourMs);
  }
  assert.equal(await state(), 'complete');
  assert.ok(scripted.revocationsOf(id).every((row) => row['state'] === 'confirmed'));
}

describe('a refresh that says that the grant is gone', () => {
  const cases: readonly (readonly [provider: string, answer: Scripted])[] = [
    [
      'fitbit',
      { status: 400, body: errors({ errorType: 'invalid_grant', message: 'Refresh token invalid' }) },
    ],
    ['fitbit', { status: 401, body: errors({ errorType: 'invalid_token' }) }],
    ['acme', { status: 400, body: errors({ errorType: 'invalid_grant' }) }],
    ['strava', { status: 400, body: strava('RefreshToken', 'refresh_token', 'invalid') }],
    ['acme', { status: 400, body: { error_code: 'refresh_token_not_found' } }],
    ['acme', { status: 400, body: { error: { code: 'invalid_grant', message: 'no' } } }],
    ['acme', { status: 400, body: { error: 'Invalid Grant' } }],
    ['acme', { status: 400, body: { errors: ['invalid-grant'] } }],
    ['acme', { status: 403, body: { code: 'InvalidRefreshToken' } }],
    ['acme', { status: 400, body: { error: 'invalid_request', detail: 'refresh_token is not valid' } }],
    ['acme', { status: 401, body: { error: 'token_inactive' } }],
    ['acme', { status: 400, body: 'error=invalid_grant&error_description=gone' }],
    ['acme', { status: 400, body: '{"error":"invalid_grant"}' }],
    ['acme', { status: 200, body: { error: 'invalid_grant' } }],
    ['acme', { status: 200, body: { error: 'bad_refresh_token' } }],
    ['odd', { status: 422, body: { failure: { about: 'grant', text: 'x' } } }],
    ['odd', { status: 500, body: { problems: ['other', 'no grant'] } }],
  ];
  for (const [provider, answer] of cases) {
    test(`${provider} with ${answer.status} ${JSON.stringify(answer.body)}`, async () => {
      const { connection } = await refreshed(provider, answer);
      assert.deepEqual(
        [connection.status, connection.refreshOutcome, connection.unanswered, connection.refreshAt],
        ['needs_user', 'gone', 0, null],
      );
    });
  }

  test('Withings, with its own status', async () => {
    for (const body of [
      { status: 503, body: {}, error: 'Invalid Params: invalid refresh_token' },
      { status: 401, body: {}, error: 'invalid_grant: refresh token expired' },
    ]) {
      assert.equal((await refreshed('withings', { body })).connection.status, 'needs_user');
    }
  });
});

describe('a refresh that is refused without a known reason', () => {
  for (const answer of [
    { status: 400, body: { error: 'invalid_request', error_description: 'refresh_token is missing' } },
    { status: 400, body: { errors: { refresh_token: ['is invalid'] } } },
    { status: 400 },
    { status: 401, body: page },
    { status: 403, body: page },
    { status: 404, body: { message: 'Not Found' } },
    { status: 200, body: { error: 'something' } },
    { status: 200, body: page },
    { status: 302, headers: { location: 'https://acme.example/login' } },
  ] as const satisfies readonly Scripted[]) {
    test(`with ${answer.status} ${JSON.stringify('body' in answer ? answer.body : '')} is tried ${refreshRefusalsMax} times, and then the person must come again`, async () => {
      const { user, id, connection } = await refreshed('acme', answer);
      const isAnswered = answer.status >= 400 || ('body' in answer && answer.body !== page);
      assert.deepEqual([connection.status, connection.unanswered], ['active', isAnswered ? 0 : 1]);
      const asked = scripted.asked.length;
      for (let hour = 0; hour < refreshRefusalsMax + 2; hour += 1) {
        scripted.deployment.clock.advance(hourMs);
        await scripted.work();
      }
      const { status, refreshAt, sealedGrants } = await scripted.connectionOf(id);
      assert.deepEqual([status, refreshAt], ['needs_user', null]);
      assert.equal(scripted.asked.length, asked + refreshRefusalsMax - 1);
      // The tokens may be valid, so they stay until they are revoked.
      assert.notEqual(sealedGrants, null);
      if (isAnswered) await finish({ user, id });
    });
  }

  test('keeps its tokens beside those of the next grant, and all of them are revoked', async () => {
    const { user, id } = await refreshed('acme', { status: 403, body: page });
    for (let hour = 0; hour < refreshRefusalsMax; hour += 1) {
      scripted.deployment.clock.advance(hourMs);
      await scripted.work();
    }
    const again = await scripted.visit(user, 'acme');
    assert.equal(again.id, id);
    scripted.answer(() => ({ body: { ...given, access_token: 'access-2', refresh_token: 'refresh-2' } }));
    assert.equal(await scripted.comeBack(again.parameters), 'connected');
    const asked = scripted.asked.length;
    await finish({ user, id });
    const revoked = scripted.asked.slice(asked).map(({ form }) => form['token']);
    assert.ok(
      ['refresh-1', 'refresh-2', 'access-2'].every((token) => revoked.includes(token)),
      String(revoked),
    );
  });
});

describe('a refresh that says nothing about the grant', () => {
  for (const [provider, answer] of [
    ['acme', { status: 500, body: page }],
    ['acme', { status: 503 }],
    ['acme', { status: 408 }],
    ['acme', { status: 425 }],
    ['acme', { status: 429, body: { error: 'too_many_requests' } }],
    ['acme', { status: 400, body: { error: 'temporarily_unavailable' } }],
    ['acme', { status: 401, body: { error: 'invalid_client' } }],
    ['fitbit', { status: 401, body: errors({ errorType: 'invalid_client' }) }],
    ['strava', { status: 401, body: strava('Application', 'client_id', 'invalid') }],
    ['odd', { status: 400, body: { failure: { about: 'client' } } }],
    ['withings', { body: { status: 601, body: {}, error: 'Too Many Requests' } }],
  ] as const) {
    test(`${provider} with ${answer.status ?? 200} ${JSON.stringify('body' in answer ? answer.body : '')} is tried again without an end`, async () => {
      const { user, id } = await refreshed(provider, answer);
      for (let hour = 0; hour < refreshRefusalsMax + 2; hour += 1) {
        scripted.deployment.clock.advance(hourMs);
        await scripted.work();
      }
      assert.equal((await scripted.connectionOf(id)).status, 'active');
      scripted.answer(() => ({ body: provider === 'withings' ? { status: 0, body: given } : given }));
      scripted.deployment.clock.advance(hourMs);
      await scripted.work();
      const { refreshFailures, unanswered, refreshAt } = await scripted.connectionOf(id);
      assert.deepEqual([refreshFailures, unanswered], [0, 0]);
      assert.ok(refreshAt !== null);
      await scripted.disconnect(user, id);
      scripted.answer(({ form }) => ({ body: form['action'] ? { status: 0, body: { nonce: 'n' } } : {} }));
      await scripted.work();
      assert.equal((await scripted.connectionOf(id)).status, 'revoked');
    });
  }
});

describe('tokens in an answer that departs from the standard', () => {
  const whole = 'access_token=access-1&refresh_token=refresh-1&expires_in=3600&scope=a%2Cb';
  const cases: readonly (readonly [what: string, answer: Scripted, life: number | null])[] = [
    ['expires_in null', { body: { ...given, expires_in: null } }, null],
    ['expires_in "3600"', { body: { ...given, expires_in: '3600' } }, 3_600],
    ['expires_in 3600.5', { body: { ...given, expires_in: 3600.5 } }, 3_600.5],
    ['expires_in 0', { body: { ...given, expires_in: 0 } }, null],
    ['expires_in -1', { body: { ...given, expires_in: -1 } }, null],
    ['expires_in "abc"', { body: { ...given, expires_in: 'abc' } }, null],
    ['expires_in 1e300', { body: { ...given, expires_in: 1e300 } }, null],
    ['scope as a list', { body: { ...given, scope: ['a', 'b'] } }, 3_600],
    ['scope null', { body: { ...given, scope: null } }, 3_600],
    ['no token_type', { body: { ...given, token_type: undefined } }, 3_600],
    ['token_type bearer', { body: { ...given, token_type: 'bearer' } }, 3_600],
    ['token_type BEARER', { body: { ...given, token_type: 'BEARER' } }, 3_600],
    ['token_type null', { body: { ...given, token_type: null } }, 3_600],
    ['an id_token that is none', { body: { ...given, id_token: 7 } }, 3_600],
    ['status 201', { status: 201, body: given }, 3_600],
    ['status 202', { status: 202, body: given }, 3_600],
    ['an error beside the token', { body: { ...given, error: 'none' } }, 3_600],
    ['JSON as HTML', { body: `\uFEFF ${JSON.stringify(given)}` }, 3_600],
    ['a form', { body: whole, headers: { 'content-type': 'application/x-www-form-urlencoded' } }, 3_600],
    ['a form as text', { body: whole, headers: { 'content-type': 'text/plain' } }, 3_600],
    ['one level down', { body: { success: true, data: given } }, 3_600],
    ['in a list', { body: [{ result: [given] }] }, 3_600],
    ['cut off after the tokens', { body: JSON.stringify(given).slice(0, -3) }, 3_600],
    ['a token in an error', { status: 500, body: given }, 3_600],
  ];
  for (const [what, answer, life] of cases) {
    test(`${what}: connected, and every token is revoked in the end`, async () => {
      const user = await scripted.addUser();
      const { id, parameters } = await scripted.visit(user, 'acme');
      scripted.answer(() => answer);
      assert.equal(await scripted.comeBack(parameters), 'connected');
      const { accessToken, refreshToken, expiresAt } = await scripted.tokensOf(id);
      assert.deepEqual([accessToken, refreshToken], ['access-1', 'refresh-1']);
      assert.equal(expiresAt, life === null ? null : scripted.deployment.clock.now() + life * 1_000);
      const asked = scripted.asked.length;
      scripted.answer(() => ({}));
      await scripted.disconnect(user, id);
      await scripted.work();
      assert.deepEqual(
        scripted.asked.slice(asked).map(({ form }) => form['token']),
        ['refresh-1', 'access-1'],
      );
      assert.equal((await scripted.connectionOf(id)).status, 'revoked');
    });
  }

  for (const refresh_token of [null, '', undefined, false, 0, []]) {
    test(`refresh_token ${JSON.stringify(refresh_token)} is absent: on refresh the former token stays`, async () => {
      const body = { ...given, access_token: 'access-2', refresh_token };
      const { id, connection } = await refreshed('acme', { body });
      assert.equal(connection.status, 'active');
      const { accessToken, refreshToken } = await scripted.tokensOf(id);
      assert.deepEqual([accessToken, refreshToken], ['access-2', 'refresh-1']);
      const first = await scripted.connect('acme', { ...given, refresh_token });
      assert.equal((await scripted.tokensOf(first.id)).refreshToken, null);
    });
  }

  test('Withings: numbers as texts, an empty refresh token, a token beside an odd status', async () => {
    const user = await scripted.addUser();
    const { id, parameters } = await scripted.visit(user, 'withings');
    const body = { ...given, expires_in: '10800', userid: '42', refresh_token: '' };
    scripted.answer(() => ({ body: { status: '0', body } }));
    assert.equal(await scripted.comeBack(parameters), 'connected');
    const { refreshToken, account, expiresAt } = await scripted.tokensOf(id);
    assert.deepEqual([refreshToken, account], [null, '42']);
    assert.equal(expiresAt, scripted.deployment.clock.now() + 10_800_000);
  });
});

describe('a code exchange that is refused', () => {
  for (const [provider, answer] of [
    ['acme', { status: 400, body: { error: 'invalid_grant' } }],
    ['acme', { status: 400, body: { message: 'no' } }],
    ['acme', { status: 400 }],
    ['acme', { status: 401, body: page }],
    ['acme', { status: 403, body: page }],
    ['acme', { status: 404 }],
    ['acme', { status: 422, body: { detail: [] } }],
    ['acme', { status: 200, body: { error: 'bad_verification_code' } }],
    ['acme', { status: 200, body: { error: 'something' } }],
    ['fitbit', { status: 400, body: errors({ errorType: 'invalid_request' }) }],
    ['strava', { status: 400, body: strava('AuthorizationCode', 'code', 'invalid') }],
    ['withings', { body: { status: 293, body: {}, error: 'The callback URL is unknown' } }],
    ['withings', { status: 403, body: page }],
  ] as const) {
    test(`${provider} with ${'status' in answer ? answer.status : 200} ${JSON.stringify('body' in answer ? answer.body : '')}: nothing was given, and nothing is left to revoke`, async () => {
      const user = await scripted.addUser();
      const { id, parameters } = await scripted.visit(user, provider);
      scripted.answer(() => answer);
      const asked = scripted.asked.length;
      assert.equal(await scripted.comeBack(parameters), 'failed');
      assert.equal(scripted.asked.length, asked + 1);
      assert.deepEqual(scripted.revocationsOf(id), []);
      const state = await scripted.erase(user);
      await scripted.work();
      assert.equal(await state(), 'complete');
    });
  }

  test('after a lost answer leaves a revocation', async () => {
    const user = await scripted.addUser();
    const { id, parameters } = await scripted.visit(user, 'acme');
    const answers: Scripted[] = [{ status: 500 }, { status: 400, body: { error: 'invalid_grant' } }];
    scripted.answer(() => answers.shift() ?? { status: 500 });
    assert.equal(await scripted.comeBack(parameters), 'failed');
    assert.deepEqual(
      scripted.revocationsOf(id).map((row) => row['state']),
      ['pending'],
    );
  });
});

describe('a revocation', () => {
  const confirming: readonly (readonly [provider: string, answer: Scripted])[] = [
    ...[200, 201, 202, 204].map((status) => ['acme', { status }] as const),
    ['acme', { status: 200, body: page }],
    ['acme', { status: 200, body: { error: '', errors: [] } }],
    ['acme', { status: 200, body: { error: 'invalid_token' } }],
    ['acme', { status: 400, body: { error: 'invalid_token' } }],
    ['acme', { status: 401, body: { message: 'Invalid token.' } }],
    ['acme', { status: 401, body: { errors: [{ errorType: 'invalid_token' }] } }],
    ['acme', { status: 404, body: { error: { code: 'token_not_found' } } }],
    ['acme', { status: 401, headers: { 'www-authenticate': 'Bearer error="invalid_token"' } }],
    ['fitbit', { status: 401, body: errors({ errorType: 'invalid_token' }) }],
    ['fitbit', { status: 202 }],
    ['strava', { status: 401, body: strava('Athlete', 'access_token', 'invalid') }],
    ['odd', { status: 409, body: { failure: { about: 'token' } } }],
    ['calling', { status: 202 }],
    ['whoop', { status: 200, body: {} }],
    ['garmin', { status: 202 }],
  ];
  for (const [provider, answer] of confirming) {
    test(`${provider} with ${answer.status} ${JSON.stringify(answer.body ?? answer.headers ?? '')} has ended`, async () => {
      const { user, id } = await scripted.connect(provider);
      await scripted.disconnect(user, id);
      scripted.answer(() => answer);
      await scripted.work();
      assert.equal((await scripted.connectionOf(id)).status, 'revoked');
      assert.deepEqual(
        scripted.revocationsOf(id).map((row) => [row['state'], row['sealed_grant']]),
        [['confirmed', null]],
      );
    });
  }

  for (const [provider, status, body] of [
    ['whoop', 401, { error: 'token_inactive' }],
    ['whoop', 404, { error: 'invalid_grant' }],
    ['garmin', 410, { error: 'invalid_grant' }],
    ['withings', 200, { status: 401, body: {}, error: 'invalid refresh_token' }],
  ] as const) {
    test(`${provider} with ${status}: where the person removed the app there, the refresh token shows it`, async () => {
      const { user, id } = await scripted.connect(provider);
      await scripted.disconnect(user, id);
      scripted.answer(({ form }) =>
        form['action'] === 'getnonce' ? { body: { status: 0, body: { nonce: 'n' } } } : { status, body },
      );
      await scripted.work();
      assert.equal((await scripted.connectionOf(id)).status, 'revoked');
    });
  }

  test('Polar has no refresh token: its word about the access token is the end', async () => {
    const { user, id } = await scripted.connect('polar', { ...given, refresh_token: undefined });
    await scripted.disconnect(user, id);
    scripted.answer(() => ({ status: 401, headers: { 'www-authenticate': 'Bearer error="invalid_token"' } }));
    await scripted.work();
    assert.equal((await scripted.connectionOf(id)).status, 'revoked');
  });

  for (const answer of [
    { status: 200, body: { error: 'odd' } },
    { status: 200, body: { success: false, errors: [{ errorType: 'invalid_client' }] } },
    { status: 401, body: { error: 'invalid_client' } },
    { status: 401, body: { error: 'invalid_client', error_description: 'Invalid token' } },
    { status: 401, body: page },
    { status: 403 },
    { status: 404, body: page },
    { status: 429, body: {} },
    { status: 500, body: { error: 'invalid_token' } },
  ]) {
    test(`with ${answer.status} ${JSON.stringify(answer.body)} has not ended`, async () => {
      const { user, id } = await scripted.connect('acme');
      await scripted.disconnect(user, id);
      scripted.answer(() => answer);
      await scripted.work();
      assert.equal((await scripted.connectionOf(id)).status, 'revoking');
      scripted.answer(() => ({}));
      scripted.deployment.clock.advance(hourMs);
      await scripted.work();
      assert.equal((await scripted.connectionOf(id)).status, 'revoked');
    });
  }
});
