import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { isRefusal } from '../../../src/core/errors.ts';
import type { ImportProgress, Reject } from '../../../src/core/transfer/import-progress.ts';
import { addTenant, suiteOnEveryDatabase, type Tenant } from '../harness.ts';

suiteOnEveryDatabase('the store of imports', (own) => {
  let tenant: Tenant;

  beforeEach(async () => {
    tenant = await addTenant(own());
  });

  const begun: ImportProgress = {
    id: 'a'.repeat(64),
    bytes: 0,
    lines: 0,
    digest: 'b'.repeat(64),
    imported: 0,
    rejected: 0,
    skipped: 0,
    withoutPassword: 0,
    elapsedMs: 0,
    startedAt: 1_000,
    finishedAt: null,
  };
  const begin = ({ orgKey } = tenant) => own().change(orgKey, (tx) => tx.imports.insert(begun));
  const find = ({ orgKey } = tenant) => own().change(orgKey, (tx) => tx.imports.lock(begun.id));

  test('an import is found with its latest progress, and only in its organization', async () => {
    assert.equal(await find(), null);
    await begin();
    const moved = {
      ...begun,
      bytes: 2 ** 40,
      lines: 9,
      digest: 'c',
      imported: 5,
      rejected: 2,
      skipped: 3,
      withoutPassword: 4,
      elapsedMs: 70,
      finishedAt: 2_000,
    };
    await own().change(tenant.orgKey, (tx) => tx.imports.update(moved));
    assert.deepEqual(await find(), moved);
    assert.equal(await find(await addTenant(own())), null);
  });

  test('of two that start the same import one is refused', async () => {
    const results = await Promise.allSettled([begin(), begin()]);
    const refused = results.filter((result) => result.status === 'rejected');
    assert.equal(refused.length, 1);
    assert.ok(isRefusal(refused[0]?.reason, 'wrong_state'));
    await begin(await addTenant(own()));
  });

  test('rejects are listed by line and field, with a limit, and are deleted up to a line', async () => {
    await begin();
    const rejects: Reject[] = [
      { line: 12, field: 'phone', reason: 'invalid' },
      { line: 3, field: '', reason: 'malformed' },
      { line: 12, field: 'email', reason: 'taken' },
      { line: 7, field: 'role', reason: 'invalid' },
    ];
    await own().change(tenant.orgKey, async (tx) => {
      await tx.imports.addRejects(begun.id, rejects.slice(0, 2));
      await tx.imports.addRejects(begun.id, rejects.slice(2));
    });
    const list = (after: Reject | null, limit: number) =>
      own().read(tenant.orgKey, (tx) => tx.imports.listRejects(begun.id, after, limit));
    const ordered = [rejects[1], rejects[3], rejects[2], rejects[0]];
    assert.deepEqual(await list(null, 10), ordered);
    const firstThree = await list(null, 3);
    assert.deepEqual(await list(firstThree.at(-1) ?? null, 3), ordered.slice(3));
    await own().change(tenant.orgKey, (tx) => tx.imports.deleteRejects(begun.id, 7));
    assert.deepEqual(await list(null, 10), ordered.slice(2));
  });
});
