/** How often the uses of keys are written, over both databases. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { newPrefixedId } from '../../../src/core/ids.ts';
import { KeyUses } from '../../../src/core/keys/key-uses.ts';
import { hourMs } from '../../../src/core/time.ts';
import type { UnitOfWork } from '../../../src/core/unit-of-work.ts';
import { addTenant, databases, type OwnStore } from '../harness.ts';

for (const { name, make } of databases) {
  describe(`uses of keys on ${name}`, () => {
    let own: OwnStore;
    before(async () => {
      own = await make();
    });
    after(() => own.dispose());

    async function addKeys(count: number) {
      const { orgKey } = await addTenant(own.store);
      const keys = Array.from({ length: count }, () => newPrefixedId('key'));
      for (const id of keys) {
        const given = { id, role: 'reader' as const, createdAt: 1, expiresAt: null, revokedAt: null };
        await own.store.change(orgKey, (tx) => tx.apiKeys.insert(given, `digest of ${id}`));
      }
      const list = async () =>
        (await own.store.read(orgKey, (tx) => tx.apiKeys.list())).map(({ usedAt }) => usedAt);
      return { orgKey, digests: keys.map((id) => `digest of ${id}`), list };
    }

    /** The store, which counts its changes and refuses the first `failures`. */
    function countChanges(failures = 0) {
      const { store } = own;
      const counted = { changes: 0 };
      const work: UnitOfWork = {
        change(orgKey, run, options) {
          counted.changes += 1;
          if (counted.changes <= failures) return Promise.reject(new Error('away'));
          return store.change(orgKey, run, options);
        },
        read: (orgKey, run) => store.read(orgKey, run),
        changeSystem: (reason, run, options) => store.changeSystem(reason, run, options),
        readSystem: (reason, run) => store.readSystem(reason, run),
        leavesOut: () => store.leavesOut(),
      };
      return { counted, work };
    }

    test('a thousand uses in an hour are one change, with the network of the first', async () => {
      const { orgKey, digests, list } = await addKeys(1);
      const { counted, work } = countChanges();
      const uses = new KeyUses();
      let reads = 0;
      const call = {
        get network() {
          reads += 1;
          return '203.0.113.77';
        },
      };
      for (let use = 0; use < 1_000; use++) uses.note(orgKey, digests[0] ?? '', 10 * hourMs + use, call);
      await uses.write(work, 10 * hourMs);
      await uses.write(work, 10 * hourMs);
      assert.deepEqual([counted.changes, reads, await list()], [1, 1, [10 * hourMs]]);
      uses.note(orgKey, digests[0] ?? '', 11 * hourMs, { network: '2001:db8:1:2::/64' });
      await uses.write(work, 11 * hourMs);
      const [key] = await own.store.read(orgKey, (tx) => tx.apiKeys.list());
      assert.deepEqual([counted.changes, key?.usedAt, key?.network], [2, 11 * hourMs, '2001:db8:1::/48']);
    });

    test('the keys of an organization are written together, and what fails is written by the next call', async () => {
      const one = await addKeys(2);
      const other = await addKeys(1);
      const { counted, work } = countChanges(1);
      const uses = new KeyUses();
      for (const { orgKey, digests } of [one, other]) {
        for (const digest of digests) uses.note(orgKey, digest, hourMs, { network: 'unknown' });
      }
      await assert.rejects(uses.write(work, hourMs), /away/);
      assert.deepEqual(await one.list(), [null, null]);
      await uses.write(work, hourMs);
      assert.deepEqual(
        [counted.changes, await one.list(), await other.list()],
        [3, [hourMs, hourMs], [hourMs]],
      );
    });
  });
}
