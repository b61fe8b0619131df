/**
 * The statements over all machines in the form that they have while a machine is away, on one PostgreSQL server: each is
 * understood, and does its work in the organizations that it is given, in no other.
 */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { newPrefixedId } from '../../../src/core/ids.ts';
import { spanOf } from '../../../src/store/postgres/sharding/span.ts';
import { namedStatement } from '../../../src/store/postgres/statements.ts';
import { allStatements } from '../../../src/store/sql/statement.ts';
import { addTenant, makePostgresStore, newUser, type PostgresOwnStore, type Tenant } from '../harness.ts';

describe('restricted to organizations', () => {
  let own: PostgresOwnStore;
  let tenants: readonly Tenant[];

  before(async () => {
    own = await makePostgresStore();
    tenants = [await addTenant(own.store), await addTenant(own.store)];
    for (const tenant of tenants) {
      await own.store.change(tenant.orgKey, async (tx) => {
        const { id } = await tx.users.insert(newUser(tenant));
        await tx.codes.put(id, { digest: 'd', expiresAt: 10, triesLeft: 5 });
        await tx.revocations.insert({
          ...{ id: newPrefixedId('rev'), connectionId: 'dev_1', provider: 'acme', erasureId: null },
          ...{ sealedGrant: 'sealed', unanswered: 0, nextAttemptAt: 10, createdAt: 1 },
        });
      });
    }
  });
  after(() => own.dispose());

  /** The one statement whose text begins and goes on so, with its values by name. */
  async function run(text: RegExp, values: Readonly<Record<string, unknown>>) {
    const found = allStatements().filter((each) => text.test(namedStatement(each).sql));
    const [statement] = found;
    assert.ok(statement !== undefined && found.length === 1, `${found.length} statements are ${text}`);
    const span = spanOf(statement);
    assert.ok(span.over === 'all');
    const reachable = `{0,${tenants[0]?.orgKey}}`;
    return own.database.query(span.restricted.sql, [
      ...namedStatement(statement).bind(Object(values)),
      reachable,
    ]);
  }

  test('every statement is understood', async () => {
    let understood = 0;
    for (const statement of allStatements()) {
      const span = spanOf(statement);
      if (span.over !== 'all') continue;
      await own.database.query(`prepare form as ${span.restricted.sql}`);
      understood += 1;
    }
    assert.ok(understood > 100);
  });

  test('a claim takes the rows of these organizations, and leaves the others due', async () => {
    const values = { by: 'acme', now: 10, limit: 10, leasedUntil: 20, claimedBy: null };
    const claimed = await run(/^with "due" .*"next_attempt_at" as "due_then" from "revocations"/s, values);
    assert.deepEqual(
      claimed.map(({ orgKey }) => Number(orgKey)),
      [tenants[0]?.orgKey],
    );
    const left = await own.database.query('select org_key from revocations where next_attempt_at = 10');
    assert.deepEqual(
      left.map(({ org_key: orgKey }) => Number(orgKey)),
      [tenants[1]?.orgKey],
    );
  });

  test('a sweep deletes the rows of these organizations', async () => {
    await run(/^\s*delete from "confirmation_codes".*order by/s, { until: 10, limit: 10 });
    const left = await own.database.query('select org_key from confirmation_codes');
    assert.deepEqual(
      left.map(({ org_key: orgKey }) => Number(orgKey)),
      [tenants[1]?.orgKey],
    );
  });

  test('a round of organizations passes over the others', async () => {
    const listed = await run(/^select "org_key" as "orgKey" from "organizations" where "org_key" > /, {
      after: 0,
      limit: 10,
    });
    assert.deepEqual(
      listed.map(({ orgKey }) => Number(orgKey)),
      [tenants[0]?.orgKey],
    );
  });
});
