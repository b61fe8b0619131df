/**
 * A worker of a Citus cluster goes away and comes back while Roster runs. The commands that stop and start one are in
 * `ROSTER_TEST_CITUS_STOP` and `ROSTER_TEST_CITUS_START`; a shell runs them, with the host and the port of the worker as
 * `$1` and `$2`. Without them these tests are skipped.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { newPrefixedId } from '../../src/core/ids.ts';
import { createApiKey, revokeApiKey } from '../../src/core/keys/api-key-lifecycle.ts';
import { hourMs, minuteMs } from '../../src/core/time.ts';
import { createHousekeepingJob } from '../../src/jobs/housekeeping.ts';
import { createTestJournal } from '../jobs/deployment.ts';
import { citus, type OwnDatabase } from '../support/postgres/postgres.ts';
import { steady } from '../support/server/clock.ts';
import { createMigratedDatabase } from '../support/server/prepared.ts';
import { type Roster, startRoster, type Tenant, testDoor } from '../support/server/start.ts';

const { ROSTER_TEST_CITUS_STOP: stop, ROSTER_TEST_CITUS_START: start } = process.env;
const skip =
  (citus === undefined && 'ROSTER_TEST_CITUS names no coordinator of a Citus cluster') ||
  ((stop === undefined || start === undefined) &&
    'ROSTER_TEST_CITUS_STOP and ROSTER_TEST_CITUS_START name no commands that stop and start a worker');

const leaseMs = 60_000;
const provider = 'acme';

describe('while a worker of a Citus cluster is away', { skip }, () => {
  let database: OwnDatabase;
  let roster: Roster;
  /** The worker that goes away first. Organization 0 is on the other one. */
  let worker: string;
  let home: string;
  let lost: Tenant;
  let kept: Tenant;
  const lines: string[] = [];

  before(async () => {
    database = await createMigratedDatabase();
    const tell =
      (level: string) =>
      (fields: object, message: string): void =>
        void lines.push(`${level} ${message} ${JSON.stringify(fields)}`);
    roster = await startRoster({
      env: { DATABASE_URL: database.url },
      logger: { request: () => {}, info: tell('info'), warn: tell('warn'), error: tell('error') },
    });
    home = await machineOf(0);
    for (lost = roster.organization; (await machineOf(lost.key)) === home; )
      lost = await roster.addOrganization();
    for (kept = roster.organization; (await machineOf(kept.key)) !== home; )
      kept = await roster.addOrganization();
    worker = await machineOf(lost.key);
  });
  after(async () => {
    await roster?.close();
    await database?.drop();
  });

  async function machineOf(orgKey: number): Promise<string> {
    const [row] = await database.query(
      `select nodename || ' ' || nodeport as name from pg_dist_placement join pg_dist_node using (groupid)
        where shardid = get_shard_id_for_distribution_column('users', $1::bigint)`,
      [orgKey],
    );
    return String(row?.['name']);
  }

  const run = (command = '', name = worker) =>
    promisify(execFile)('sh', ['-c', command, 'sh', ...name.split(' ')], { timeout: 60_000 });

  async function until(isSo: () => Promise<boolean>, what: string): Promise<void> {
    const deadline = performance.now() + 40_000;
    while (!(await isSo())) {
      assert.ok(performance.now() < deadline, what);
      await sleep(100);
    }
  }

  const readyz = async (): Promise<{ status: number; text: string }> => {
    const reply = await fetch(`${roster.baseUrl}/readyz`);
    return { status: reply.status, text: await reply.text() };
  };
  const addUser = ({ apiKeys }: Tenant) => roster.call('POST /sonar/v1/users', { bearer: apiKeys.admin });
  const count = async (table: string, condition: string, { key }: Tenant): Promise<number> => {
    const sql = `select count(*) as rows from ${table} where org_key = $1 and ${condition}`;
    return Number((await database.query(sql, [key]))[0]?.['rows']);
  };
  const areSent = async (tenant: Tenant) => (await count('messages', `state <> 'kept'`, tenant)) === 0;

  /** Work that is due in an hour: a message, a revocation, a refresh; and a code that has ended by then. */
  async function addWork(tenant: Tenant): Promise<void> {
    const id = (await addUser(tenant)).string('data.id');
    const userId = id.replace('usr_', '');
    const dueAt = roster.clock.now() + hourMs;
    const { key } = tenant;
    await roster.core.work.change(key, async (tx) => {
      const created = { provider, createdAt: 1 };
      const device = await tx.connections.insert({ ...created, id: newPrefixedId('dev'), userId });
      await tx.connections.update(device, { status: 'active', sealedGrants: 'sealed', refreshAt: dueAt });
      await tx.revocations.insert({
        ...{ ...created, id: newPrefixedId('rev'), connectionId: device.id, erasureId: null },
        ...{ sealedGrant: 'sealed', unanswered: 0, nextAttemptAt: dueAt },
      });
      await tx.codes.put(userId, { digest: 'd', expiresAt: dueAt - minuteMs, triesLeft: 5 });
    });
    const email = `${id}@example.com`;
    const invited = await roster.call('POST /organization/api/v1/users', {
      bearer: tenant.apiKeys.admin,
      json: { email, name: 'Ann Lee', role: 'member' },
    });
    assert.equal(invited.status, 201, JSON.stringify(invited));
    await until(() => areSent(tenant), 'the message is sent');
    await database.query(
      `update messages set state = 'queued', stage = 'waiting', destination = 'example.com', next_attempt_at = $2 where org_key = $1`,
      [key, dueAt],
    );
  }

  const claimAll = async () => {
    const now = roster.clock.now();
    const claimed = await roster.core.work.changeSystem('job', async (tx) => [
      ...(await tx.revocations.claim(provider, now, leaseMs, 10)),
      ...(await tx.connections.claimRefreshes(provider, now, leaseMs, 10)),
    ]);
    return claimed.map(({ orgKey }) => orgKey);
  };
  const keepHouse = () => createHousekeepingJob(roster.core, createTestJournal(), steady).run();

  test('the jobs of all other organizations go on, its own wait, and the log says it once', async () => {
    for (const tenant of [lost, kept]) await addWork(tenant);
    const {
      key: { id: keyId },
      apiKey,
    } = await createApiKey(roster.core, testDoor, {
      ...{ organization: kept, role: 'admin', expiresAt: null },
    });
    lines.splice(0);
    await run(stop);
    try {
      roster.clock.advance(hourMs);
      await until(() => areSent(kept), 'the message of another organization is sent');
      assert.deepEqual(await claimAll(), [kept.key, kept.key]);
      await keepHouse();
      assert.equal(await count('confirmation_codes', 'true', kept), 0);
      const user = (await addUser(kept)).string('data.id');
      const deleted = await roster.call(`DELETE /sonar/v1/users/${user}`, { bearer: apiKey });
      assert.equal(deleted.status, 204);
      await until(async () => (await count('erasures', `state = 'complete'`, kept)) === 1, 'erased');
      assert.equal((await addUser(lost)).status, 503);
      await until(async () => (await readyz()).text.includes('machine'), 'the machine is told');
      assert.equal((await readyz()).status, 200);

      // It says that it did not, and the key still works.
      await assert.rejects(revokeApiKey(roster.core, testDoor, keyId), { code: 'unavailable' });
      assert.equal((await roster.call('GET /sonar/v1/users', { bearer: apiKey })).status, 200);
      await sleep(5_000);
      const told = lines.filter((line) => !line.startsWith('info'));
      assert.equal(told.length, 1, told.join('\n'));
      assert.match(told[0] ?? '', /machines of the database are away.*\d+/);
    } finally {
      await run(start);
    }
    await until(async () => (await addUser(lost)).status === 201, 'it is served again');
    await until(() => areSent(lost), 'its message is sent');
    assert.deepEqual(await claimAll(), [lost.key, lost.key]);
    await keepHouse();
    assert.equal(await count('confirmation_codes', 'true', lost), 0);
    await until(async () => !(await readyz()).text.includes('machine'), 'the machine is back');
    assert.equal(
      lines.filter((line) => line.includes('all machines of the database answer again')).length,
      1,
    );
    await revokeApiKey(roster.core, testDoor, keyId);
    assert.equal((await roster.call('GET /sonar/v1/users', { bearer: apiKey })).status, 401);
  });

  test('messages and housekeeping go on while the machine of organization 0 is away', async () => {
    for (const tenant of [lost, kept]) await addWork(tenant);
    await run(stop, home);
    try {
      roster.clock.advance(hourMs);
      await until(() => areSent(lost), 'the message of another organization is sent');
      await keepHouse();
      assert.equal(await count('confirmation_codes', 'true', lost), 0);
    } finally {
      await run(start, home);
    }
    await until(() => areSent(kept), 'the others follow');
  });
});
