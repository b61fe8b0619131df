/**
 * Each table of which rows end, a millisecond before its age and at it. The ages are written out here, so that a change of
 * one of them is a change of this test too. Rows that have not ended stay, however old they are.
 */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { addStaff, addTenant, databases, newUser, type OwnStore, type Tenant } from '../harness.ts';

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;

/** `org_key` is 1 or 2, for one of two organizations, and `user_id` stands for a user of its own. */
type Values = Readonly<Record<string, string | number | null>>;

interface Swept {
  readonly table: string;
  /** The column that says when a row ends, or since when it is old. */
  readonly clock: string;
  readonly ageMs: number;
  /** A row that has ended. `id` is another text for each row. */
  row(id: string): Values;
  /** Rows that stay at any age, by what differs from `row`. */
  readonly keeps?: readonly Values[];
}

const hit = (id: string): Values => ({ org_key: 1, subject: id, bucket: 'b', at: 0 });
const connection = (id: string): Values => ({
  ...{ org_key: 1, id, user_id: 'u', provider: 'p', status: 'pending' },
  ...{ unanswered: 0, refresh_failures: 0, version: 1, created_at: 0 },
});
const revocation = (id: string): Values => ({
  ...{ org_key: 1, id, connection_id: `of ${id}`, provider: 'p', erasure_id: null, state: 'confirmed' },
  ...{ unanswered: 0, attempts: 1, next_attempt_at: 0, deadline_at: 0, version: 1, created_at: 0 },
});
const message = (id: string): Values => ({
  ...{ org_key: 1, id, channel: 'sms', template: 'confirmation', is_outbox_only: 0, lane: 'sms_code' },
  ...{ destination: 'd', stage: 'waiting', state: 'sent', attempts: 1, created_at: 0 },
});

