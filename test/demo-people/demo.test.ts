/** Demo people look like a directory that is used, and are removed exactly, also after changes and connections of their own. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { operatorAt } from '../../src/core/access/principal.ts';
import { chanceOf, makePerson } from '../../src/core/demo-people/demo-person.ts';
import { addDemoPeople, demoDoor, findDemoState } from '../../src/core/demo-people/fill-directory.ts';
import { removeDemoPeople } from '../../src/core/demo-people/remove-people.ts';
import { getOrganization } from '../../src/core/directory/organization-lifecycle.ts';
import { applyChanges } from '../../src/core/directory/user-lifecycle.ts';
import { completeErasures } from '../../src/core/erasure/complete-erasures.ts';
import { newAppId, newUserIdsNearby, type UserId } from '../../src/core/ids.ts';
import { getPerson } from '../../src/core/people/person.ts';
import { sealGrants, type TokenGrant } from '../../src/core/providers/grant.ts';
import { dayMs, hourMs } from '../../src/core/time.ts';
import { bareId } from '../support/contracts/people.ts';
import { setUpRoster } from '../support/server/set-up.ts';
import type { Tenant } from '../support/server/start.ts';

const roster = setUpRoster();

async function fill(tenant: Tenant, size: number, seed: number): Promise<number> {
  const organization = await getOrganization(roster.core, tenant.id);
  const counts = await Array.fromAsync(
    addDemoPeople(roster.core, operatorAt('cli', tenant.key), { organization, size, seed }),
  );
  return counts.at(-1) ?? 0;
}

async function removeAll(tenant: Tenant): Promise<number> {
  const batches = await Array.fromAsync(removeDemoPeople(roster.core, operatorAt('cli', tenant.key)));
  return batches.reduce((sum, { erased }) => sum + erased, 0);
}

const rowsOf = async (table: string, { key }: Tenant) =>
  (await roster.rows.all(table)).filter((row) => row['org_key'] === key);

describe('demo people', () => {
  test('are the same for a seed, in realistic shares, with a history that fits together', () => {
    const now = Date.UTC(2026, 5, 1);
    const people = (seed: number) => {
      const chance = chanceOf(seed);
      const crowd = { name: 'c', size: 5_000, appIds: [newAppId()], now, ids: newUserIdsNearby() };
      return Array.from({ length: 5_000 }, (_, at) => makePerson(crowd, at, chance));
    };
    const [all, again] = [people(7), people(7)];
    assert.deepEqual(
      all.map(({ user }) => user.email),
      again.map(({ user }) => user.email),
    );
    const share = (status: string) => all.filter(({ user }) => user.status === status).length / all.length;
    assert.ok(share('active') > 0.7 && share('pending') > 0.1 && share('inactive') > 0.03);
    assert.equal(new Set(all.map(({ user }) => user.email)).size, all.length);
    const days = new Set(all.map(({ user }) => Math.floor((now - user.createdAt) / dayMs)));
    assert.ok(days.size > 85, `${days.size} days`);
    for (const { user, activity, sessions, connections, messages, events } of all) {
      assert.ok(user.isTemplate && user.email?.endsWith('@example.com'));
      assert.match(user.email ?? '', /^[a-z]+\.[a-z]+\.c[0-9a-z]+@example\.com$/);
      if (user.phoneE164 !== null) assert.match(user.phoneE164, /^\+1\d{3}55501\d\d$/);
      const times = [
        ...[user.createdAt, user.confirmedAt, user.emailProvedAt, user.phoneProvedAt, activity.updatedAt],
        ...[activity.lastLoginAt, activity.lastSyncAt, activity.lastScoreAt],
        ...sessions.flatMap(({ startedAt, lastUsedAt }) => [startedAt, lastUsedAt]),
        ...connections.flatMap((each) => [each.createdAt, each.connectedAt, each.lastSyncAt, each.updatedAt]),
        ...messages.map(({ createdAt }) => createdAt),
        ...events.map(({ at }) => at),
      ];
      for (const at of times) {
        if (at === null) continue;
        assert.ok(at >= now - 90 * dayMs - hourMs && at <= now && Number.isSafeInteger(at), String(at));
      }
      assert.equal(user.confirmedAt === null, user.status === 'pending');
      if (user.status === 'pending') assert.deepEqual([sessions, connections], [[], []]);
    }
  });

  test('are in the directory with apps, sessions, connections, messages and history, and no message leaves', async () => {
    const tenant = await roster.addOrganization();
    const outboxBefore = (await roster.outbox()).length;
    assert.equal(await fill(tenant, 1_200, 1), 1_200);
    assert.deepEqual(await findDemoState(roster.core, operatorAt('cli', tenant.key)), {
      users: 1_200,
      demoPeople: 1_200,
    });
    const users = await rowsOf('users', tenant);
    assert.equal(new Set(users.map((row) => row['app_key'])).size, 3);
    assert.ok(users.every((row) => row['is_template'] === 1));
    for (const column of ['last_login_at', 'last_sync_at', 'last_score_at']) {
      assert.ok(users.filter((row) => row[column] !== null).length > 300, column);
    }
    const connections = await rowsOf('connections', tenant);
    assert.ok(connections.length > 300 && connections.every((row) => row['provider'] === 'demo'));
    assert.ok((await rowsOf('sessions', tenant)).length > 500);
    assert.ok((await rowsOf('messages', tenant)).length > 500);
    const events = [...(await rowsOf('audit_events', tenant)), ...(await rowsOf('audit_archive', tenant))];
    const own = events.filter((row) => row['door'] === demoDoor);
    assert.ok(own.length > 3_000);
    assert.equal(new Set(own.map((row) => row['id'])).size, own.length);
    await roster.settle();
    assert.equal((await roster.outbox()).length, outboxBefore);
    // Totals, filters and the search see them as they see others.
    const page = await roster.core.work.read(tenant.key, (tx) => tx.users.page({ status: 'active' }, 0, 5));
    assert.equal(page.total, users.filter((row) => row['status'] === 'active').length);
  });

  test('are erased exactly, also those who were changed, and other users stay', async () => {
    const tenant = await roster.addOrganization();
    const { core } = roster;
    const other = await roster.addAdmin(tenant);
    const neighbour = await roster.addOrganization();
    await fill(tenant, 300, 2);
    await fill(neighbour, 20, 2);
    assert.equal(await fill(tenant, 50, 3), 50);
    const operator = operatorAt('cli', tenant.key);
    // A change of everything that marks them as demo people to the eye, and a disconnect whose revocation is still open.
    const connection = (await rowsOf('connections', tenant)).find((row) => row['status'] === 'active');
    assert.ok(connection);
    for (const [userId, isDemo] of [
      [String(connection['user_id']), true],
      [bareId(other.userId), false],
    ] as const) {
      assert.equal((await getPerson(core, operator, { ref: { id: userId as UserId } })).isDemo, isDemo);
    }
    await core.work.change(tenant.key, async (tx) => {
      const user = await tx.users.lock({ id: String(connection['user_id']) });
      assert.ok(user);
      const changes = { email: 'other@example.org', externalId: 'other', isTemplate: false };
      await applyChanges(core, tx, operator, user, changes, null);
    });
    const path = `/sonar/v1/users/usr_${connection['user_id']}/devices/${connection['id']}`;
    const disconnected = await roster.call(`DELETE ${path}`, { bearer: tenant.apiKeys.admin });
    assert.equal(disconnected.status, 204, disconnected.text);
    assert.equal(await removeAll(tenant), 350);
    await completeErasures(core);
    assert.deepEqual(await findDemoState(core, operator), { users: 1, demoPeople: 0 });
    for (const table of ['connections', 'messages', 'demo_people']) {
      assert.deepEqual(await rowsOf(table, tenant), [], table);
    }
    const kept = await rowsOf('users', tenant);
    assert.deepEqual(
      kept.map((row) => `usr_${row['id']}`),
      [other.userId],
    );
    const erasures = await rowsOf('erasures', tenant);
    assert.equal(erasures.length, 350);
    await roster.settle();
    assert.ok((await rowsOf('erasures', tenant)).every((row) => row['state'] === 'complete'));
    assert.equal((await findDemoState(core, operatorAt('cli', neighbour.key))).demoPeople, 20);
    assert.equal(await removeAll(tenant), 0);
  });

  test('who got a real grant since then have it revoked at its provider', async () => {
    const tenant = await roster.addOrganization();
    const { core } = roster;
    await fill(tenant, 5, 4);
    const [user] = await rowsOf('users', tenant);
    const userId = String(user?.['id']);
    const connected = await core.work.change(tenant.key, async (tx) => {
      const made = await tx.connections.insert({
        ...{ id: `dev_${'a'.repeat(32)}`, userId, provider: 'demo', createdAt: core.clock.now() },
      });
      const tokens: TokenGrant = {
        kind: 'tokens',
        clientId: 'real',
        accessToken: 'a',
        refreshToken: 'r',
        expiresAt: null,
        account: null,
      };
      const { id, orgKey } = made;
      const sealedGrants = sealGrants(core.secrets, { orgKey, id }, [
        { id: `rev_${'b'.repeat(32)}`, unanswered: 0, tokens },
      ]);
      return tx.connections.update(made, { status: 'active', sealedGrants });
    });
    assert.equal(await removeAll(tenant), 5);
    const revocations = await rowsOf('revocations', tenant);
    assert.deepEqual(
      revocations.map((row) => row['connection_id']),
      [connected.id],
    );
  });
});
