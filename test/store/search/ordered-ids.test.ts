/** A search chooses its tokens where it reads: ids that are given in order are alike among neighbours, and not among all users. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readSearchText } from '../../../src/core/search/search-query.ts';
import { SqlUserSearchStore } from '../../../src/store/search/user-search-store.ts';
import { addTenant, newUser, suiteOnEveryDatabase } from '../harness.ts';

/** More than one statement looks up. */
const blockUsers = 200;
/** More blocks than the first reading has. */
const laterBlocks = 5;
const limits = { matchesMax: 20, examinedMax: 20 };

suiteOnEveryDatabase('a search by an id that was given in order', (own) => {
  test('finds one of the oldest users among few compared ones', async () => {
    const tenant = await addTenant(own());
    const add = (first: number, count: number) =>
      own().change(tenant.orgKey, (tx) =>
        tx.users.insertAll(
          Array.from({ length: count }, (_, at) => newUser(tenant, { externalId: `person-${first + at}` })),
        ),
      );
    await add(1_234_500, blockUsers);
    await add(9_876_500, laterBlocks * blockUsers);
    for (let missing = 0; missing === 0; ) {
      missing = await own().change(tenant.orgKey, (tx) => {
        assert.ok(tx.userSearch instanceof SqlUserSearchStore);
        return tx.userSearch.seal(blockUsers);
      });
    }
    const { query } = readSearchText('person-1234507', 'text');
    const { ids, isExact } = await own().read(tenant.orgKey, (tx) =>
      tx.userSearch.find(query, {}, [], limits),
    );
    assert.deepEqual([ids.length, isExact], [1, true]);
  });
});
