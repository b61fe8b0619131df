/** What a process has claimed is due again as soon as another process of the folder sees that it has ended. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { NewErasure } from '../../../src/core/erasure/erasure.ts';
import { newDatedId, newPrefixedId } from '../../../src/core/ids.ts';
import type { Store } from '../../../src/store/store.ts';
import { addTenant, makeSqliteStore } from '../harness.ts';

const leaseMs = 120_000;
const now = 1_000_000;

function newErasure(): NewErasure {
  return {
    ...{ id: newDatedId('era', now), userDigest: 'digest', requestedAt: now, requestedBy: 'operator' },
    ...{ door: 'test', state: 'running', removed: {}, sealedTraces: null, dueAt: now, abandonReason: null },
    ...{ replayedAt: null, completedAt: null, receipt: null },
  };
}

const claim = async (store: Store, at = now): Promise<readonly string[]> => {
  const claimed = await store.changeSystem('job', (tx) => tx.erasures.claim(at, leaseMs, 10));
  return claimed.map(({ id }) => id);
};

const claimRevocations = async (store: Store, at = now): Promise<number> =>
  (await store.changeSystem('job', (tx) => tx.revocations.claim('acme', at, leaseMs, 10))).length;

describe('claims of a process on SQLite', () => {
  test('are due again when another one starts after its end, and not while it lives', async (t) => {
    const own = await makeSqliteStore();
    t.after(() => own.dispose());
    const { orgKey } = await addTenant(own.store);
    const erasure = newErasure();
    await own.store.change(orgKey, async (tx) => {
      await tx.erasures.insert(erasure);
      const grant = { sealedGrant: 'sealed', erasureId: erasure.id, unanswered: 0, provider: 'acme' };
      const ids = { id: newPrefixedId('rev'), connectionId: newPrefixedId('dev') };
      await tx.revocations.insert({ ...ids, ...grant, nextAttemptAt: now, createdAt: now });
    });
    const killed = own.openAgain();
    assert.deepEqual(await claim(killed), [erasure.id]);
    assert.equal(await claimRevocations(killed), 1);
    await own.store.freeClaims(now);
    assert.deepEqual([await claim(own.store), await claimRevocations(own.store)], [[], 0], 'it lives');
    await killed.close();
    await own.store.freeClaims(now);
    assert.deepEqual([await claim(own.store), await claimRevocations(own.store)], [[erasure.id], 1]);
  });

  test('that have ended leave the time at which the row is due', async (t) => {
    const own = await makeSqliteStore();
    t.after(() => own.dispose());
    const { orgKey } = await addTenant(own.store);
    const erasure = newErasure();
    await own.store.change(orgKey, (tx) => tx.erasures.insert(erasure));
    const other = own.openAgain();
    await claim(other);
    const dueAt = now + 3_600_000;
    await other.change(orgKey, async (tx) => {
      const locked = await tx.erasures.lock(erasure.id);
      assert.ok(locked && (await tx.erasures.update(locked, { dueAt })));
    });
    await other.close();
    await own.store.freeClaims(now);
    assert.deepEqual(await claim(own.store, dueAt - 1), []);
    assert.deepEqual(await claim(own.store, dueAt), [erasure.id]);
  });

  test('of a process that takes the number of an ended one are its own', async (t) => {
    const own = await makeSqliteStore();
    t.after(() => own.dispose());
    const { orgKey } = await addTenant(own.store);
    const [first, second] = [newErasure(), newErasure()];
    await own.store.change(orgKey, (tx) => tx.erasures.insert(first));
    const killed = own.openAgain();
    assert.deepEqual(await claim(killed), [first.id]);
    await killed.close();
    const next = own.openAgain();
    t.after(() => next.close());
    await next.freeClaims(now);
    await own.store.change(orgKey, (tx) => tx.erasures.insert(second));
    assert.deepEqual([...(await claim(next))].sort(), [first.id, second.id].sort());
    await own.store.freeClaims(now);
    assert.deepEqual(await claim(own.store), []);
  });
});
