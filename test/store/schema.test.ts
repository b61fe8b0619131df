import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import Database from 'better-sqlite3';
import { userColumnNames, userColumns } from '../../src/core/directory/user.ts';
import { tables } from '../../src/store/schema/personal-data.ts';
import { indexedColumns, tableColumns } from '../../src/store/schema/user-table.ts';
import * as search from '../../src/store/search/search-queries.ts';
import { sqliteDialect } from '../../src/store/sql/dialect.ts';
import { allStatements, compileStatement } from '../../src/store/sql/statement.ts';
import { databaseFile } from '../../src/store/sqlite/sqlite-store.ts';
import { makeSqliteStore } from './harness.ts';

const own = await makeSqliteStore();
const database = new Database(join(own.dataDir, databaseFile));
test.after(async () => {
  database.close();
  await own.dispose();
});

interface TableRow {
  readonly name: string;
  readonly strict: number;
}

const found = database
  .prepare<[], TableRow>(
    `select name, strict from pragma_table_list where schema = 'main' and type = 'table'`,
  )
  .all()
  .filter(({ name }) => !name.startsWith('sqlite_'));

function columnsOf(table: string): string[] {
  return database
    .prepare<[string], { name: string }>('select name from pragma_table_xinfo(?)')
    .all(table)
    .map(({ name }) => name);
}

test('the registry lists every table of the database with every column, and no others', () => {
  const inDatabase = Object.fromEntries(found.map(({ name }) => [name, columnsOf(name).sort()]));
  const inRegistry = Object.fromEntries(
    Object.entries(tables).map(([name, { columns }]) => [name, Object.keys(columns).sort()]),
  );
  assert.deepEqual(inDatabase, inRegistry);
});

test('every table that can name a person says what erasure does, and deletes where it holds personal data', () => {
  for (const [name, { columns, onErase }] of Object.entries(tables)) {
    const contents: readonly string[] = Object.values(columns);
    if (onErase.do === 'delete') {
      const by = Object.entries(columns).find(([column]) => column === onErase.by);
      assert.ok(by?.[1] === 'user' || by?.[1] === 'digest', `${name} is found by a user id or a digest`);
    } else {
      assert.ok(onErase.why.length > 0, name);
      assert.ok(!contents.includes('personal') && !contents.includes('digest'), `${name} is kept`);
    }
  }
});

test('every column of users that has an index and may change is declared', () => {
  const inIndexes = database
    .prepare<[], { name: string }>(
      `select distinct i.name from pragma_index_list('users') l, pragma_index_info(l.name) i`,
    )
    .all();
  const isFixed = (name: string): boolean =>
    // A virtual column: the row's own number.
    name === 'position' ||
    userColumnNames.some((each) => tableColumns[each] === name && 'isFixed' in userColumns[each]);
  const declared: readonly string[] = Object.values(indexedColumns).flat();
  const undeclared = inIndexes.filter(({ name }) => !isFixed(name) && !declared.includes(name));
  assert.ok(inIndexes.length > 5);
  assert.deepEqual(undeclared, []);
});

test('every table is strict', () => {
  assert.deepEqual(
    found.filter(({ strict }) => strict === 0),
    [],
  );
});

test('every table but the record of migrations has the organization', () => {
  const without = found.map(({ name }) => name).filter((name) => !columnsOf(name).includes('org_key'));
  assert.deepEqual(without, ['schema_migrations']);
});

test('rows that hang on a user cannot outlive it', () => {
  for (const [name, { columns }] of Object.entries(tables)) {
    if (!('user_id' in columns)) continue;
    const references = database
      .prepare<[string], { table: string }>('select "table" from pragma_foreign_key_list(?)')
      .all(name)
      .map(({ table }) => table);
    assert.ok(references.includes('users'), name);
  }
});

test('no statement is compiled again for the values of a call', () => {
  for (const statement of allStatements()) {
    const { sql } = compileStatement(statement, sqliteDialect.compiler);
    assert.doesNotMatch(sql, /(?<!\+)\?/);
  }
});

