import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import type { User } from '../../../src/core/directory/user.ts';
import { isRefusal } from '../../../src/core/errors.ts';
import { newDatedId, newPrefixedId } from '../../../src/core/ids.ts';
import {
  type Connection,
  type ConnectionChanges,
  pendingLifeMs,
} from '../../../src/core/providers/connection.ts';
import {
  type NewRevocation,
  type Revocation,
  revocationDueMs,
  revocationRetentionMs,
} from '../../../src/core/providers/revocation.ts';
import type { Tx } from '../../../src/core/unit-of-work.ts';
import { addTenant, newUser, suiteOnEveryDatabase, type Tenant } from '../harness.ts';

const leaseMs = 60_000;
/** A claim takes rows of all organizations, so each test uses a provider of its own. */
let providers = 0;

suiteOnEveryDatabase('the stores of connections and revocations', (own) => {
  let tenant: Tenant;
  let other: Tenant;
  let user: User;
  let provider: string;

  beforeEach(async () => {
    tenant = await addTenant(own());
    other = await addTenant(own());
    user = await within((tx) => tx.users.insert(newUser(tenant)));
    providers += 1;
    provider = `provider-${providers}`;
  });

  const within = <T>(work: (tx: Tx) => Promise<T>): Promise<T> => own().change(tenant.orgKey, work);
  const connect = (createdAt = 1, of = user): Promise<Connection> =>
    within((tx) => tx.connections.insert({ id: newPrefixedId('dev'), userId: of.id, provider, createdAt }));
  const update = (connection: Connection, changes: ConnectionChanges): Promise<Connection> =>
    within((tx) => tx.connections.update(connection, changes));
  const find = (id: string) => within((tx) => tx.connections.find(id));
  const activate = async (refreshAt: number | null): Promise<Connection> =>
    update(await connect(), { status: 'active', sealedGrants: 'sealed', refreshAt });
  const claimRefreshes = (now: number, limit = 10) =>
    own().changeSystem('job', (tx) => tx.connections.claimRefreshes(provider, now, leaseMs, limit));

  const revoke = async (values: Partial<NewRevocation> = {}): Promise<Revocation> => {
    const id = newPrefixedId('rev');
    await within((tx) =>
      tx.revocations.insert({
        id,
        connectionId: 'dev_1',
        provider,
        erasureId: null,
        sealedGrant: 'sealed',
        unanswered: 0,
        nextAttemptAt: 10,
        createdAt: 1,
        ...values,
      }),
    );
    const revocation = await within((tx) => tx.revocations.find(id));
    assert.ok(revocation);
    return revocation;
  };
  const claim = (now: number, limit = 10) =>
    own().changeSystem('job', (tx) => tx.revocations.claim(provider, now, leaseMs, limit));

  test('a connection is found as it was created, by its own organization only', async () => {
    const made = await connect(5);
    assert.deepEqual(made, {
      orgKey: tenant.orgKey,
      id: made.id,
      userId: user.id,
      provider,
      status: 'pending',
      connectedAt: null,
      lastSyncAt: null,
      sealedGrants: null,
      accountDigest: null,
      refreshAt: null,
      unanswered: 0,
      refreshFailures: 0,
      refreshRefusals: 0,
      refreshOutcome: null,
      version: 1,
      createdAt: 5,
      updatedAt: 5,
    });
    assert.deepEqual(await find(made.id), made);
    assert.deepEqual(await within((tx) => tx.connections.lock(made.id)), made);
    assert.equal(await own().read(other.orgKey, (tx) => tx.connections.find(made.id)), null);
    assert.deepEqual(await own().read(other.orgKey, (tx) => tx.connections.listOf(user.id)), []);
  });

  test("a user's connections are listed newest first, also those of the same millisecond", async () => {
    const made = [await connect(), await connect(), await connect()];
    const neighbour = await within((tx) => tx.users.insert(newUser(tenant)));
    await connect(1, neighbour);
    const ids = made.map(({ id }) => id).reverse();
    const listed = await within((tx) => tx.connections.listOf(user.id));
    assert.deepEqual(
      listed.map(({ id }) => id),
      ids,
    );
    const locked = await within((tx) => tx.connections.lockOf(user.id));
    assert.deepEqual(locked, listed);
  });

  test('of two changes of one version one succeeds', async () => {
    const made = await connect();
    const results = await Promise.allSettled([
      update(made, { status: 'active', connectedAt: 2 }),
      update(made, { status: 'revoked' }),
    ]);
    const lost = results.filter((result) => result.status === 'rejected');
    assert.equal(lost.length, 1);
    assert.ok(isRefusal(lost[0]?.reason, 'wrong_state'));
    assert.equal((await find(made.id))?.version, 2);
  });

  test('a sync only moves its time forward, and does not disturb a running change', async () => {
    const made = await connect();
    const sync = (at: number, latest = 30) => within((tx) => tx.connections.noteSync(made.id, at, latest));
    await sync(20);
    await sync(10);
    assert.equal((await find(made.id))?.lastSyncAt, 20);
    const changed = await update(made, { status: 'active' });
    assert.equal(changed.status, 'active');
    await sync(30);
    const found = await find(made.id);
    assert.equal(found?.lastSyncAt, 30);
    assert.equal(found.status, 'active');
  });

  test('a sync replaces a time that is later than any sync can be', async () => {
    const made = await connect();
    const sync = (at: number, latest: number) => within((tx) => tx.connections.noteSync(made.id, at, latest));
    await sync(400, 400);
    await sync(20, 30);
    assert.equal((await find(made.id))?.lastSyncAt, 20);
  });

  test('refreshes are claimed when they are due, once, and counted as unanswered', async () => {
    const due = await activate(100);
    await activate(101);
    await activate(null);
    await update(await activate(50), { status: 'needs_user' });
    assert.deepEqual(await claimRefreshes(99), []);
    const [claimed, ...others] = await claimRefreshes(100);
    assert.deepEqual(others, []);
    assert.deepEqual(claimed, { ...due, refreshAt: 100 + leaseMs, unanswered: 1, version: due.version + 1 });
    assert.deepEqual(await claimRefreshes(100), []);
    const again = await claimRefreshes(100 + leaseMs);
    assert.deepEqual(again.map(({ unanswered }) => unanswered).toSorted(), [1, 2]);
  });

  test('of many claims at the same time each connection goes to one', async () => {
    for (let count = 0; count < 12; count += 1) await activate(1);
    const claims = await Promise.all([1, 2, 3, 4].map(() => claimRefreshes(1, 5)));
    const ids = claims.flat().map(({ id }) => id);
    assert.equal(ids.length, 12);
    assert.equal(new Set(ids).size, 12);
  });

  test('OAuth attempts are consumed once, and the newest open one is found', async () => {
    const connection = await connect();
    const attempt = (flowDigest: string, expiresAt: number, sealedSecrets = 'sealed') =>
      ({
        flowDigest,
        connectionId: connection.id,
        userId: user.id,
        sealedSecrets,
        returnTo: 'opener',
        expiresAt,
      }) as const;
    const digest = `flow of ${connection.id}`;
    const state = `state of ${connection.id}`;
    await within((tx) => tx.attempts.insert(attempt(digest, 100)));
    await within((tx) => tx.attempts.insert(attempt(`${digest} 2`, 200)));
    const open = (now: number) => within((tx) => tx.attempts.findOpen(connection.id, now));
    assert.deepEqual(await open(199), attempt(`${digest} 2`, 200));
    assert.equal(await open(200), null);
    const consume = () => within((tx) => tx.attempts.consume(state));
    assert.equal(await consume(), null, 'no browser has begun it');
    const bind = (stateDigest: string) =>
      within((tx) =>
        tx.attempts.bind(digest, { stateDigest, browserDigest: 'browser', sealedSecrets: 'sealed again' }),
      );
    assert.equal(await bind('another state'), true);
    assert.equal(await bind(state), true);
    assert.equal(await within((tx) => tx.attempts.findByState('another state')), null);
    assert.deepEqual(await within((tx) => tx.attempts.findByState(state)), {
      ...attempt(digest, 100, 'sealed again'),
      ...{ stateDigest: state, browserDigest: 'browser', outcome: null, settlesAt: null },
    });
    const taken = await Promise.all([consume(), consume(), consume()]);
    assert.deepEqual(
      taken.filter((each) => each !== null),
      [attempt(digest, 100, 'sealed again')],
    );
    const progress = async () => {
      const found = await within((tx) => tx.attempts.find(digest));
      return found === null ? null : [found.outcome, found.settlesAt];
    };
    assert.deepEqual(await progress(), ['refused', null]);
    await within((tx) => tx.attempts.settle(digest, { outcome: 'exchanging', settlesAt: 7 }));
    assert.deepEqual(await progress(), ['exchanging', 7]);
    assert.equal(await consume(), null);
    assert.equal(await bind('a late state'), false);
    // Voids only what is open.
    await within((tx) => tx.attempts.drop(connection.id));
    assert.equal(await open(1), null);
    assert.equal(await within((tx) => tx.attempts.find(`${digest} 2`)), null);
    await within((tx) => tx.attempts.settle(digest, { outcome: null, settlesAt: null }));
    await within((tx) => tx.attempts.extend(digest, 300));
    assert.deepEqual(await open(299), attempt(digest, 300, 'sealed again'));
    assert.deepEqual(await consume(), attempt(digest, 300, 'sealed again'));
  });

  test('a revocation is due at its time, is claimed once, and each attempt is counted', async () => {
    const made = await revoke();
    assert.equal(made.state, 'pending');
    assert.equal(made.deadlineAt, 1 + revocationDueMs);
    assert.deepEqual(await claim(9), []);
    const claims = await Promise.all([claim(10), claim(10), claim(10)]);
    assert.deepEqual(claims.flat(), [
      { ...made, attempts: 1, nextAttemptAt: 10 + leaseMs, version: made.version + 1 },
    ]);
    assert.equal((await claim(10 + leaseMs))[0]?.attempts, 2);
  });

  test('confirmed and abandoned revocations are not claimed any more, overdue ones are', async () => {
    const ended = [];
    for (const state of ['confirmed', 'abandoned', 'overdue'] as const) {
      const made = await revoke();
      const sealedGrant = state === 'overdue' ? 'sealed' : null;
      assert.ok(await within((tx) => tx.revocations.update(made, { state, sealedGrant })));
      ended.push(made);
    }
    assert.deepEqual(
      (await claim(10)).map(({ id }) => id),
      [ended[2]?.id],
    );
  });

  test('a change or a withdrawal succeeds only for the version of the revocation that it has read', async () => {
    const made = await revoke();
    const [claimed] = await claim(10);
    assert.ok(claimed);
    assert.equal(await within((tx) => tx.revocations.update(made, { outcome: 'late' })), false);
    assert.equal(await within((tx) => tx.revocations.withdraw(made)), false);
    assert.equal(await within((tx) => tx.revocations.update(claimed, { outcome: 'timeout' })), true);
    const found = await within((tx) => tx.revocations.find(made.id));
    assert.equal(found?.outcome, 'timeout');
    assert.ok(found);
    assert.equal(await within((tx) => tx.revocations.withdraw(found)), true);
    assert.equal(await within((tx) => tx.revocations.find(made.id)), null);
  });

  test('an open revocation has its grant, and an ended one has none', async () => {
    const made = await revoke();
    await assert.rejects(within((tx) => tx.revocations.update(made, { sealedGrant: null })));
    await assert.rejects(within((tx) => tx.revocations.update(made, { state: 'confirmed' })));
  });

  test('the open revocations of a connection and all of an erasure are found, oldest first', async () => {
    const connectionId = newPrefixedId('dev');
    const erasureId = newDatedId('era', 0);
    const first = await revoke({ connectionId, erasureId });
    const second = await revoke({ connectionId });
    const third = await revoke({ erasureId });
    await within((tx) => tx.revocations.update(third, { state: 'confirmed', sealedGrant: null }));
    const open = await within((tx) => tx.revocations.lockOpenOf(connectionId));
    assert.deepEqual(
      open.map(({ id }) => id),
      [first.id, second.id],
    );
    const asked = await within((tx) => tx.revocations.listOfErasure(erasureId));
    assert.deepEqual(
      asked.map(({ id }) => id),
      [first.id, third.id],
    );
  });

  test('pending revocations that are past their deadline are missed, and no others', async () => {
    const made = await revoke();
    const missed = async (now: number) =>
      (await own().readSystem('job', (tx) => tx.revocations.listMissed(now, 1_000))).map(({ id }) => id);
    assert.ok(!(await missed(revocationDueMs)).includes(made.id));
    assert.ok((await missed(1 + revocationDueMs)).includes(made.id));
    await within((tx) => tx.revocations.update(made, { state: 'overdue' }));
    assert.ok(!(await missed(1 + revocationDueMs)).includes(made.id));
  });

  test('an operator sees the numbers by state, the failures, and what waits', async () => {
    await connect();
    const failing = await activate(1);
    await update(failing, { refreshFailures: 2, refreshOutcome: 'timeout' });
    const made = await revoke({ createdAt: 7 });
    await revoke({ createdAt: 9 });
    await within((tx) => tx.revocations.update(made, { state: 'overdue', outcome: 'http_503' }));
    await claim(10);
    const { counts, summaries } = await own().readSystem('operator', async (tx) => ({
      counts: await tx.connections.count(),
      summaries: await tx.revocations.summarize(),
    }));
    assert.deepEqual(
      counts.filter((each) => each.provider === provider),
      [
        { provider, status: 'active', count: 1, failing: 1, outcome: 'timeout' },
        { provider, status: 'pending', count: 1, failing: 0, outcome: null },
      ],
    );
    assert.deepEqual(
      summaries.filter((each) => each.provider === provider),
      [{ provider, pending: 1, overdue: 1, since: 7, attemptsMax: 1, outcome: 'http_503' }],
    );
    const listed = await own().readSystem('operator', (tx) => tx.connections.list({ status: 'active' }, 1));
    assert.deepEqual(
      listed.map(({ id }) => id),
      [failing.id],
    );
    const newest = await own().readSystem('operator', (tx) => tx.connections.list({}, 2));
    assert.equal(newest[0]?.id, failing.id);
    assert.equal(newest.length, 2);
  });

  test('an unfinished connection is swept, unless the provider may have given a grant for it', async () => {
    const forgotten = await connect(1);
    const given = await connect(1);
    const active = await activate(null);
    await revoke({ connectionId: given.id });
    const old = await revoke({ createdAt: 1 });
    await within((tx) => tx.revocations.update(old, { state: 'confirmed', sealedGrant: null, endedAt: 1 }));
    const kept = await revoke({ erasureId: newDatedId('era', 0) });
    await within((tx) => tx.revocations.update(kept, { state: 'confirmed', sealedGrant: null, endedAt: 1 }));
    const sweep = (now: number) => own().changeSystem('job', (tx) => tx.housekeeping.sweep(now, 500));
    await sweep(pendingLifeMs);
    assert.ok(await find(forgotten.id));
    await sweep(Math.max(pendingLifeMs, revocationRetentionMs) + 1);
    assert.equal(await find(forgotten.id), null);
    assert.ok(await find(given.id));
    assert.ok(await find(active.id));
    assert.equal(await within((tx) => tx.revocations.find(old.id)), null);
    assert.ok(await within((tx) => tx.revocations.find(kept.id)));
  });
});
