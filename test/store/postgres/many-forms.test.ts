/** Every statement for many rows that is made at run time is understood by the server, with values of the types of its columns. */
import assert from 'node:assert/strict';
import { after, before, describe } from 'node:test';
import { Client } from 'pg';
import { errorCodeOf } from '../../../src/core/error-code.ts';
import { setInsertOf } from '../../../src/store/postgres/set-insert.ts';
import { sharedChangeOf } from '../../../src/store/postgres/shared-change.ts';
import { postgresDialect } from '../../../src/store/sql/dialect.ts';
import {
  allStatements,
  compileStatement,
  type Value,
  type Values,
} from '../../../src/store/sql/statement.ts';
import { slowTest as test } from '../../support/effort.ts';
import { makePostgresStore, type PostgresOwnStore } from '../harness.ts';

type AnyStatement = ReturnType<typeof allStatements>[number];

/** Stands for the values of a call: each value is its own name. */
const names = new Proxy<Values>({}, { get: (_, name) => String(name) });
/** Where Citus copies the rows, the error has no code. Such a form is not sent there (`insertSet`). */
const isConstraint = (error: unknown): boolean =>
  errorCodeOf(error).startsWith('23') || /violates .* constraint/.test(String(error));

describe('a statement for many rows', () => {
  let own: PostgresOwnStore;
  let client: Client;
  before(async () => {
    own = await makePostgresStore();
    client = new Client({ connectionString: own.database.url });
    await client.connect();
  });
  after(async () => {
    await client.end();
    await own.dispose();
  });

  /** A value for each name, of the type that the server expects there. */
  async function samplesOf(statement: AnyStatement): Promise<Values> {
    const { sql, bind } = compileStatement(statement, postgresDialect.compiler);
    await client.query(`prepare one as ${sql}`);
    const { rows } = await client.query(
      `select array_to_json(parameter_types) as types from pg_prepared_statements where name = 'one'`,
    );
    await client.query('deallocate one');
    const samples = new Map(bind(names).map((name, at) => [String(name), sampleOf(rows[0]?.types[at])]));
    return Object.fromEntries(samples);
  }

  /** Runs it and undoes it. A row may break a constraint: then the statement ran. */
  async function run({ sql, values }: { readonly sql: string; readonly values: unknown[] }): Promise<void> {
    await client.query('begin');
    try {
      await client.query(sql, values);
    } catch (error) {
      if (!isConstraint(error)) throw new Error(sql, { cause: error });
    } finally {
      await client.query('rollback');
    }
  }

  test('inserts them', async () => {
    let count = 0;
    for (const statement of allStatements()) {
      if (statement.node.kind !== 'InsertQueryNode') continue;
      const set = setInsertOf(statement, [await samplesOf(statement)]);
      if (set === null) continue;
      await run(set);
      count++;
    }
    assert.ok(count > 20, `${count} statements`);
  });

  test('changes or deletes them', async () => {
    let count = 0;
    for (const statement of allStatements()) {
      const form = sharedChangeOf(statement);
      if (form === null) continue;
      const values = await samplesOf(statement);
      const changed = form.nameOf(values);
      if (changed === null) continue;
      await run(
        form.bind(
          changed.orgKey,
          ['ann', 'bob'].map((name) => [name, values] as const),
        ),
      );
      count++;
    }
    assert.ok(count > 60, `${count} statements`);
  });
});

function sampleOf(type: string): Value {
  if (type === 'text') return 'text';
  return type === 'bytea' ? Buffer.from('bytes') : 1;
}
