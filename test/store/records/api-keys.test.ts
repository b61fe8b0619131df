import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { newPrefixedId } from '../../../src/core/ids.ts';
import type { Store } from '../../../src/store/store.ts';
import { addTenant, databases, type OwnStore } from '../harness.ts';

const rounds = 100;

for (const { name, make } of databases) {
  describe(`API keys on ${name}`, () => {
    let own: OwnStore;
    let other: Store;
    before(async () => {
      own = await make();
      other = own.openAgain();
    });
    after(async () => {
      await other.close();
      await own.dispose();
    });

    const find = (digest: string) =>
      own.store.readSystem('authentication', (tx) => tx.apiKeys.findByDigest(digest));

    test('many look-ups at the same moment all find a key, and only by its digest', async () => {
      const { orgKey } = await addTenant(own.store);
      const key = { id: newPrefixedId('key'), role: 'reader' as const };
      const given = { ...key, createdAt: 1, expiresAt: null, revokedAt: null };
      await own.store.change(orgKey, (tx) => tx.apiKeys.insert(given, 'alike'));
      const found = await Promise.all(Array.from({ length: 50 }, () => find('alike')));
      for (const each of found) assert.deepEqual(each, { ...given, orgKey });
      assert.deepEqual(
        await Promise.all(['alike', 'other', 'alik'].map(async (at) => (await find(at))?.id)),
        [key.id, undefined, undefined],
      );
    });

    test(`${rounds} that another process revokes or rotates are found so immediately`, async () => {
      const { orgKey } = await addTenant(own.store);
      for (let round = 0; round < rounds; round++) {
        const id = newPrefixedId('key');
        const digest = `digest of ${id}`;
        const given = { id, role: 'admin' as const, createdAt: 1, expiresAt: null, revokedAt: null };
        assert.equal(await find(digest), null);
        await other.change(orgKey, (tx) => tx.apiKeys.insert(given, digest));
        assert.equal((await find(digest))?.revokedAt, null);
        await other.change(orgKey, (tx) =>
          round % 2 === 0 ? tx.apiKeys.revoke(id, 5) : tx.apiKeys.replaceDigest(id, `new ${digest}`),
        );
        const seen = await find(digest);
        if (round % 2 === 0) assert.equal(seen?.revokedAt, 5);
        else assert.equal(seen, null);
      }
    });
  });
}
