/** What proves that a grant has ended, for each answer that a provider can give. */
import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import type { Core } from '../../src/core/core.ts';
import { newPrefixedId } from '../../src/core/ids.ts';
import { clockSkewMs, sealGrant, type TokenGrant } from '../../src/core/providers/grant.ts';
import type { EndAnswer, Provider, TokenAnswer } from '../../src/core/providers/provider.ts';
import type { Revocation } from '../../src/core/providers/revocation.ts';
import { createRevokeGrantsJob } from '../../src/jobs/revoke-grants.ts';
import { createTestJournal, type Deployment, openDeployment } from '../jobs/deployment.ts';

const clientId = 'client-1';
const hourMs = 3_600_000;

/** A provider that answers as the test says; a further call fails the test. */
function scripted(answers: {
  readonly end?: readonly EndAnswer[];
  readonly refresh?: readonly TokenAnswer[];
  readonly endsReusedGrants?: boolean;
}): Provider & { readonly ended: TokenGrant[] } {
  const ends = [...(answers.end ?? [])];
  const refreshes = [...(answers.refresh ?? [])];
  const ended: TokenGrant[] = [];
  return {
    name: 'scripted',
    title: 'Scripted',
    clientId,
    usesPkce: true,
    endsReusedGrants: answers.endsReusedGrants ?? false,
    endsWholeConsent: false,
    authorizationUrl: () => 'https://scripted.example',
    readCallback: () => ({ kind: 'foreign' }),
    exchange: () => Promise.reject(new Error('nothing is exchanged here')),
    async refresh() {
      const answer = refreshes.shift();
      if (answer === undefined) throw new Error('a refresh too many');
      return answer;
    },
    async end(grant) {
      const answer = ends.shift();
      if (answer === undefined) throw new Error('an end too many');
      ended.push(grant);
      return answer;
    },
    ended,
  };
}

let deployment: Deployment;
before(async () => {
  deployment = await openDeployment();
});
after(() => deployment.close());

const tokens: TokenGrant = {
  kind: 'tokens',
  clientId,
  accessToken: 'access-1',
  refreshToken: 'refresh-1',
  expiresAt: null,
  account: null,
};
const fresh: TokenGrant = { ...tokens, accessToken: 'access-2', refreshToken: 'refresh-2' };
const stale: EndAnswer = { kind: 'stale', reason: 'http_401' };
const ended = (covers: 'access' | 'tokens' | 'grant'): EndAnswer => ({
  kind: 'ended',
  outcome: 'revoked',
  covers,
});

/** The result of one attempt at a grant. */
async function tried(
  provider: Provider | null,
  grant: TokenGrant = tokens,
  unanswered = 0,
): Promise<Pick<Revocation, 'state' | 'outcome' | 'attempts'>> {
  const { clock, orgKey } = deployment;
  const providers = {
    redirectUri: '',
    list: () => (provider === null ? [] : [provider]),
    find: () => provider,
    findMark: () => null,
  };
  const core: Core = { ...deployment.core, providers };
  const id = newPrefixedId('rev');
  const now = clock.now();
  await core.work.change(orgKey, (tx) =>
    tx.revocations.insert({
      id,
      connectionId: newPrefixedId('dev'),
      provider: 'scripted',
      erasureId: null,
      sealedGrant: sealGrant(core.secrets, { orgKey, id }, grant),
      unanswered,
      nextAttemptAt: now,
      createdAt: now,
    }),
  );
  const journal = createTestJournal();
  const job = createRevokeGrantsJob(core, journal);
  await job.run();
  await job.finish?.();
  assert.deepEqual(journal.faults, []);
  const revocation = await core.work.change(orgKey, async (tx) => {
    const found = await tx.revocations.find(id);
    // The next test would attempt what stays open.
    if (found !== null && found.state === 'pending') {
      await tx.revocations.update(found, { state: 'abandoned', sealedGrant: null });
    }
    return found;
  });
  const { state = 'pending', outcome = null, attempts = 0 } = revocation ?? {};
  return { state, outcome, attempts };
}

const confirmed = (outcome: string) => ({ state: 'confirmed', outcome, attempts: 1 });
const open = (outcome: string) => ({ state: 'pending', outcome, attempts: 1 });

beforeEach(() => deployment.clock.advance(hourMs));