test('no statement walks a table, or all rows of an organization, to find its own', () => {
  // Lists of all rows, for an operator or a job.
  const walks = [
    /^SCAN (organizations|apps|api_keys|password_requests)$/,
    /^SCAN staff_accounts USING INDEX staff_accounts_email$/,
    // Whether there is any, with a limit of one.
    /^SCAN staff_accounts USING COVERING INDEX staff_accounts_id$/,
    /^SCAN messages USING INDEX messages_content$/,
    // The metrics count what waits. The index holds nothing else.
    /^SCAN messages USING COVERING INDEX messages_queued$/,
    // The steps of a claim, and what it has selected.
    /^SCAN (walk|line|chosen|own|late|rested|ended)$/,
    /^SCAN (connections|revocations|erasures)\b/,
    // Empty unless a process was killed.
    /^SCAN unwritten_receipts$/,
    // Empty unless a disk has failed.
    /^SCAN refused_deletions\b/,
    // The total of the list of organizations.
    /^SCAN organizations USING COVERING INDEX/,
    // The marks of organizations for jobs, and their lists that are still to be counted, are few.
    /^SCAN job_marks$/,
    /^SCAN audit_lists USING INDEX audit_lists_uncounted$/,
    // The rows of an insert, as SQLite has them in memory.
    /^SCAN \d+-ROW VALUES CLAUSE$/,
    // The rows that a claim, a search, a cut of times or a count with a limit has just selected.
    /^SCAN (due|chosen|ahead|counted)$/,
  ];
  // Lists of an organization in the order of an index, with a limit or few rows.
  const lists = [
    /^SEARCH (apps|api_keys) /,
    /user_counts/,
    // The events that are not archived yet, and the lists of the archive that are long.
    /audit_(events|lists)/,
    // The blocks of the search, and users who are to be settled in them, a limited number at a time.
    /search_(blocks|changes)/,
    // The staff of an organization are few.
    /^SEARCH staff_accounts /,
    /receipt_keys/,
    // The one row of the organization itself.
    /^SEARCH (organizations|hash_costs) /,
  ];
  const statements = allStatements();
  assert.ok(statements.length > 60);
  for (const statement of statements) {
    const { sql } = compileStatement(statement, sqliteDialect.compiler);
    for (const step of planOf(sql)) {
      // The rows of an insert are no table.
      const isWalk =
        /^SCAN (?!CONSTANT|\d+-ROW VALUES CLAUSE)/.test(step) && !walks.some((known) => known.test(step));
      const isTenantOnly = /\((org_key=\?|org_key=\? AND (status|app_key)=\?)\)$/.test(step);
      const isList = lists.some((known) => known.test(step)) || /users_admins/.test(step);
      assert.ok(!isWalk && (!isTenantOnly || isList), `${step}\n${sql}`);
    }
  }
});

test('a position in a list is found by one look-up in an index, also among users of one instant', () => {
  const lists = allStatements()
    .map((statement) => compileStatement(statement, sqliteDialect.compiler).sql)
    .filter((sql) => /"position"\) [<>]/.test(sql));
  assert.ok(lists.length > 4);
  for (const sql of lists) assert.match(planOf(sql).join(), /created_at,position\)[<>]/, sql);
});

function planOf(sql: string): string[] {
  return database
    .prepare<unknown[], { detail: string }>(`explain query plan ${sql}`)
    .all(...Array.from({ length: sql.split('?').length - 1 }, () => null))
    .map(({ detail }) => detail);
}

test('a part of an order has one bound at each end, because SQLite may follow the wider one of two', () => {
  const orders = [search.selectInOrder, search.selectSearchedInOrder, search.selectOrderEnd];
  for (const statement of orders.flatMap((order) => Object.values(order))) {
    const { sql } = compileStatement(statement, sqliteDialect.compiler);
    const bounds = [...sql.matchAll(/\) ([<>]=?) \(/g)].map(([, sign]) => sign);
    assert.deepEqual(bounds, ['>', '<'], sql);
  }
});

test('the statements of a search follow the index that bounds them, whatever their filter', () => {
  const wanted = [
    [search.selectTail, 'users USING INDEX users_position (org_key=? AND position>? AND position<?)'],
    [search.selectBySeqs, 'users USING INDEX users_position (org_key=? AND position=?)'],
    [search.selectChanged, 'users USING INDEX sqlite_autoindex_users_1 (org_key=? AND id=?)'],
    [search.selectAdmins, 'users USING INDEX users_admins (org_key=?)'],
    [
      search.selectInOrder.all,
      'users USING INDEX users_order (org_key=? AND (created_at,position)>(?,?) AND',
    ],
    [search.selectInOrder.status, 'users USING INDEX users_status_order (org_key=? AND'],
    [search.selectInOrder.app, 'users USING INDEX users_app_order (org_key=? AND'],
    [search.selectSearchedInOrder.status, 'users USING INDEX users_status_order (org_key=? AND'],
  ] as const;
  for (const [statement, step] of wanted) {
    const { sql } = compileStatement(statement, sqliteDialect.compiler);
    assert.ok(
      planOf(sql).some((each) => each.includes(step)),
      `${step}\n${planOf(sql).join('\n')}`,
    );
    assert.ok(!planOf(sql).some((each) => each.includes('TEMP B-TREE')), sql);
  }
});
