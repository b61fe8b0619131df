/**
 * Every statement stays on the machine of one organization, or stands in the list of statements over all machines. It
 * needs no database: PostgreSQL's own parser reads the text of each statement, in each of its forms.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import '../../../src/store/open-store.ts';
import { setInsertOf } from '../../../src/store/postgres/set-insert.ts';
import { shardedLock } from '../../../src/store/postgres/sharding/named-lock.ts';
import { spanOf } from '../../../src/store/postgres/sharding/span.ts';
import { sharedChangeOf } from '../../../src/store/postgres/shared-change.ts';
import { namedInsertOf } from '../../../src/store/postgres/statements.ts';
import { placements } from '../../../src/store/schema/placement.ts';
import { postgresDialect } from '../../../src/store/sql/dialect.ts';
import { allStatements, compileStatement, type Values } from '../../../src/store/sql/statement.ts';
import { type Judgement, judge, reachable } from './shard-law.ts';

/** Stands for the values of a call: each value is its own name. */
const names = new Proxy<Values>({}, { get: (_, name) => String(name) });

type AnyStatement = ReturnType<typeof allStatements>[number];
/** Stands for the organization of a shared change, among the names. */
const organization = 4_242;

/** Statements over all machines, by the table that they use. None is part of a request for one organization. */
const across = {
  // Jobs look for what is due, and take it by statements of its organization.
  'select connections': 'due refreshes and unfinished connections; lists and counts for the operator',
  'select erasures': 'due erasures; lists, counts and the next trace for the operator',
  'select audit_lists': 'organizations with a list of audit events that is not counted yet',
  'select hash_costs': 'the next organization whose imported hashes are not measured',
  'select job_marks': 'organizations with many new rows',
  'select messages': 'due messages, by template and organization; places under way; the outbox; counts',
  'select password_requests': 'the oldest requests of new passwords',
  'select revocations': 'due and missed revocations; counts',
  'select search_changes': 'organizations with users who have changed',
  'select unwritten_receipts': 'receipts that are not in the ledger yet',
  'select users': 'requested emails by age; where the operator finds the user of a name',
  // Lists and counts for the operator.
  'select sms_closings': 'closed ranges by country',
  'select sms_counts': 'what texts cost in a day',
  'select day_counts': 'what is used of the budgets of a day',
  'select refused_deletions': 'deletions that are to be repeated; there are none as long as the disk works',
  'select sms_days': 'budgets that are nearly spent; what is spent in a day',
  'update sms_closings': 'tells each closing once; cuts times',
  'update sms_days': 'tells each budget once',
  // Staff sign in before their organization is known.
  'select staff_accounts': 'the account of an address',
  // `roster secret` seals everything again.
  'select receipt_keys': 'sealed keys',
} as const;

/** Tables whose ended rows are deleted, and whose times too far ahead are cut, a limited number in one statement. */
const swept = [
  ...['audit_events', 'bulk_act_users', 'bulk_acts', 'confirmation_codes', 'connect_tokens', 'connections'],
  ...[
    'day_counts',
    'day_totals',
    'email_tokens',
    'erasures',
    'idempotency',
    'known_networks',
    'login_failures',
  ],
  ...[
    'message_hits',
    'messages',
    'oauth_attempts',
    'password_leases',
    'password_requests',
    'password_tokens',
  ],
  ...['refused_deletions', 'reveals', 'revocations', 'sessions', 'sms_closings', 'sms_counts', 'sms_days'],
  ...['sms_ranges', 'staff_links', 'staff_networks', 'staff_sessions', 'throttle_hits', 'users'],
];

function isListed(name: string): boolean {
  const [verb = '', table = ''] = name.split(' ');
  return name in across || (verb !== 'select' && verb !== 'insert' && swept.includes(table));
}

/** Each statement in the forms in which it is sent, with what the law says of it. */
const judged: readonly ({ readonly sql: string } & Judgement)[] = allStatements().flatMap((statement) => {
  const { sql: whole, bind } = compileStatement(statement, postgresDialect.compiler);
  const bound = bind(names);
  const span = spanOf(statement);
  const sql = span.over === 'all' ? span.plain.sql : whole;
  const one = { sql, ...judge(sql, bound) };
  return [one, ...formsOf(statement).map(({ sql, parameters }) => ({ sql, ...judge(sql, parameters) }))];
});

