import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { newPrefixedId } from '../../../src/core/ids.ts';
import { hourMs } from '../../../src/core/time.ts';
import type { Tx } from '../../../src/core/unit-of-work.ts';
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

    async function addKey(name?: string) {
      const { orgKey } = await addTenant(own.store);
      const id = newPrefixedId('key');
      const digest = `digest of ${id}`;
      const given = { id, role: 'reader' as const, createdAt: 1, expiresAt: null, revokedAt: null };
      const named = name === undefined ? given : { ...given, name };
      await own.store.change(orgKey, (tx) => tx.apiKeys.insert(named, digest));
      const change = <T>(work: (keys: Tx['apiKeys']) => Promise<T>) =>
        own.store.change(orgKey, (tx) => work(tx.apiKeys));
      const seen = async () => own.store.read(orgKey, (tx) => tx.apiKeys.find(id));
      return { id, orgKey, digest, change, seen };
    }

    test('the first use in an hour is noted, and no other one of that hour or an earlier one', async () => {
      const { change, seen, digest } = await addKey('Nightly import');
      const note = (hour: number, network: string, now = hour) =>
        change((keys) => keys.noteUse({ digest, hour: hour * hourMs, network }, now * hourMs));
      const { usedAt: never } = { ...(await seen()) };
      assert.equal(never, null);
      await note(5, '203.0.113.0/24');
      await note(5, '198.51.100.0/24');
      await note(4, '198.51.100.0/24', 5);
      const first = await seen();
      assert.deepEqual(
        [first?.name, first?.usedAt, first?.network],
        ['Nightly import', 5 * hourMs, '203.0.113.0/24'],
      );
      await note(6, '2001:db8:1::/48');
      const next = await seen();
      assert.deepEqual([next?.usedAt, next?.network], [6 * hourMs, '2001:db8:1::/48']);
    });

    test('a use that a wrong clock has noted ahead of its time does not hide later ones', async () => {
      const { change, seen, digest } = await addKey();
      const use = { digest, network: '203.0.113.0/24' };
      await change((keys) => keys.noteUse({ ...use, hour: 900 * hourMs }, 900 * hourMs));
      await change((keys) => keys.noteUse({ ...use, hour: 7 * hourMs }, 7 * hourMs));
      assert.equal((await seen())?.usedAt, 7 * hourMs);
    });

    test('a replaced secret is found until its end, with the uses of its own', async () => {
      const { id, change, seen, digest } = await addKey();
      const findFormer = (text: string, now: number) =>
        own.store.readSystem('authentication', (tx) => tx.apiKeys.findByFormerDigest(text, now));
      const use = { network: '203.0.113.0/24' };
      await change((keys) => keys.noteUse({ ...use, digest, hour: hourMs }, hourMs));
      assert.equal(await change((keys) => keys.replaceDigest(id, `2 ${digest}`, 10 * hourMs)), true);
      assert.equal(await find(digest), null);
      assert.equal((await find(`2 ${digest}`))?.id, id);
      assert.equal((await findFormer(digest, 10 * hourMs - 1))?.id, id);
      assert.equal(await findFormer(digest, 10 * hourMs), null);
      const rotated = await seen();
      assert.deepEqual([rotated?.usedAt, rotated?.network, rotated?.formerUsedAt], [null, null, hourMs]);
      await change((keys) => keys.noteUse({ ...use, digest, hour: 3 * hourMs }, 3 * hourMs));
      await change((keys) => keys.noteUse({ ...use, digest: `2 ${digest}`, hour: 4 * hourMs }, 4 * hourMs));
      const used = await seen();
      assert.deepEqual(
        [used?.usedAt, used?.formerUsedAt, used?.formerUntil],
        [4 * hourMs, 3 * hourMs, 10 * hourMs],
      );
      // A second rotation ends the secret that the first one has replaced.
      assert.equal(await change((keys) => keys.replaceDigest(id, `3 ${digest}`, 12 * hourMs)), true);
      assert.equal(await findFormer(digest, hourMs), null);
      assert.equal((await findFormer(`2 ${digest}`, hourMs))?.id, id);
      assert.equal(await change((keys) => keys.endFormer(id)), true);
      assert.equal(await change((keys) => keys.endFormer(id)), false);
      assert.equal(await findFormer(`2 ${digest}`, hourMs), null);
    });

    test('a rotation without an end for the replaced secret ends it, and so does a revocation', async () => {
      const { id, change, digest } = await addKey();
      const findFormer = (text: string) =>
        own.store.readSystem('authentication', (tx) => tx.apiKeys.findByFormerDigest(text, 1));
      await change((keys) => keys.replaceDigest(id, `2 ${digest}`));
      assert.equal(await findFormer(digest), null);
      await change((keys) => keys.replaceDigest(id, `3 ${digest}`, 10 * hourMs));
      assert.equal((await findFormer(`2 ${digest}`))?.id, id);
      assert.equal(await change((keys) => keys.revoke(id, 5)), true);
      assert.equal(await findFormer(`2 ${digest}`), null);
      assert.equal(await change((keys) => keys.update(id, { name: 'Late', expiresAt: null })), false);
      assert.equal(await change((keys) => keys.replaceDigest(id, `4 ${digest}`)), false);
    });

    test('the keys of one organization are listed in their order, and those of others are not found', async () => {
      const { id, orgKey, change } = await addKey('One');
      const stranger = await addKey('Other');
      const second = newPrefixedId('key');
      const given = { role: 'admin' as const, createdAt: 2, expiresAt: 9, revokedAt: null };
      await change((keys) => keys.insert({ ...given, id: second, name: 'Two' }, `digest of ${second}`));
      await change((keys) => keys.update(id, { name: 'First', expiresAt: 77 }));
      const listed = await own.store.read(orgKey, (tx) => tx.apiKeys.list());
      assert.deepEqual(
        listed.map((key) => [key.id, key.name, key.expiresAt]),
        [
          [id, 'First', 77],
          [second, 'Two', 9],
        ],
      );
      await own.store.change(orgKey, async ({ apiKeys }) => {
        assert.equal(await apiKeys.find(stranger.id), null);
        assert.equal(await apiKeys.update(stranger.id, { name: 'Mine', expiresAt: null }), false);
        assert.equal(await apiKeys.replaceDigest(stranger.id, 'mine', 10), false);
        assert.equal(await apiKeys.endFormer(stranger.id), false);
        assert.equal(await apiKeys.revoke(stranger.id, 1), false);
        await apiKeys.noteUse({ digest: stranger.digest, hour: hourMs, network: 'x' }, hourMs);
      });
      const theirs = await stranger.seen();
      assert.deepEqual([theirs?.name, theirs?.usedAt, theirs?.revokedAt], ['Other', null, null]);
    });
  });
}
