/**
 * Two processes on one database, and one provider. If both work on a grant at the same time, one of them does it. A grant whose
 * exchange or refresh was still running at a disconnect or a deletion is ended too, also where an answer was lost.
 */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { createRefreshTokensJob } from '../../src/jobs/refresh-tokens.ts';
import { createTestJournal } from '../jobs/deployment.ts';
import { type AuthorizationServer, startAuthorizationServer } from '../providers/authorization-server.ts';
import { type FaultProxy, startFaultProxy } from '../providers/fault-proxy.ts';
import { clientId, clientSecret } from '../providers/linked-provider.ts';
import { addPerson } from '../support/contracts/people.ts';
import { type Arrival, type Jar, visit as openPage, pressStart } from '../support/server/demo-person.ts';
import type { Row } from '../support/server/rows.ts';
import { type Roster, startRoster } from '../support/server/start.ts';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;

let server: AuthorizationServer;
let proxy: FaultProxy;
let here: Roster;
let there: Roster;

/** What was started, newest last. After a failed start, the parts that did start are ended too. */
const endings: (() => Promise<void>)[] = [];

before(async () => {
  server = await startAuthorizationServer();
  endings.push(() => server.close());
  proxy = await startFaultProxy(server.url);
  endings.push(() => proxy.close());
  const folder = await mkdtemp(join(tmpdir(), 'roster-providers-'));
  endings.push(() => rm(folder, { recursive: true }));
  const file = join(folder, 'providers.json');
  writeFileSync(file, JSON.stringify({ providers: [describeAcme()] }));
  // The test's provider has the callback registered with this address.
  const env = { ROSTER_PROVIDERS_FILE: file, ROSTER_PUBLIC_URL: 'http://localhost:8080' };
  here = await startRoster({ env });
  endings.push(() => here.close());
  there = await startRoster({ env, folder: here.folder, clock: here.clock });
  endings.push(() => there.close());
});
after(async () => {
  for (const end of endings.toReversed()) await end();
});
beforeEach(() => proxy.plan(() => 'pass'));

function describeAcme() {
  return {
    name: 'acme',
    title: 'Acme',
    client_id: clientId,
    client_secret: clientSecret,
    issuer: server.url,
    sends_issuer: true,
    authorization_endpoint: `${server.url}/auth`,
    token_endpoint: `${proxy.url}/token`,
    introspection_endpoint: `${proxy.url}/token/introspection`,
    revocation_endpoint: `${proxy.url}/token/revocation`,
    scopes: ['activity', 'offline_access'],
    authorization_parameters: { prompt: 'consent' },
    ends_reused_grants: true,
  };
}

/** A person who comes back from the provider. */
interface Visitor {
  readonly userId: string;
  readonly deviceId: string;
  /** The browser. */
  readonly jar: Jar;
  /** The query of the callback. */
  readonly query: string;
  /** The position at which the tokens of this person begin. */
  readonly from: number;
}

const path = '/sonar/v1/users';
const bearer = (): string => here.organization.apiKeys.admin;

async function visit(): Promise<Visitor> {
  const { userId } = await addPerson(here);
  const from = server.issued.length;
  const ask = { bearer: bearer(), json: { provider: 'acme' } };
  const reply = await here.call(`POST ${path}/${userId}/devices`, ask);
  const jar: Jar = new Map();
  const startUrl = onServer(here, reply.string('data.auth_url'));
  const callback = await server.authorize(await pressStart(startUrl, jar));
  return { userId, jar, deviceId: reply.string('data.id'), query: callback.search, from };
}

const comeBack = (roster: Roster, { query, jar }: Visitor): Promise<Arrival> =>
  openPage(`${roster.baseUrl}/connect/callback${query}`, jar);

/** The public address of this suite is none at which a server listens. */
function onServer({ baseUrl }: Roster, address: string): string {
  const { pathname, search } = new URL(address);
  return `${baseUrl}${pathname}${search}`;
}

async function connected(): Promise<Visitor> {
  const visitor = await visit();
  assert.equal((await comeBack(here, visitor)).status, 200);
  return visitor;
}

const disconnect = (roster: Roster, { userId, deviceId }: Visitor) =>
  roster.call(`DELETE ${path}/${userId}/devices/${deviceId}`, { bearer: bearer() });
const erase = (roster: Roster, { userId }: Visitor) =>
  roster.call(`DELETE ${path}/${userId}`, { bearer: bearer() });

const asked = (wanted: string): number => proxy.asked.filter((each) => each === wanted).length;

async function rowOf({ deviceId }: Visitor): Promise<Row | undefined> {
  return (await here.rows.all('connections')).find((row) => row['id'] === deviceId);
}

async function revocationsOf({ deviceId }: Visitor): Promise<readonly Row[]> {
  return (await here.rows.all('revocations')).filter((row) => row['connection_id'] === deviceId);
}

/**
 * Waits for the jobs of both processes, which run every few seconds. Their clock runs `quicker` times as fast as the real
 * one, so that retries come soon, but not so fast that a lease runs out while a job is at work.
 */
async function until(what: string, isSo: () => Promise<boolean>, quicker = 20): Promise<void> {
  for (const deadline = performance.now() + 60_000; performance.now() < deadline; await sleep(50)) {
    if (await isSo()) return;
    here.clock.advance(50 * quicker);
  }
  throw new Error(`it never was so that ${what}`);
}

/**
 * Makes one process refresh the due tokens now, without the pause of some seconds. Resolves when the provider is about to
 * be called, with a function that waits for the end of the refresh.
 */
async function startRefreshing(): Promise<() => Promise<void>> {
  const job = createRefreshTokensJob(here.core, createTestJournal());
  await job.run();
  return async () => job.finish?.();
}