/** The forms that are made at run time, with the names of their parameters. An array is not the organization, whatever is in it. */
function formsOf(
  statement: AnyStatement,
): { readonly sql: string; readonly parameters: readonly unknown[] }[] {
  const forms = [];
  if (statement.node.kind === 'InsertQueryNode') {
    const many = namedInsertOf(statement, 8);
    const row = many.bind(names);
    forms.push({ sql: many.sql, parameters: Array.from({ length: many.rows }, () => row).flat() });
    const set = setInsertOf(statement, [names, names]);
    if (set !== null) forms.push({ sql: set.sql, parameters: set.values });
  }
  const shared = sharedChangeOf(statement)?.bind(organization, [
    ['ann', names],
    ['bob', names],
  ]);
  if (shared !== undefined) {
    const parameters = shared.values.map((value) => (value === organization ? 'orgKey' : String(value)));
    forms.push({ sql: shared.sql, parameters });
  }
  return forms;
}

test('every statement names its organization, or is listed as one over all machines', () => {
  assert.ok(judged.length > 500);
  const unlisted = judged.filter(({ across }) => across !== null && !isListed(across));
  assert.deepEqual(unlisted, []);
});

test('a statement over all machines locks no row, joins no two distributed tables, and depends on no outer row', () => {
  assert.deepEqual(
    judged.filter(({ faults }) => faults.length > 0),
    [],
  );
});

