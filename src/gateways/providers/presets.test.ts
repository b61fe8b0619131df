import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { describe, test } from 'node:test';
import type { CodeGrant, TokenGrant } from '../../core/providers/grant.ts';
import type { Provider } from '../../core/providers/provider.ts';
import { type PresetName, presetNames } from '../../core/providers/provider-description.ts';
import { presets } from './presets.ts';
import { createProviderHttp } from './provider-http.ts';

const credentials = { clientId: 'client-1', clientSecret: 'secret-1' };
const basic = `Basic ${Buffer.from('client-1:secret-1').toString('base64')}`;
const now = Date.parse('2026-03-02T12:00:00Z');
const redirectUri = 'https://roster.example/connect/callback';

interface Sent {
  readonly method: string;
  readonly url: string;
  readonly authorization: string | null;
  readonly form: Readonly<Record<string, string>>;
}

/** A provider on a network that gives the test's answers, one after the other. */
function onNetwork(
  name: PresetName,
  ...answers: readonly (Response | Error)[]
): { provider: Provider; sent: Sent[] } {
  const sent: Sent[] = [];
  const left = [...answers];
  const http = createProviderHttp({
    async fetch(url, init = {}) {
      const body =
        init.body instanceof URLSearchParams ? init.body : new URLSearchParams(String(init.body ?? ''));
      sent.push({
        method: init.method ?? 'GET',
        url: String(url),
        authorization: new Headers(init.headers).get('authorization'),
        form: Object.fromEntries(body),
      });
      assert.equal(init.redirect, 'manual');
      const answer = left.shift() ?? new Response('', { status: 599 });
      if (answer instanceof Error) throw answer;
      return answer;
    },
  });
  return {
    provider: presets[name]({ credentials, http, clock: { now: () => now, elapsed: () => now } }),
    sent,
  };
}

const json = (body: unknown, status = 200): Response => Response.json(body, { status });
const empty = (status: number): Response => new Response(null, { status });

const tokens: TokenGrant = {
  kind: 'tokens',
  clientId: credentials.clientId,
  accessToken: 'access-1',
  refreshToken: 'refresh-1',
  expiresAt: now + 3_600_000,
  account: '42',
};
const code: CodeGrant = {
  kind: 'code',
  clientId: credentials.clientId,
  code: 'code-1',
  verifier: 'verifier-that-is-as-long-as-rfc-7636-asks-for',
  redirectUri,
};

/** The addresses and parameters in each provider's documentation. */
const documented: Readonly<
  Record<
    PresetName,
    { authorize: string; token: string; scope: string | null; pkce: boolean; client: 'basic' | 'body' }
  >
> = {
  fitbit: {
    authorize: 'https://www.fitbit.com/oauth2/authorize',
    token: 'https://api.fitbit.com/oauth2/token',
    scope: 'activity heartrate profile sleep weight',
    pkce: true,
    client: 'basic',
  },
  garmin: {
    authorize: 'https://connect.garmin.com/oauth2Confirm',
    token: 'https://diauth.garmin.com/di-oauth2-service/oauth/token',
    scope: null,
    pkce: true,
    client: 'body',
  },
  oura: {
    authorize: 'https://cloud.ouraring.com/oauth/authorize',
    token: 'https://api.ouraring.com/oauth/token',
    scope: 'personal daily heartrate workout session spo2Daily',
    pkce: false,
    client: 'body',
  },
  polar: {
    authorize: 'https://flow.polar.com/oauth2/authorization',
    token: 'https://polarremote.com/v2/oauth2/token',
    scope: 'accesslink.read_all',
    pkce: false,
    client: 'basic',
  },
  strava: {
    authorize: 'https://www.strava.com/oauth/authorize',
    token: 'https://www.strava.com/oauth/token',
    scope: 'read,activity:read',
    pkce: false,
    client: 'body',
  },
  whoop: {
    authorize: 'https://api.prod.whoop.com/oauth/oauth2/auth',
    token: 'https://api.prod.whoop.com/oauth/oauth2/token',
    scope: 'offline read:profile read:body_measurement read:cycles read:recovery read:sleep read:workout',
    pkce: false,
    client: 'body',
  },
  withings: {
    authorize: 'https://account.withings.com/oauth2_user/authorize2',
    token: 'https://wbsapi.withings.net/v2/oauth2',
    scope: 'user.info,user.metrics,user.activity',
    pkce: false,
    client: 'body',
  },
};

