import assert from 'node:assert/strict';
import { test } from 'node:test';
import { shardedStatements } from './sharded-migration.ts';

test('a new table is created, distributed, and refers to distributed tables then', () => {
  const sql = `create table reveals (
      org_key bigint not null references organizations (org_key),
      user_id text not null,
      app_key bigint not null,
      primary key (org_key, user_id),
      foreign key (org_key, app_key) references apps (org_key, app_key),
      foreign key (org_key, user_id) references users (org_key, id)
    )`;
  assert.deepEqual(shardedStatements(sql), [
    sql.replace(/,\s*foreign key \(org_key, user_id\).*\)(?=\s*\)$)/, ''),
    `select create_distributed_table('reveals', 'org_key', colocate_with => 'users')`,
    'alter table reveals add foreign key (org_key, user_id) references users (org_key, id)',
  ]);
});

test('other statements stay as they are', () => {
  for (const sql of [
    'create index reveals_age on reveals (at)',
    'alter table users add column a text',
    'create table other (a int)',
  ]) {
    assert.deepEqual(shardedStatements(sql), [sql]);
  }
});