const tables: readonly Swept[] = [
  {
    ...{ table: 'sessions', clock: 'expires_at', ageMs: 0 },
    row: (digest) => ({ org_key: 1, digest, id: digest, user_id: 'u', started_at: 0, last_used_at: 0 }),
  },
  {
    ...{ table: 'confirmation_codes', clock: 'expires_at', ageMs: 0 },
    row: (user_id) => ({ org_key: 1, user_id, digest: 'd', tries_left: 5 }),
  },
  {
    ...{ table: 'password_tokens', clock: 'expires_at', ageMs: 0 },
    row: (digest) => ({ org_key: 1, digest, user_id: digest, purpose: 'reset' }),
  },
  {
    ...{ table: 'password_leases', clock: 'expires_at', ageMs: 0 },
    row: (user_id) => ({ org_key: 1, user_id, holder: 'h' }),
  },
  {
    ...{ table: 'email_tokens', clock: 'expires_at', ageMs: 0 },
    row: (digest) => ({ org_key: 1, digest, user_id: digest, email_digest: 'e', purpose: 'proof' }),
  },
  {
    ...{ table: 'oauth_attempts', clock: 'expires_at', ageMs: 0 },
    row: (id) => ({
      ...{ org_key: 1, flow_digest: id, connection_id: id, user_id: 'u', sealed_secrets: 's' },
      return_to: 'page',
    }),
  },
  {
    ...{ table: 'connect_tokens', clock: 'expires_at', ageMs: 7 * day },
    row: (digest) => ({ org_key: 1, digest, user_id: 'u', kind: 'session' }),
  },
  { table: 'throttle_hits', clock: 'expires_at', ageMs: 0, row: hit },
  { table: 'message_hits', clock: 'expires_at', ageMs: 0, row: hit },
  {
    ...{ table: 'day_counts', clock: 'day', ageMs: 2 * day },
    row: (budget) => ({ org_key: 1, budget, shard: 0, used: 1 }),
  },
  {
    ...{ table: 'day_totals', clock: 'day', ageMs: 100 * day },
    row: (what) => ({ org_key: 1, what, times: 1 }),
  },
  {
    ...{ table: 'login_failures', clock: 'last_at', ageMs: day },
    row: (subject) => ({ org_key: 1, subject, network: 'n', failures: 1, debt_until: 0 }),
  },
  {
    ...{ table: 'known_networks', clock: 'used_at', ageMs: 90 * day },
    row: (user_id) => ({ org_key: 1, user_id, site: 's', network: 'n' }),
  },
  {
    ...{ table: 'staff_sessions', clock: 'expires_at', ageMs: 0 },
    row: (digest) => ({
      ...{ org_key: 1, digest, id: digest, staff_id: 's', stage: 'open', network: 'n' },
      ...{ started_at: 0, last_used_at: 0 },
    }),
  },
  {
    ...{ table: 'staff_links', clock: 'expires_at', ageMs: 0 },
    row: (digest) => ({ org_key: 1, digest, staff_id: digest }),
  },
  {
    ...{ table: 'staff_networks', clock: 'used_at', ageMs: 90 * day },
    row: (staff_id) => ({ org_key: 1, staff_id, network: 'n' }),
  },
  {
    ...{ table: 'bulk_acts', clock: 'created_at', ageMs: 30 * day },
    row: (id) => ({
      ...{ org_key: 1, id, act: 'cancel', made_by: 's', state: 'running', total: 1, planned: '{}' },
      ...{ changed: 0, failed: '{}' },
    }),
  },
  {
    ...{ table: 'bulk_act_users', clock: 'created_at', ageMs: 30 * day },
    row: (bulk_id) => ({ org_key: 1, bulk_id, user_id: 'u', leased_until: 0 }),
  },
  {
    ...{ table: 'idempotency', clock: 'created_at', ageMs: day },
    row: (key_digest) => ({ org_key: 1, key_digest, body_digest: 'b', user_id: 'u', status: 201 }),
  },
  {
    ...{ table: 'connections', clock: 'updated_at', ageMs: day, row: connection },
    keeps: ['active', 'needs_user', 'revoking', 'overdue', 'revoked'].map((status) => ({ status })),
  },
  {
    ...{ table: 'revocations', clock: 'ended_at', ageMs: 30 * day, row: revocation },
    keeps: [{ erasure_id: 'era_1' }],
  },
  {
    table: 'sms_days',
    clock: 'day',
    ageMs: 33 * day,
    row: () => ({ org_key: 1, spent: 1, is_exhausted: 0 }),
  },
  {
    ...{ table: 'sms_counts', clock: 'day', ageMs: 33 * day },
    row: (country) => ({ org_key: 1, outcome: 'sent', country, texts: 1, spent: 1 }),
  },
  {
    ...{ table: 'sms_ranges', clock: 'slot', ageMs: hour + 5 * minute },
    row: (phone_range) => ({ org_key: 1, phone_range, texts: 1, returned: 0 }),
  },
  {
    ...{ table: 'sms_closings', clock: 'closed_until', ageMs: day },
    row: (phone_range) => ({ org_key: 1, phone_range, country: 'US', is_told: 0 }),
  },
  {
    ...{ table: 'refused_deletions', clock: 'refused_at', ageMs: day },
    row: (erasure_id) => ({ org_key: 1, erasure_id, user_digest: 'd', user_number: 1, app_id: 'a' }),
  },
  {
    ...{ table: 'messages', clock: 'next_attempt_at', ageMs: 30 * day, row: message },
    keeps: [{ state: 'queued', stage: 'due' }],
  },
];

/** Long after every age. */
const now = Date.UTC(2026, 2, 2, 12);