for (const name of presetNames) {
  const expected = documented[name];
  describe(`the preset of ${name}`, () => {
    test('sends people to the documented address with the documented parameters', () => {
      const { provider } = onNetwork(name);
      assert.equal(provider.usesPkce, expected.pkce);
      const challenge = expected.pkce ? 'challenge-1' : null;
      const url = new URL(provider.authorizationUrl({ state: 'state-1', challenge, redirectUri }));
      assert.equal(`${url.origin}${url.pathname}`, expected.authorize);
      assert.equal(url.searchParams.get('response_type'), 'code');
      assert.equal(url.searchParams.get('client_id'), 'client-1');
      assert.equal(url.searchParams.get('redirect_uri'), redirectUri);
      assert.equal(url.searchParams.get('state'), 'state-1');
      assert.equal(url.searchParams.get('scope'), expected.scope);
      assert.equal(url.searchParams.get('code_challenge'), challenge);
      assert.equal(url.searchParams.get('code_challenge_method'), expected.pkce ? 'S256' : null);
    });

    test('exchanges a code and a refresh token for tokens at the documented address', async () => {
      const given = {
        access_token: 'access-2',
        refresh_token: 'refresh-2',
        expires_in: 3_600,
        token_type: 'Bearer',
      };
      const answer = () => json(name === 'withings' ? { status: 0, body: { ...given, userid: 42 } } : given);
      const { provider, sent } = onNetwork(name, answer(), answer());
      const grant = expected.pkce ? code : { ...code, verifier: null };
      for (const [got, account] of [
        [await provider.exchange(grant), name === 'withings' ? '42' : null],
        [await provider.refresh(tokens), '42'],
      ] as const) {
        assert.deepEqual(got, {
          kind: 'tokens',
          grant: {
            ...tokens,
            accessToken: 'access-2',
            refreshToken: 'refresh-2',
            account,
          },
        });
      }
      assert.deepEqual(
        sent.map(({ method, url }) => [method, url]),
        [
          ['POST', expected.token],
          ['POST', expected.token],
        ],
      );
      const [exchanged, refreshed] = sent;
      assert.equal(exchanged?.form['code'], 'code-1');
      assert.equal(exchanged.form['redirect_uri'], redirectUri);
      assert.equal(exchanged.form['code_verifier'], expected.pkce ? code.verifier : undefined);
      assert.equal(refreshed?.form['refresh_token'], 'refresh-1');
      for (const { form, authorization } of sent) {
        assert.equal(authorization, expected.client === 'basic' ? basic : null);
        assert.equal(form['client_secret'], expected.client === 'body' ? 'secret-1' : undefined);
      }
    });

    test('a callback distinguishes a refusal from a failure, and one without a code is foreign', () => {
      const { provider } = onNetwork(name);
      const read = (query: string) => provider.readCallback(new URLSearchParams(query), 'state-1');
      assert.deepEqual(read('state=state-1&code=code-1'), { kind: 'code', code: 'code-1' });
      assert.deepEqual(read('state=state-1&error=access_denied'), { kind: 'denied' });
      for (const error of ['server_error', 'temporarily_unavailable', 'invalid_scope', 'odd']) {
        assert.deepEqual(read(`state=state-1&error=${error}`), { kind: 'failed' }, error);
      }
      for (const query of [
        'state=state-1',
        'state=other&code=a',
        'code=a',
        'state=state-1&code=a&iss=https://x',
      ]) {
        assert.deepEqual(read(query), { kind: 'foreign' }, query);
      }
    });

    test('after a lost answer tokens may have been given, and without a network connection none were', async () => {
      const unreachable = new TypeError('fetch failed', {
        cause: Object.assign(new Error(), { code: 'ECONNREFUSED' }),
      });
      const reset = new TypeError('fetch failed', {
        cause: Object.assign(new Error(), { code: 'ECONNRESET' }),
      });
      const late = new DOMException('too late', 'TimeoutError');
      const { provider } = onNetwork(name, unreachable, reset, late, empty(503), json({ error: 'odd' }, 401));
      assert.deepEqual(await provider.refresh(tokens), { kind: 'not_given', reason: 'unreachable' });
      assert.deepEqual(await provider.refresh(tokens), { kind: 'unknown', reason: 'connection_lost' });
      assert.deepEqual(await provider.refresh(tokens), { kind: 'unknown', reason: 'timeout' });
      assert.deepEqual(await provider.refresh(tokens), { kind: 'unknown', reason: 'http_503' });
      // A refusal is an answer: nothing was given.
      assert.deepEqual(await provider.refresh(tokens), { kind: 'refused', reason: 'http_401' });
    });

    test('an answer that is too large or malformed proves nothing', async () => {
      const { provider } = onNetwork(name, new Response('x'.repeat(300_000)), new Response('<html>'));
      assert.equal((await provider.refresh(tokens)).kind, 'unknown');
      assert.equal((await provider.refresh(tokens)).kind, 'unknown');
    });

    test('only its own confirmation ends a grant: every other answer is retried', async () => {
      for (const status of [302, 400, 403, 429, 500, 502, 503]) {
        const { provider } = onNetwork(name, empty(status));
        assert.equal((await provider.end(tokens)).kind, 'try_again', String(status));
      }
    });
  });
}