async function untilOver(visitor: Visitor, quicker?: number): Promise<void> {
  const isOver = async (): Promise<boolean> => {
    const revocations = await revocationsOf(visitor);
    return revocations.length > 0 && revocations.every((row) => row['state'] === 'confirmed');
  };
  await until('every grant has ended', isOver, quicker);
  assert.deepEqual(await server.liveTokens(visitor.from), []);
}

describe('two processes', () => {
  test('that get the same callback request tokens once, and both show that it is connected', async () => {
    const visitor = await visit();
    const before = asked('/token');
    const pages = await Promise.all([comeBack(here, visitor), comeBack(there, visitor)]);
    assert.deepEqual(
      pages.map(({ status }) => status),
      [200, 200],
    );
    assert.equal(asked('/token') - before, 1);
    assert.equal((await rowOf(visitor))?.['status'], 'active');
    assert.equal((await server.liveTokens(visitor.from)).length, 2);
    await disconnect(here, visitor);
    await untilOver(visitor);
  });

  test('that start the flow for one person at the same time use one device', async () => {
    const { userId } = await addPerson(here);
    const ask = { bearer: bearer(), json: { provider: 'acme' } };
    const replies = await Promise.all(
      [here, there, here, there].map((roster) => roster.call(`POST ${path}/${userId}/devices`, ask)),
    );
    assert.equal(new Set(replies.map((reply) => reply.string('data.id'))).size, 1);
  });

  test('that disconnect the same device end its grant once', async () => {
    const visitor = await connected();
    const before = asked('/token/revocation');
    const replies = await Promise.all(
      [here, there, here, there].map((roster) => disconnect(roster, visitor)),
    );
    assert.deepEqual(new Set(replies.map(({ status }) => status)), new Set([204]));
    await untilOver(visitor, 0);
    assert.equal((await revocationsOf(visitor)).length, 1);
    assert.equal(asked('/token/revocation') - before, 2, 'the refresh token and the access token');
    const events = (await here.rows.all('audit_events')).filter(
      (row) => row['subject_id'] === visitor.deviceId && row['action'] === 'connection.disconnected',
    );
    assert.equal(events.length, 1);
  });

  test('that find the same due tokens refresh them once', async () => {
    const visitor = await connected();
    const before = await rowOf(visitor);
    const from = asked('/token');
    proxy.plan((each) => (each === '/token' ? 'slow' : 'pass'));
    here.clock.advance(Number(before?.['refresh_at']) - here.clock.now());
    const jobs = [here, there, here, there].map(({ core }) =>
      createRefreshTokensJob(core, createTestJournal()),
    );
    await Promise.all(jobs.map((job) => job.run()));
    await Promise.all(jobs.map((job) => job.finish?.()));
    const isNew = async (): Promise<boolean> => {
      const row = await rowOf(visitor);
      return row?.['sealed_grants'] !== before?.['sealed_grants'] && Number(row?.['unanswered']) === 0;
    };
    await until('the tokens are new', isNew, 0);
    assert.equal(asked('/token') - from, 1);
    assert.equal((await rowOf(visitor))?.['status'], 'active');
    await disconnect(there, visitor);
    await untilOver(visitor);
  });
});

for (const [what, end, page] of [
  ['a disconnect', disconnect, 410],
  ['a deletion of the user', erase, 410],
] as const) {
  describe(`${what} through another process`, () => {
    test('while the callback is running ends its grant, and the page says so', async () => {
      const visitor = await visit();
      proxy.plan((each) => (each === '/token' ? 'held' : 'pass'));
      const coming = comeBack(here, visitor);
      await until('the tokens are asked for', async () => server.issued.length > visitor.from);
      assert.equal((await end(there, visitor)).status, 204);
      await proxy.release();
      const { status, text } = await coming;
      assert.equal(status, page, text);
      assert.match(text, /This connection is no longer wanted/);
      proxy.plan(() => 'pass');
      await untilOver(visitor);
    });

    test('while a refresh is running ends its grant', async () => {
      const visitor = await connected();
      proxy.plan((each) => (each === '/token' ? 'held' : 'pass'));
      here.clock.advance(hourMs);
      const refreshed = await startRefreshing();
      await until('the tokens are asked for', async () => server.issued.length > visitor.from + 2);
      assert.equal((await end(there, visitor)).status, 204);
      await proxy.release();
      proxy.plan(() => 'pass');
      await refreshed();
      await untilOver(visitor);
    });
  });
}

/** A job whose grant has changed since it was read leaves it until the lease is over, so nothing is counted here. */
const inHaste = 100;

for (const fault of ['lose', 'fail_after', 'break'] as const) {
  describe(`an answer of the provider with the fault "${fault}"`, () => {
    test('leaves no valid token of an exchange whose user another process deletes', async () => {
      const visitor = await visit();
      proxy.plan((each) => (each === '/token' ? fault : 'pass'));
      assert.equal((await comeBack(here, visitor)).status, 502);
      assert.equal((await erase(there, visitor)).status, 204);
      proxy.plan(() => 'pass');
      await untilOver(visitor, inHaste);
    });

    test('leaves no valid token of a refresh whose device another process disconnects', async () => {
      const visitor = await connected();
      const before = asked('/token');
      proxy.plan((each) => (each === '/token' ? fault : 'pass'));
      here.clock.advance(hourMs);
      const refreshed = await startRefreshing();
      await until('the tokens are asked for', async () => asked('/token') > before);
      assert.equal((await disconnect(there, visitor)).status, 204);
      proxy.plan(() => 'pass');
      await refreshed();
      await untilOver(visitor, inHaste);
    });
  });
}
