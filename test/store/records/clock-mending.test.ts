import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import Database from 'better-sqlite3';
import { dayMs, hourMs, skewMs } from '../../../src/core/time.ts';
import { mendings } from '../../../src/store/records/clock-mending.ts';
import { tables } from '../../../src/store/schema/personal-data.ts';
import { type TimeRule, times } from '../../../src/store/schema/times.ts';
import { sqliteDialect } from '../../../src/store/sql/dialect.ts';
import { compileStatement } from '../../../src/store/sql/statement.ts';
import { databaseFile } from '../../../src/store/sqlite/sqlite-store.ts';
import type { AnyRows } from '../../support/server/rows.ts';
import { addStaff, addTenant, databases, makeSqliteStore, newUser, type OwnStore } from '../harness.ts';

const now = Date.UTC(2026, 2, 2, 12);

interface Column {
  readonly name: string;
  readonly type: string;
  readonly notnull: number;
  readonly hidden: number;
}

const sqlite = await makeSqliteStore();
const raw = new Database(join(sqlite.dataDir, databaseFile));
after(async () => {
  raw.close();
  await sqlite.dispose();
});

/** What a row needs to be taken by its table, besides any values. */
const needed: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  api_keys: { role: 'reader' },
  staff_sessions: { stage: 'open' },
  bulk_acts: { state: 'planned' },
  revocations: { state: 'confirmed' },
  'revocations pending': { sealed_grant: 'x' },
  messages: { channel: 'sms', template: 'confirmation', state: 'queued', stage: 'waiting', lane: 'sms_code' },
  oauth_attempts: { return_to: 'page' },
  connections: { status: 'pending' },
  erasures: { state: 'running', removed: '{}' },
};

function columnsOf(table: string): readonly Column[] {
  return raw.prepare<[string], Column>('select * from pragma_table_xinfo(?)').all(table);
}

describe('the registry of times', () => {
  /** Integers that are no instants. */
  const numbers =
    /^(seq|position|org_key|app_key|number|node|block|token|line|version|bytes|lines|units|shard|status|rejected|imported|skipped|counted_seq|known_bytes)$|^(is|was|has|without)_|_(ms|left|passwords|failures|refusals|count|code|seq|by|number|step)$|^(attempts|failures|unanswered|texts|returned|spent|used|times|users|signs|total|changed|cost)$/;

  test('has every column that holds an instant, by its name or else', () => {
    const known = new Map(
      Object.entries(times).map(([table, { columns }]) => [table, new Set(Object.keys(columns))]),
    );
    const missing = Object.keys(tables).flatMap((table) =>
      columnsOf(table)
        .filter(({ name, type }) => type === 'INTEGER' && !numbers.test(name))
        .filter(({ name }) => known.get(table)?.has(name) !== true)
        .map(({ name }) => `${table}.${name}`),
    );
    assert.deepEqual(
      missing,
      [],
      'an instant goes into the registry, another number into the pattern of this test',
    );
  });

  test('cuts each column together with one that is cut', () => {
    for (const [table, { columns }] of Object.entries(times)) {
      const rules = Object.entries<TimeRule>(columns);
      for (const [column, rule] of rules) {
        if (rule.is !== 'cut_with') continue;
        const [, other] = rules.find(([name]) => name === rule.column) ?? [];
        const cuts = other?.is === 'cut' ? other.cuts : [];
        assert.ok(
          cuts.length > 0 && cuts.every(({ also = [] }) => also.includes(column)),
          `${table}.${column}`,
        );
      }
    }
  });

  test('cuts along an index', () => {
    for (const { table, column, mend, nextOf } of mendings) {
      // It is a queue of seconds.
      if (table === 'password_requests') continue;
      const { sql, bind } = compileStatement(mend, sqliteDialect.compiler);
      const values = bind({ now, cutTo: now, beyond: now, limit: 1, by: 'x' });
      const plan = raw.prepare<unknown[], { detail: string }>(`explain query plan ${sql}`).all(...values);
      const scans = plan.filter(({ detail }) => /^SCAN (?!ahead\b|CONSTANT)/.test(detail));
      assert.deepEqual(scans, [], `${table}.${column}`);
      if (nextOf === null) continue;
      const next = compileStatement(nextOf, sqliteDialect.compiler);
      const [step] = raw
        .prepare<unknown[], { detail: string }>(`explain query plan ${next.sql}`)
        .all(...next.bind({ after: 'x' }));
      assert.match(step?.detail ?? '', /^SEARCH \w+ USING (COVERING )?INDEX/, `${table}.${column}`);
    }
  });
});

