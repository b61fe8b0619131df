/** The operator's commands for connections and providers, while a server runs, on both databases. */
import assert from 'node:assert/strict';
import { after, before, describe } from 'node:test';
import { newPrefixedId, toUserIdText } from '../../src/core/ids.ts';
import { sealGrant, type TokenGrant } from '../../src/core/providers/grant.ts';
import { addConnection, openSession } from '../connect-page/connect-calls.ts';
import { unknownUserId } from '../support/contracts/people.ts';
import { slowTest as test } from '../support/effort.ts';
import { createDatabase, type OwnDatabase } from '../support/postgres/postgres.ts';
import { type Roster, startRoster } from '../support/server/start.ts';
import type { Ended, Settings } from './command-host.ts';
import { type Json, refused, rosterJson, roster as run } from './program.ts';

const former = 'the-former-secret-of-this-deployment';
const present = 'the-present-secret-of-this-deployment';
const instant = '2026-03-02T12:00:00.123Z';

/** A token for the tests; no output may contain it. */
const accessToken = 'an-access-token-under-test';

for (const kind of ['SQLite', 'PostgreSQL'] as const) {
  describe(`the commands for connections on ${kind}`, () => {
    let database: OwnDatabase | null = null;
    let server: Roster;
    let settings: Settings;
    let humanId: string;
    /** By state. */
    const ids: Record<string, string> = {};

    before(async () => {
      database = kind === 'PostgreSQL' ? await createDatabase() : null;
      const where = database === null ? {} : { DATABASE_URL: database.url };
      settings = { ...where, ROSTER_SECRET: former };
      server = await startRoster({ env: settings });
      humanId = (await openSession(server)).humanId;
      for (const status of ['pending', 'active', 'needs_user', 'revoked'] as const) {
        const person = status === 'active' ? humanId : (await openSession(server)).humanId;
        ids[status] = await addConnection(server, person, { status });
      }
      await addRevocation(ids['revoked'] ?? '');
    });
    after(async () => {
      await server.close();
      await database?.drop();
    });

    /** A grant at a provider that is switched off, so no job works on it. */
    function addRevocation(connectionId: string): Promise<void> {
      const { core, clock, organization } = server;
      const id = newPrefixedId('rev');
      const grant: TokenGrant = {
        ...{ kind: 'tokens', clientId: 'client', accessToken, refreshToken: null },
        ...{ expiresAt: null, account: null },
      };
      return core.work.change(organization.key, (tx) =>
        tx.revocations.insert({
          ...{ id, connectionId, provider: 'fitbit', erasureId: null, unanswered: 0 },
          sealedGrant: sealGrant(core.secrets, { orgKey: organization.key, id }, grant),
          nextAttemptAt: clock.now(),
          createdAt: clock.now(),
        }),
      );
    }

    const call = (words: readonly string[], other: Settings = {}): Promise<Ended> =>
      run(server.folder, words, { ...settings, ...other });
    const callJson = (words: readonly string[], other: Settings = {}): Promise<Json> =>
      rosterJson(server.folder, words, { ...settings, ...other });
    const deny = (words: readonly string[]) => refused(server.folder, words, settings);

    test('connection list shows the state of each connection, newest first, and never its tokens', async () => {
      const listed = await callJson(['connection', 'list']);
      const states = listed.list().map((_, index) => listed.at(`${index}.status`));
      assert.deepEqual(states.toSorted(), ['active', 'needs_user', 'pending', 'revoked']);
      const place = states.indexOf('active');
      assert.deepEqual(listed.at(String(place)), {
        id: ids['active'],
        userId: toUserIdText(humanId),
        provider: 'fitbit',
        status: 'active',
        connectedAt: instant,
        lastSyncAt: null,
        refreshAt: null,
        refreshFailures: 0,
        refreshOutcome: null,
        createdAt: instant,
      });
      const { stdout, stderr, exitCode } = await call(['connection', 'list']);
      assert.deepEqual([exitCode, stderr], [0, '']);
      const [head, ...lines] = stdout.trimEnd().split('\n');
      assert.match(head ?? '', /^ID +USER +PROVIDER +STATUS +CONNECTED +LAST SYNC +REFRESH$/);
      assert.equal(lines.length, 4);
      assert.ok(lines.some((line) => line.includes(toUserIdText(humanId)) && / active +2026-/.test(line)));
      for (const text of [stdout, JSON.stringify(listed.value)]) {
        assert.doesNotMatch(text, /access|refresh-token|sealed/);
      }
    });

    test('connection list filters by user and by state', async () => {
      const user = await callJson(['connection', 'list', '--user', toUserIdText(humanId)]);
      assert.deepEqual(
        user.list().map((_, index) => user.at(`${index}.id`)),
        [ids['active']],
      );
      const state = await callJson(['connection', 'list', '--status', 'needs_user']);
      assert.deepEqual(
        state.list().map((_, index) => state.at(`${index}.id`)),
        [ids['needs_user']],
      );
      const none = await call(['connection', 'list', '--user', humanId, '--status', 'overdue']);
      assert.equal(none.stdout, 'There are no connections.\n');
    });

    test('connection list refuses an unknown user and an unknown state', async () => {
      const unknown = await deny(['connection', 'list', '--user', unknownUserId]);
      assert.deepEqual(unknown, { exitCode: 1, lines: ['roster: there is no such user'] });
      const wrong = await deny(['connection', 'list', '--status', 'gone']);
      assert.equal(wrong.exitCode, 2);
      assert.match(wrong.lines[0] ?? '', /--status .*pending.*active.*needs_user/);
    });

    test('provider list shows the waiting revocations of a provider, also of one that is switched off', async () => {
      const listed = await callJson(['provider', 'list']);
      const place = listed.list().findIndex((_, index) => listed.at(`${index}.name`) === 'fitbit');
      assert.deepEqual(listed.at(String(place)), {
        name: 'fitbit',
        title: 'fitbit',
        on: false,
        connections: { pending: 1, active: 1, needs_user: 1, revoking: 0, revoked: 1, overdue: 0 },
        failingRefreshes: { count: 0, outcome: null },
        revocations: { pending: 1, overdue: 0, since: instant, attemptsMax: 0, outcome: null },
      });
      const { stdout, stderr } = await call(['provider', 'list']);
      assert.equal(stderr, '');
      assert.match(stdout, /^PROVIDER +ON +ACTIVE +NEEDS USER +REFRESHES FAILING +TO REVOKE +OVERDUE +SINCE/);
      assert.match(stdout, /\nfitbit +off +1 +1 +0 +1 +0 +2026-03-02T12:00:00\.123Z +-\n/);
      assert.ok(!stdout.includes(accessToken));
    });

    test('reseal seals everything with the present secret, so that the former one can be removed', async () => {
      const both = { ROSTER_SECRET: present, ROSTER_OLD_SECRETS: former };
      const lost = await call(['reseal'], { ROSTER_SECRET: present });
      assert.match(lost.stdout, /^0 resealed, \d+ could not be opened\.\n$/);
      assert.match(lost.stderr, /^roster: texts that could not be opened .*ROSTER_OLD_SECRETS\n$/);
      const result = await call(['reseal'], both);
      assert.deepEqual([result.exitCode, result.stderr], [0, '']);
      const count = Number(/^(\d+) resealed\.\n$/.exec(result.stdout)?.[1]);
      // The grants of two connections, and the grant of a revocation.
      assert.ok(count >= 3, result.stdout);
      const again = await callJson(['reseal'], { ROSTER_SECRET: present });
      assert.deepEqual(again.value, { resealed: 0, unopened: 0 });
    });

    test('connection abandon asks first, gives up an overdue connection, and the receipt says unconfirmed', async () => {
      const { humanId: person } = await openSession(server);
      const id = await addConnection(server, person, { status: 'overdue' });
      await addRevocation(id);
      const unknown = await deny(['connection', 'abandon', 'dev_none', '--yes']);
      assert.deepEqual(unknown, { exitCode: 1, lines: ['roster: there is no such connection'] });
      const early = await deny(['connection', 'abandon', ids['active'] ?? '', '--yes']);
      const refusal = 'roster: the connection is not overdue, or waits for no provider';
      assert.deepEqual(early, { exitCode: 1, lines: [refusal] });
      const unasked = await deny(['connection', 'abandon', id]);
      assert.equal(unasked.exitCode, 1);
      assert.match(
        unasked.lines.join('\n'),
        /^roster: The grants of dev_\w+ will be deleted.* at fitbit cannot .* add --yes/,
      );
      const done = await callJson(['connection', 'abandon', id, '--yes']);
      assert.deepEqual(done.value, { id, provider: 'fitbit', grants: 1 });
      assert.deepEqual(await deny(['connection', 'abandon', id, '--yes']), { exitCode: 1, lines: [refusal] });
      const overdue = await callJson(['connection', 'list', '--status', 'overdue']);
      assert.deepEqual([overdue.list().length, overdue.at('0.id')], [1, id]);

      const bearer = server.organization.apiKeys.admin;
      const deleted = await server.call(`DELETE /v1/users/${toUserIdText(person)}`, { bearer });
      await server.settle();
      const erasure = await callJson(['erasure', 'show', deleted.header('x-erasure-id')]);
      assert.equal(erasure.at('state'), 'complete');
      assert.equal(erasure.list('providers').length, 1);
      assert.equal(erasure.at('providers.0.state'), 'abandoned');
      const told = await call(['erasure', 'show', deleted.header('x-erasure-id')]);
      assert.match(told.stdout, /Provider fitbit +abandoned, attempts /, 'it no longer waits');
      const [, claims = ''] = erasure.text('receipt').split('.');
      const { providers } = JSON.parse(Buffer.from(claims, 'base64url').toString());
      assert.deepEqual([providers.length, providers[0].outcome], [1, 'unconfirmed']);
    });

    test('a rotation shows the client secret of an app once, and a change of origins shows them', async () => {
      const { appId } = server.organization.app;
      const rotated = await call(['app', 'rotate', appId, '--client-secret']);
      assert.deepEqual([rotated.exitCode, rotated.stderr], [0, '']);
      assert.match(rotated.stdout, new RegExp(`^App +${appId}\nClient secret +[0-9a-f]{40}\n$`));
      const words = ['app', 'set', appId, '--origins', 'https://app.example.com,http://localhost:3000'];
      const set = await call(words);
      assert.match(set.stdout, /\nOrigins +https:\/\/app\.example\.com, http:\/\/localhost:3000\n$/);
      const list = await call(['app', 'list']);
      const secret = rotated.stdout.trimEnd().split(' ').at(-1) ?? '';
      assert.ok(list.stdout.includes(appId) && !list.stdout.includes(secret));
      assert.match((await call(['app', 'set', appId, '--origins', 'none'])).stdout, /\nOrigins +none\n$/);
    });
  });
}
