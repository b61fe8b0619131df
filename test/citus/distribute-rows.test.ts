/**
 * `distribute` on a directory that has rows in every table, as an operator meets it: several hosts, two runs at once, a machine
 * without the settings, an account without rights. `ROSTER_TEST_CITUS` as in `distribute.test.ts`.
 */
import assert from 'node:assert/strict';
import { after, before, describe } from 'node:test';
import { distributeDirectory } from '../../src/app/distribute.ts';
import { migrate } from '../../src/store/migrate.ts';
import { migrations } from '../../src/store/migrations/all-migrations.ts';
import { withMigrationTarget } from '../../src/store/postgres/migration.ts';
import { placements } from '../../src/store/schema/placement.ts';
import { slowTest as test } from '../support/effort.ts';
import {
  citus,
  citusMachines,
  createDatabase,
  type OwnDatabase,
  queryAt,
} from '../support/postgres/postgres.ts';

const skip = citus === undefined && 'ROSTER_TEST_CITUS names no coordinator of a Citus cluster';
const organizations = [1, 2];

describe('distribute, with rows in every table', { skip }, () => {
  let database: OwnDatabase;
  let machines: readonly string[];

  before(async () => {
    database = await createDatabase();
    const { pathname } = new URL(database.url);
    machines = (await citusMachines(String(citus))).map((url) => url.replace(/\/\w+$/, pathname));
    await database.query('select citus_remove_node($1, $2)', lateMachine());
    await withMigrationTarget({ url: database.url, connectMs: 5_000 }, (target) =>
      migrate(target, 1, migrations),
    );
    const rules = await database.query(
      `select conrelid::regclass::text as table, conname as name from pg_constraint
        where contype = 'c' and cardinality(conkey) > 1 and connamespace = 'public'::regnamespace`,
    );
    // Rules between columns do not matter here.
    for (const { table, name } of rules) await database.query(`alter table ${table} drop constraint ${name}`);
    for (const table of placements.keys()) if (table !== 'schema_migrations') await fill(table);
  });
  after(() => database?.drop());

  /** The worker that is added later. */
  const lateMachine = (): readonly unknown[] => {
    const { hostname, port } = new URL(machines.at(-1) ?? '');
    return [hostname, Number(port)];
  };

  /**
   * One row for each organization. Columns that need a value have the same one, so that each reference finds its row, or
   * the first that they allow.
   */
  async function fill(table: string): Promise<void> {
    const columns = await database.query(
      `select attname as name, format_type(atttypid, null) as type,
          (select substring(pg_get_constraintdef(c.oid) from $2) from pg_constraint c
            where conrelid = attrelid and contype = 'c' and conkey = array[attnum] limit 1) as allowed
        from pg_attribute where attrelid = $1::regclass and attnotnull and attnum > 0 and not attisdropped and attgenerated = ''`,
      [table, String.raw`ARRAY\[([^],]+)`],
    );
    const names = columns.map(({ name }) => name).join(', ');
    for (const organization of organizations) {
      const values = columns.map(({ type, allowed }) => {
        if (allowed !== null) return allowed;
        return type === 'bytea' ? `'\\x0${organization}'::bytea` : `'${organization}'`;
      });
      await database.query(
        `set session_replication_role = replica; insert into ${table} (${names}) values (${values.join(', ')})`,
      );
    }
  }

  const run = (options: { url?: string; isDryRun?: boolean } = {}) =>
    distributeDirectory({
      databaseUrl: options.url ?? database.url,
      isDryRun: options.isDryRun ?? false,
    });

  test('an account that owns nothing is refused, and nothing is distributed', async () => {
    const name = `stranger_${process.pid}`;
    await database.query(`create role ${name} login`);
    try {
      const url = new URL(database.url);
      url.username = name;
      await assert.rejects(run({ url: String(url) }), {
        name: 'ConfigError',
        message: /must be owner of database/,
      });
      const [found] = await database.query('select count(*)::int as tables from pg_dist_partition');
      assert.equal(found?.['tables'], 0);
    } finally {
      await database.query(`drop role ${name}`);
    }
  });

  test('a dry run names every statement of the run, of two runs at once one does it all, and each row is moved', async () => {
    const planned = await run({ isDryRun: true });
    const both = await Promise.all([run(), run()]);
    assert.deepEqual(
      both.filter(({ length }) => length > 0),
      [planned],
    );
    for (const table of placements.keys()) {
      if (table === 'schema_migrations') continue;
      const [found] = await database.query(
        `select count(*)::int as rows, pg_relation_size($1::regclass)::int as left from ${table}`,
        [table],
      );
      assert.deepEqual(found, { rows: organizations.length, left: 0 }, table);
    }
  });

  test('the coordinator is found among several hosts', async () => {
    const url = database.url.replace(/@([^/]+)/, '@127.0.0.1:1,$1');
    assert.deepEqual(await run({ url }), []);
  });

  test('a worker without the settings gets them', async () => {
    const worker = machines[1] ?? '';
    const name = new URL(worker).pathname.slice(1);
    await queryAt(worker, `set citus.enable_ddl_propagation = off; alter database ${name} reset all`);
    assert.equal((await run()).length, 3);
    assert.deepEqual(await run(), []);
  });

  test('a worker that is added later gets the copies of the tables that each machine has', async () => {
    await database.query('select citus_add_node($1, $2)', lateMachine());
    assert.ok((await run({ isDryRun: true })).some((sql) => sql.includes('replicate_reference_tables')));
    await run();
    assert.deepEqual(await run(), []);
    const copies = await database.query(
      `select distinct count(*)::int as copies from pg_dist_partition join pg_dist_shard using (logicalrelid)
        join pg_dist_placement using (shardid) where repmodel = 't' group by logicalrelid`,
    );
    assert.deepEqual(copies, [{ copies: machines.length }]);
  });

  test('a database that is away is named, and why', async () => {
    const away = distributeDirectory({
      databaseUrl: 'postgres://roster:hidden@127.0.0.1:1/roster',
      isDryRun: true,
    });
    await assert.rejects(away, (error: Error) => {
      assert.match(error.message, /^DATABASE_URL cannot be used: .*ECONNREFUSED/);
      assert.ok(!error.message.includes('hidden'));
      return true;
    });
  });
});