for (const { name, make } of databases) {
  describe(`times that are too far ahead on ${name}`, () => {
    let own: OwnStore;
    let orgKey: number;
    let appId: string;
    let rows: AnyRows;
    let made = 0;

    before(async () => {
      own = await make();
      const tenant = await addTenant(own.store);
      orgKey = tenant.orgKey;
      appId = tenant.appId;
      rows = own.openRows();
    });
    after(async () => {
      rows.close();
      await own.dispose();
    });

    /** Adds a row with these values; every other column gets one that its table takes. */
    async function addRow(table: string, values: Readonly<Record<string, unknown>>): Promise<string> {
      made += 1;
      const mark = `m${made}`;
      const hasUser = table === 'users' || columnsOf(table).some(({ name: column }) => column === 'user_id');
      const user = hasUser ? newUser({ appId }) : null;
      if (user !== null) await own.store.change(orgKey, (tx) => tx.users.insert(user));
      const id = user?.id ?? '';
      if (table === 'users') {
        const changes = Object.entries(values).map(([column, value]) => `${column} = ${literal(value)}`);
        await own.execute(`update users set ${changes.join(', ')} where id = '${id}'`);
        return id;
      }
      const hasStaff = columnsOf(table).some(({ name: column }) => column === 'staff_id');
      const staff = hasStaff ? await addStaff(own.store, orgKey) : null;
      const filled: Record<string, unknown> = {};
      for (const { name: column, type, notnull, hidden } of columnsOf(table)) {
        if (hidden > 0 || column === 'seq') continue;
        if (column in values) filled[column] = values[column];
        else if (column === 'org_key') filled[column] = orgKey;
        else if (column === 'user_id') filled[column] = id;
        else if (column === 'staff_id') filled[column] = staff?.id;
        else if (notnull === 1 || primary(table).includes(column))
          filled[column] = type === 'INTEGER' ? (/^(is|was|has)_/.test(column) ? 0 : made) : mark;
      }
      const names = Object.keys(filled);
      await own.execute(
        `insert into ${table} (${names.join(', ')}) values (${names.map((each) => literal(filled[each])).join(', ')})`,
      );
      return mark;
    }

    function primary(table: string): readonly string[] {
      const { key = [] } = times[table as keyof typeof times];
      return key;
    }

    function literal(value: unknown): string {
      return typeof value === 'string' ? `'${value}'` : String(value);
    }

    async function timesOf(table: string, column: string): Promise<readonly number[]> {
      const all = await rows.all(table);
      return all.map((row) => row[column]).filter((value) => typeof value === 'number');
    }

    const mend = (isSteady: boolean): Promise<number> =>
      own.store.changeSystem('job', (tx) => tx.housekeeping.mendTimes(now, { isSteady, limit: 10 }));

    for (const { table, column, cut } of mendings) {
      const { longestMs, to, when, where = '', also = [] } = cut;
      const kind = where === '' ? '' : ` where ${where}`;

      test(`${table}.${column}${kind}`, async () => {
        // Of the same kind as the cut: `state in ('pending', 'overdue')` gives `state: 'pending'`.
        const given = Object.fromEntries(
          [...where.matchAll(/(\w+) (?:=|in) \(?'(\w+)'/g)].map(([, name, value]) => [name, value]),
        );
        const ended = /state <> 'queued'/.test(where) ? { state: 'sent' } : {};
        const right = now + longestMs;
        const rowWith = (at: number) => ({
          ...needed[table],
          ...needed[`${table} ${given['state']}`],
          ...given,
          ...ended,
          [column]: at,
          ...Object.fromEntries(also.map((other) => [other, at])),
        });
        await addRow(table, rowWith(right));
        await addRow(table, rowWith(right + dayMs));
        await addRow(table, rowWith(right + 400 * dayMs));
        const before = [...(await timesOf(table, column))].sort();
        assert.equal(before.filter((at) => at > right + skewMs).length, 2);

        const first = await mend(false);
        if (when === 'steady') assert.deepEqual([...(await timesOf(table, column))].sort(), before);
        else assert.ok(first >= 2);
        await mend(true);

        const after = await timesOf(table, column);
        assert.ok(after.includes(right), 'a time that is right stays');
        assert.equal(after.length, before.length - (to === 'deleted' ? 2 : 0));
        const latest = {
          window: right,
          now: right,
          next_hour: Math.max(right, now + hourMs),
          deleted: right,
        }[to];
        assert.ok(Math.max(...after) <= latest);
        for (const other of also) assert.ok(Math.max(...(await timesOf(table, other))) <= right);
        await own.execute(`delete from ${table}`.concat(table === 'users' ? ' where 1 = 0' : ''));
        if (table === 'users') await own.execute(`update users set ${column} = null`);
      });
    }
  });
}