describe('a grant of which every answer came', () => {
  test('has ended when the provider confirms the end of its tokens, or of the whole grant', async () => {
    assert.deepEqual(await tried(scripted({ end: [ended('tokens')] })), confirmed('revoked'));
    assert.deepEqual(await tried(scripted({ end: [ended('grant')] })), confirmed('revoked'));
  });

  test('has not ended where the provider answers anything else', async () => {
    const provider = scripted({ end: [{ kind: 'try_again', reason: 'http_401' }] });
    assert.deepEqual(await tried(provider), open('http_401'));
  });

  test('is ended with a new access token where the provider needs a valid one', async () => {
    const provider = scripted({
      end: [stale, ended('grant')],
      refresh: [{ kind: 'tokens', grant: fresh }],
    });
    assert.deepEqual(await tried(provider), confirmed('revoked'));
    assert.deepEqual(provider.ended, [tokens, fresh]);
  });

  test('has ended where the provider knows neither of its tokens', async () => {
    const provider = scripted({ end: [stale], refresh: [{ kind: 'gone' }] });
    assert.deepEqual(await tried(provider), confirmed('unknown_grant'));
  });

  test('has not ended while the end of the refresh token is not confirmed', async () => {
    for (const refresh of [
      { kind: 'unknown', reason: 'timeout' },
      { kind: 'not_given', reason: 'invalid_client' },
    ] as const) {
      assert.deepEqual(await tried(scripted({ end: [stale], refresh: [refresh] })), open(refresh.reason));
    }
  });

  test('of which only the access token has ended needs the proof of its refresh token', async () => {
    const gone = scripted({ end: [ended('access')], refresh: [{ kind: 'gone' }] });
    assert.deepEqual(await tried(gone), confirmed('unknown_grant'));
    const alive = scripted({ end: [ended('access')], refresh: [{ kind: 'tokens', grant: fresh }] });
    assert.deepEqual(await tried(alive), open('still_active'));
  });

  test('without a refresh token ends with its access token, or when that has expired', async () => {
    const single = { ...tokens, refreshToken: null };
    assert.deepEqual(await tried(scripted({ end: [ended('access')] }), single), confirmed('revoked'));
    assert.deepEqual(await tried(scripted({ end: [stale] }), single), open('http_401'));
    // The provider's clock may be behind ours, and the token may be valid for that long.
    const now = deployment.clock.now();
    const late = { ...single, expiresAt: now - clockSkewMs + 1 };
    assert.deepEqual(await tried(scripted({ end: [stale] }), late), open('http_401'));
    const past = { ...single, expiresAt: now - clockSkewMs };
    assert.deepEqual(await tried(scripted({ end: [stale] }), past), confirmed('expired'));
  });
});

describe('a grant of which an answer was lost', () => {
  const gone: TokenAnswer = { kind: 'gone' };

  test('has not ended because its old tokens are unknown', async () => {
    const provider = scripted({ end: [ended('tokens')], refresh: [gone] });
    assert.deepEqual(await tried(provider, tokens, 1), open('grant_unknown'));
    const expired = scripted({ end: [stale], refresh: [gone, gone] });
    assert.deepEqual(await tried(expired, tokens, 1), open('grant_unknown'));
  });

  test('has ended where the provider ends reused grants', async () => {
    const provider = scripted({ end: [ended('tokens')], refresh: [gone], endsReusedGrants: true });
    assert.deepEqual(await tried(provider, tokens, 1), confirmed('revoked'));
  });

  test('has ended where the provider confirms the end of the whole grant', async () => {
    const provider = scripted({ end: [ended('grant')], refresh: [gone] });
    assert.deepEqual(await tried(provider, tokens, 1), confirmed('revoked'));
  });

  test('is like any other once newer tokens are stored', async () => {
    const provider = scripted({ end: [ended('tokens')], refresh: [{ kind: 'tokens', grant: fresh }] });
    assert.deepEqual(await tried(provider, tokens, 1), confirmed('revoked'));
    assert.deepEqual(provider.ended, [fresh]);
  });

  test('without a refresh token is proved only by the end of the whole grant', async () => {
    const single = { ...tokens, refreshToken: null };
    assert.deepEqual(await tried(scripted({ end: [ended('tokens')] }), single, 1), open('grant_unknown'));
  });
});

describe('a grant that this deployment cannot end', () => {
  test('waits while the deployment uses another client than that of the grant', async () => {
    const other = { ...tokens, clientId: 'client-0' };
    assert.deepEqual(await tried(scripted({}), other), open('other_client'));
  });

  test('waits without an attempt while its provider is switched off', async () => {
    assert.deepEqual(await tried(null), { state: 'pending', outcome: null, attempts: 0 });
  });
});