describe('a token endpoint that speaks OAuth 2.0', () => {
  test('says with its error codes that nothing was given', async () => {
    const { provider } = onNetwork(
      'fitbit',
      json({ error: 'invalid_grant' }, 400),
      json({ error: 'invalid_client' }, 401),
      json({ error: 'invalid_grant' }, 500),
    );
    assert.deepEqual(await provider.refresh(tokens), { kind: 'gone' });
    assert.deepEqual(await provider.refresh(tokens), { kind: 'not_given', reason: 'invalid_client' });
    assert.deepEqual(await provider.refresh(tokens), { kind: 'unknown', reason: 'http_500' });
  });

  test('may answer without a new refresh token', async () => {
    const { provider } = onNetwork('strava', json({ access_token: 'access-2', token_type: 'bearer' }));
    const answer = await provider.refresh(tokens);
    assert.equal(answer.kind === 'tokens' && answer.grant.refreshToken, 'refresh-1');
    assert.equal(answer.kind === 'tokens' && answer.grant.expiresAt, null);
  });

  test('may ask for a wait', async () => {
    const busy = new Response(null, { status: 503, headers: { 'retry-after': '120' } });
    const { provider } = onNetwork('oura', busy);
    assert.deepEqual(await provider.refresh(tokens), {
      kind: 'unknown',
      reason: 'http_503',
      retryAfterMs: 120_000,
    });
  });
});

