/** The schema in PostgreSQL matches the registry, and can be distributed over machines by organization. */
import assert from 'node:assert/strict';
import { after, before, describe } from 'node:test';
import { isRefusal } from '../../../src/core/errors.ts';
import { tables } from '../../../src/store/schema/personal-data.ts';
import { postgresDialect } from '../../../src/store/sql/dialect.ts';
import { allStatements, compileStatement } from '../../../src/store/sql/statement.ts';
import { slowTest as test } from '../../support/effort.ts';
import { citus } from '../../support/postgres/postgres.ts';
import { makePostgresStore, type PostgresOwnStore } from '../harness.ts';

/** Small tables that are read before the organization is known. A database on several machines has a copy on each. */
const referenceTables = ['organizations', 'apps', 'api_keys'];

describe('the schema on PostgreSQL', () => {
  let own: PostgresOwnStore;
  before(async () => {
    own = await makePostgresStore();
  });
  after(() => own.dispose());

  test('has every table and column of the registry, and no others', async () => {
    const columns = await own.database.query(
      `select table_name, string_agg(column_name, ' ' order by column_name collate "C") as names
        from information_schema.columns join information_schema.tables using (table_schema, table_name)
        where table_schema = 'public' and table_type = 'BASE TABLE' group by table_name`,
    );
    const found = Object.fromEntries(columns.map((row) => [String(row['table_name']), String(row['names'])]));
    const registered = Object.entries(tables).map(([name, { columns }]) => {
      return [name, Object.keys(columns).sort().join(' ')];
    });
    assert.deepEqual(found, Object.fromEntries(registered));
  });

  test('begins every unique key with the organization, except those of reference tables', async () => {
    const keys = await own.database.query(
      `select i.indrelid::regclass::text as table, i.indexrelid::regclass::text as name, a.attname as first
        from pg_index i join pg_attribute a on a.attrelid = i.indrelid and a.attnum = i.indkey[0]
        where i.indisunique and i.indrelid in (select oid from pg_class where relnamespace = 'public'::regnamespace)`,
    );
    assert.ok(keys.length > 15);
    const others = keys.filter(({ table, first }) => {
      return first !== 'org_key' && ![...referenceTables, 'schema_migrations'].includes(String(table));
    });
    assert.deepEqual(others, []);
  });

  test('has one generated and no dropped column before the organization: `roster distribute` moves it', async () => {
    const found = await own.database.query(
      `select a.attrelid::regclass::text as table, a.attname as column from pg_attribute k join pg_attribute a
          on a.attrelid = k.attrelid and a.attnum between 1 and k.attnum and (a.attisdropped or a.attgenerated <> '')
        where k.attname = 'org_key' and k.attrelid in
          (select oid from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace)`,
    );
    const dropped = { table: 'users', column: '........pg.dropped.2........' };
    assert.deepEqual(found, [citus === undefined ? { table: 'users', column: 'position' } : dropped]);
  });

  test('gives every table a primary key, and lets it refer to rows of the same organization only', async () => {
    const without = await own.database.query(
      `select relname from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace
        and not exists (select from pg_index where indrelid = pg_class.oid and indisprimary)`,
    );
    assert.deepEqual(without, []);
    const references = await own.database.query(
      `select conname, (select attname from pg_attribute where attrelid = conrelid and attnum = conkey[1]) as from_column,
          (select attname from pg_attribute where attrelid = confrelid and attnum = confkey[1]) as to_column
        from pg_constraint where contype = 'f' and connamespace = 'public'::regnamespace`,
    );
    assert.ok(references.length > 8);
    for (const { conname, from_column, to_column } of references) {
      assert.deepEqual([from_column, to_column], ['org_key', 'org_key'], String(conname));
    }
  });

  test('compares every text byte by byte', async () => {
    const others = await own.database.query(
      `select attrelid::regclass::text as table, attname from pg_attribute
        where attrelid in (select oid from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace)
          and atttypid = 'text'::regtype and attcollation <> '"C"'::regcollation`,
    );
    assert.deepEqual(others, []);
  });

  test('is refused after a newer program has migrated it, and a server on it is not ready', async () => {
    const newer = await makePostgresStore();
    await newer.store.ping();
    await newer.execute(`insert into schema_migrations values (99, 'from the future', 1)`);
    await assert.rejects(newer.store.migrate(), { name: 'NewerSchemaError' });
    await assert.rejects(newer.store.ping(), (error) => isRefusal(error, 'unavailable'));
    await newer.execute('drop table schema_migrations');
    await assert.rejects(newer.store.ping(), (error) => isRefusal(error, 'unavailable'));
    await newer.dispose();
  });

  test('is valid for every statement', async () => {
    const statements = allStatements();
    assert.ok(statements.length > 60);
    for (const statement of statements) {
      const { sql } = compileStatement(statement, postgresDialect.compiler);
      await own.database.query(`prepare x as ${sql}`).catch((error) => {
        throw new Error(sql, { cause: error });
      });
    }
  });
});