for (const { name, make } of databases) {
  describe(`housekeeping on ${name}`, () => {
    let own: OwnStore;
    let tenants: Tenant[];
    before(async () => {
      own = await make();
      tenants = [await addTenant(own.store), await addTenant(own.store)];
    });
    after(() => own.dispose());

    let ids = 0;
    const newId = (): string => `id ${++ids}`;
    async function put(table: string, values: Values): Promise<void> {
      const tenant = tenants[Number(values['org_key']) - 1];
      assert.ok(tenant !== undefined);
      const said: Record<string, string | number | null> = { ...values, org_key: tenant.orgKey };
      if ('user_id' in values) {
        const { id } = await own.store.change(tenant.orgKey, (tx) => tx.users.insert(newUser(tenant)));
        said['user_id'] = id;
      }
      if ('staff_id' in values) said['staff_id'] = (await addStaff(own.store, tenant.orgKey)).id;
      const texts = Object.values(said).map((value) =>
        typeof value === 'string' ? `'${value}'` : String(value),
      );
      await own.execute(`insert into ${table} (${Object.keys(said)}) values (${texts})`);
    }
    const sweep = (at: number, limit = 1_000): Promise<number> =>
      own.store.changeSystem('job', (tx) => tx.housekeeping.sweep(at, limit));
    async function rowsOf(table: string): Promise<number> {
      const rows = own.openRows();
      try {
        return await rows.count(table);
      } finally {
        await rows.close();
      }
    }

    for (const { table, clock, ageMs, row, keeps = [] } of tables) {
      const age = ageMs === 0 ? 'at their end' : `${ageMs / hour} hours after ${clock}`;
      test(`deletes rows of ${table} ${age}, and not a millisecond before`, async () => {
        await put(table, { ...row(newId()), [clock]: now - ageMs });
        for (const kept of keeps) await put(table, { ...row(newId()), ...kept, [clock]: 0 });
        assert.equal(await sweep(now - 1), 0, 'a millisecond before');
        assert.equal(await rowsOf(table), 1 + keeps.length);
        assert.equal(await sweep(now), 1);
        assert.equal(await rowsOf(table), keeps.length);
        await own.execute(`delete from ${table}`);
      });
    }

    test('keeps a connection whose person never came back while a grant of it has still to be ended', async () => {
      const [open, overdue, ended, alone] = [newId(), newId(), newId(), newId()];
      for (const id of [open, overdue, ended, alone])
        await put('connections', { ...connection(id), updated_at: 0 });
      for (const [connection_id, state, ended_at] of [
        [open, 'pending', null],
        [overdue, 'overdue', null],
        [ended, 'confirmed', now],
      ] as const) {
        const sealed_grant = ended_at === null ? 'sealed' : null;
        await put('revocations', { ...revocation(newId()), connection_id, state, ended_at, sealed_grant });
      }
      // A revocation of another organization keeps nothing.
      await put('revocations', {
        ...revocation(newId()),
        org_key: 2,
        connection_id: alone,
        state: 'pending',
        sealed_grant: 'sealed',
      });
      assert.equal(await sweep(now), 2);
      const rows = own.openRows();
      const left = (await rows.all('connections')).map(({ id }) => id);
      await rows.close();
      assert.deepEqual(left.sort(), [open, overdue].sort());
      await own.execute('delete from connections');
      await own.execute('delete from revocations');
    });

    test('keeps a revocation that has not ended, however old it is', async () => {
      await put('revocations', { ...revocation(newId()), state: 'pending', sealed_grant: 'sealed' });
      assert.equal(await sweep(now), 0);
      assert.equal(await rowsOf('revocations'), 1);
      await own.execute('delete from revocations');
    });

    test('deletes the oldest rows first, at most as many of each table as its limit', async () => {
      for (const at of [3, 1, 2]) await put('throttle_hits', { ...hit(`at ${at}`), expires_at: at });
      await put('message_hits', { ...hit('m'), expires_at: 1 });
      assert.equal(await sweep(now, 2), 3);
      const rows = own.openRows();
      const left = (await rows.all('throttle_hits')).map(({ subject }) => subject);
      await rows.close();
      assert.deepEqual(left, ['at 3']);
      assert.equal(await sweep(now, 2), 1);
    });
  });
}

test('each table whose rows have an end is in the list, or says why it is not', async () => {
  const [sqlite] = databases;
  assert.ok(sqlite !== undefined);
  const own = await sqlite.make();
  const rows = own.openRows();
  const listed = new Set([...tables.map(({ table }) => table), ...Object.keys(sweptElsewhere)]);
  const unlisted = (await rows.tables()).filter((table) => !listed.has(table));
  await rows.close();
  await own.dispose();
  assert.deepEqual(unlisted, []);
});

/** Tables whose rows stay, or end in another way. */
const sweptElsewhere: Readonly<Record<string, string>> = {
  organizations: 'stay',
  apps: 'stay',
  api_keys: 'stay, so that an expired key is refused as one',
  users: 'an erasure deletes them',
  demo_people: 'go with their user',
  trial_people: 'go with their user',
  staff_accounts: 'an owner removes them',
  staff_passkeys: 'go with their account',
  staff_recovery_codes: 'are taken, and go with their account',
  user_counts: 'change with the users',
  search_blocks: 'change with the users',
  search_leaves: 'change with the users',
  search_changes: 'a job works them into the blocks',
  job_marks: 'a job deletes them once it has looked',
  password_requests: 'a job answers and deletes them',
  hash_costs: 'one for each organization',
  erasures: 'stay: they are the record',
  unwritten_receipts: 'a pass of the job deletes them once they are in the ledger',
  receipt_keys: 'stay, so that receipts can be checked',
  erasure_ledgers: 'stay',
  audit_events: 'sweepEvents',
  audit_archive: 'sweepEvents',
  reveals: 'sweepEvents, as the events that they are about',
  audit_lists: 'follow the archive',
  audit_counts: 'follow the archive',
  imports: 'an operator deletes them',
  import_rejects: 'go with their import',
  schema_migrations: 'stay',
};