describe('ending a grant', () => {
  test('Fitbit documents that revoking one token revokes all, so one call is sent', async () => {
    const { provider, sent } = onNetwork('fitbit', empty(200));
    assert.deepEqual(await provider.end(tokens), { kind: 'ended', outcome: 'revoked', covers: 'tokens' });
    assert.deepEqual(
      sent.map(({ method, url, authorization, form }) => [method, url, authorization, form['token']]),
      [['POST', 'https://api.fitbit.com/oauth2/revoke', basic, 'refresh-1']],
    );
  });

  test('Strava gets both tokens, with the client in the header', async () => {
    const { provider, sent } = onNetwork('strava', empty(200), empty(200));
    assert.deepEqual(await provider.end(tokens), { kind: 'ended', outcome: 'revoked', covers: 'tokens' });
    assert.deepEqual(
      sent.map(({ url, authorization, form }) => [
        url,
        authorization,
        form['token'],
        form['token_type_hint'],
      ]),
      [
        ['https://www.strava.com/oauth/revoke', basic, 'refresh-1', 'refresh_token'],
        ['https://www.strava.com/oauth/revoke', basic, 'access-1', 'access_token'],
      ],
    );
  });

  for (const [name, url] of [
    ['garmin', 'https://apis.garmin.com/wellness-api/rest/user/registration'],
    ['polar', 'https://www.polaraccesslink.com/v3/users/42'],
    ['whoop', 'https://api.prod.whoop.com/developer/v2/user/access'],
  ] as const) {
    test(`${name} ends the whole grant, by a call with a valid token`, async () => {
      const { provider, sent } = onNetwork(name, empty(204), empty(401));
      assert.deepEqual(await provider.end(tokens), { kind: 'ended', outcome: 'revoked', covers: 'grant' });
      assert.deepEqual(
        sent.map((each) => [each.method, each.url, each.authorization]),
        [['DELETE', url, 'Bearer access-1']],
      );
      assert.deepEqual(await provider.end(tokens), { kind: 'stale', reason: 'http_401' });
      // An expired token is not sent.
      assert.deepEqual(await provider.end({ ...tokens, expiresAt: now }), {
        kind: 'stale',
        reason: 'expired',
      });
      assert.equal(sent.length, 2);
    });
  }

  test('Polar needs the id of its user', async () => {
    const { provider } = onNetwork('polar');
    assert.deepEqual(await provider.end({ ...tokens, account: null }), {
      kind: 'try_again',
      reason: 'no_account',
    });
  });

  test('Oura confirms the end of the access token alone', async () => {
    const { provider, sent } = onNetwork('oura', empty(200));
    assert.deepEqual(await provider.end(tokens), { kind: 'ended', outcome: 'revoked', covers: 'access' });
    assert.deepEqual(
      sent.map(({ method, url }) => [method, url]),
      [['POST', 'https://api.ouraring.com/oauth/revoke?access_token=access-1']],
    );
  });

  test('Withings gives a nonce, and then gets the id of the user with a signature over the nonce', async () => {
    const { provider, sent } = onNetwork(
      'withings',
      json({ status: 0, body: { nonce: 'nonce-1' } }),
      json({ status: 0, body: {} }),
    );
    assert.deepEqual(await provider.end(tokens), { kind: 'ended', outcome: 'revoked', covers: 'grant' });
    const sign = (text: string): string => createHmac('sha256', 'secret-1').update(text).digest('hex');
    const timestamp = String(now / 1_000);
    assert.deepEqual(
      sent.map(({ url, form }) => [url, form]),
      [
        [
          'https://wbsapi.withings.net/v2/signature',
          {
            action: 'getnonce',
            client_id: 'client-1',
            timestamp,
            signature: sign(`getnonce,client-1,${timestamp}`),
          },
        ],
        [
          'https://wbsapi.withings.net/v2/oauth2',
          {
            action: 'revoke',
            client_id: 'client-1',
            nonce: 'nonce-1',
            signature: sign('revoke,client-1,nonce-1'),
            userid: '42',
          },
        ],
      ],
    );
  });

  test('a status of Withings other than 0 confirms no end, with any HTTP status', async () => {
    const nonce = () => json({ status: 0, body: { nonce: 'nonce-1' } });
    for (const status of [401, 503, 601, 2_555]) {
      const { provider } = onNetwork('withings', nonce(), json({ status, body: {} }));
      const answer = await provider.end(tokens);
      // Where the service refuses, the refresh token must show whether the grant has ended already.
      assert.equal(answer.kind, status < 600 ? 'stale' : 'try_again');
      assert.equal('reason' in answer && answer.reason, `withings_${status}`);
    }
    const { provider } = onNetwork('withings', json({ status: 503, body: {}, error: 'no nonce' }));
    assert.equal((await provider.end(tokens)).kind, 'try_again');
  });

  test('a refusal of Withings in its own form gives nothing', async () => {
    const { provider } = onNetwork(
      'withings',
      json({ status: 503, body: {}, error: 'Invalid Params: invalid refresh_token' }),
      json({ status: 601, body: {}, error: 'Too Many Requests' }),
      json({ status: 2_555, body: {}, error: 'An unknown error occurred' }),
    );
    assert.deepEqual(await provider.refresh(tokens), { kind: 'gone' });
    assert.deepEqual(await provider.refresh(tokens), {
      kind: 'not_given',
      reason: 'withings_601',
      isBusy: true,
    });
    assert.deepEqual(await provider.refresh(tokens), { kind: 'unknown', reason: 'withings_2555' });
  });
});