test('the forms that are made at run time are judged too', () => {
  const texts = judged.map(({ sql }) => sql);
  assert.ok(texts.filter((sql) => /^insert .* select .*\$\d+::bigint.* from unnest/s.test(sql)).length > 20);
  assert.ok(texts.filter((sql) => /^delete .* = any\(/s.test(sql)).length > 30);
  assert.ok(texts.filter((sql) => /^update .* from unnest/s.test(sql)).length > 30);
  assert.deepEqual(judge(shardedLock, ['name', 'orgKey']), { across: null, faults: [] });
});

test('the list names no statement that is gone', () => {
  const found = new Set(judged.map(({ across }) => across));
  const gone = Object.keys(across).filter((name) => !found.has(name));
  const unswept = swept.filter(
    (table) => !['update', 'delete'].some((verb) => found.has(`${verb} ${table}`)),
  );
  assert.deepEqual([...gone, ...unswept], []);
});

/** What is found in the text of a statement while a machine is away, beside what the parser finds. */
const spans = allStatements().map((statement) => {
  const { sql, bind } = compileStatement(statement, postgresDialect.compiler);
  const bound = bind(names);
  return { sql, names: bound, span: spanOf(statement), judgement: judge(sql, bound), statement };
});
const isWriteToAll = (sql: string): boolean =>
  [...placements].some(
    ([table, placement]) =>
      placement === 'reference' && new RegExp(`(update|delete from|insert into) "${table}"`).test(sql),
  );

test('while a machine is away, a statement over all machines has a form for the organizations of the others', () => {
  let found = 0;
  for (const { sql, names, span, judgement, statement } of spans) {
    if (span.over !== 'all') continue;
    found += 1;
    assert.ok(judgement.across !== null || statement.isRound === true, sql);
    const restricted = judge(span.restricted.sql, [...names, reachable]);
    assert.deepEqual(restricted, { across: null, faults: [] }, span.restricted.sql);
    const added =
      / (?:(\w+)\.org_key = any \(\$\d+::bigint\[\]\) and|where \w+\.org_key = any \(\$\d+::bigint\[\]\)(?! and))/g;
    assert.equal(span.restricted.sql.replace(added, ''), span.plain.sql, 'nothing else is changed');
    assert.equal(span.plain.sql, sql.replace(' for update skip locked', ''));
  }
  assert.ok(found > 100);
});

test('while a machine is away, only a statement with its organization or its mailbox counts as one of a machine that answers', () => {
  for (const { sql, names, span, judgement, statement } of spans) {
    if (statement.isRound === true) continue;
    assert.equal(span.over !== 'one', judgement.across !== null || isWriteToAll(sql), sql);
    if (span.over === 'one' && span.at >= 0) {
      const key = names[span.at];
      assert.ok(
        span.by === 'org_key' ? key === 'orgKey' || key === 0 : key === 'subject' || key === 'name',
        sql,
      );
    }
  }
});

test('only writes to every machine and sweeps of what is counted by mailbox have no such form', () => {
  const waiting = spans.filter(({ span, sql }) => span.over === 'every' && !isWriteToAll(sql));
  assert.deepEqual([...new Set(waiting.map(({ judgement }) => judgement.across))].sort(), [
    'delete message_hits',
  ]);
});

/** Statements that break the law, and what it says of them. */
const planted: readonly (readonly [sql: string, across: string | null, faults: RegExp])[] = [
  ['select id from users where id = $1', 'select users', /^$/],
  ['select id from users where org_key > $1', 'select users', /^$/],
  ['select id from users where org_key = $1 or id = $2', 'select users', /^$/],
  ['select id from users where org_key = $1', null, /^$/],
  ['select id from users u where (u.org_key, u.id) = ($1, $2) for update', null, /^$/],
  ['select id from users order by seq limit $1 for update skip locked', 'select users', /locks rows/],
  [
    `with due as (select id, org_key from users limit 1 for update) update users set email = null from due
      where users.org_key = due.org_key and users.id = due.id`,
    'update users',
    /locks rows/,
  ],
  [
    'select 1 from users join sessions on sessions.org_key = users.org_key and sessions.user_id = users.id',
    'select sessions users',
    /several tables.*joins distributed tables/,
  ],
  [
    `select 1 from users join sessions on sessions.org_key = users.org_key and sessions.user_id = users.id
      where users.org_key = $1`,
    null,
    /^$/,
  ],
  ['select 1 from users a, users b where a.org_key = $1 and b.org_key = $3', 'select users', /several organ/],
  ['select 1 from users a, users b where a.org_key = $1 and b.org_key = $2', null, /^$/],
  [
    'select 1 from organizations o, lateral (select id from users where users.org_key = o.org_key limit 1) x',
    'select users',
    /lateral join/,
  ],
  [
    'select (select count(*) from users where users.org_key = organizations.org_key) from organizations',
    'select users',
    /depends on an outer row/,
  ],
  [
    `with recursive walk as (select min(id) as id from users union all
      select (select min(id) from users where id > walk.id) from walk) select id from walk`,
    'select users',
    /recursive/,
  ],
  [
    'select id from users where org_key = $1 and exists (select 1 from sessions)',
    'select sessions users',
    /sev/,
  ],
  [
    `select 1 from (select org_key, user_id from sessions where org_key = $1) chosen
      join users on users.org_key = chosen.org_key`,
    null,
    /^$/,
  ],
  [
    'select 1 from (select org_key from sessions) chosen join users on users.org_key = chosen.org_key',
    'select sessions users',
    /several tables/,
  ],
  ['delete from users', 'delete users', /^$/],
  ['insert into sessions (digest, org_key) values ($3, $1)', null, /^$/],
  ['insert into sessions (digest, org_key) values ($3, 1)', 'insert sessions', /^$/],
  ['insert into sessions (digest) values ($3)', 'insert sessions', /^$/],
  [
    'insert into audit_archive (org_key, id) select org_key, id from audit_events where org_key = $1',
    null,
    /^$/,
  ],
  [
    'insert into audit_archive (org_key, id) select org_key, id from audit_events',
    'insert audit_archive audit_events',
    /several tables/,
  ],
  [
    'insert into sessions (org_key, digest) select $1::bigint, x.v2 from unnest($3::text[]) as x(v2)',
    null,
    /^$/,
  ],
  [
    'insert into sessions (org_key, digest) select x.v1, x.v2 from unnest($1::bigint[], $3::text[]) as x(v1, v2)',
    'insert sessions',
    /^$/,
  ],
  [
    `update sessions set digest = x.v1 from unnest($3::text[], $3::bigint[], $3::text[]) as x(v1, v2, v3)
      where org_key = x.v2 and id = x.v3`,
    'update sessions',
    /^$/,
  ],
  ['select id from api_keys where digest = $3', null, /^$/],
  ['select at from message_hits where subject = $3', null, /^$/],
  ['select at from message_hits where org_key = $1', 'select message_hits', /^$/],
];

test('the law sees what is planted', () => {
  for (const [sql, across, faults] of planted) {
    const found = judge(sql, ['orgKey', 'orgKey', 'other']);
    assert.equal(found.across, across, sql);
    assert.match(found.faults.join('; '), faults, sql);
  }
});
