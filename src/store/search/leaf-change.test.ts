import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { changeLeaf } from './leaf-change.ts';
import { LeafPacker, type PackedLeaf, type Posting, unpackLeaf } from './search-leaf.ts';

/** Users as distances of one to three bytes. */
const user = fc.oneof(fc.nat(127), fc.nat(16_383), fc.nat(40_000));
const token = fc.oneof(fc.nat(40), fc.nat(2 ** 32 - 1));
const postings = fc
  .uniqueArray(fc.tuple(token, fc.uniqueArray(user, { minLength: 1, maxLength: 60 })), {
    selector: ([each]) => each,
    maxLength: 12,
  })
  .map((all) => all.map(([each, users]) => ({ token: each, users: users.sort((a, b) => a - b) })))
  .map((all) => all.sort((left, right) => left.token - right.token));
const delta = fc.constantFrom(1, -1);
const newChanges = fc.uniqueArray(
  fc.tuple(token, fc.uniqueArray(fc.tuple(user, delta), { selector: ([each]) => each, maxLength: 8 })),
  { selector: ([each]) => each, maxLength: 8 },
);

function packed(packer: LeafPacker, all: readonly Posting[]): readonly PackedLeaf[] {
  for (const each of all) packer.add(each);
  return packer.finish();
}

test('a changed leaf has exactly the users who are left of each token, and those who were added', () => {
  fc.assert(
    fc.property(postings, newChanges, fc.array(fc.nat(), { maxLength: 20 }), (all, chosen, leaving) => {
      const packer = new LeafPacker();
      const leaves = packed(packer, all);
      const first = leaves[0] ?? null;
      const present = new Map(
        (first === null ? [] : unpackLeaf(first.entries)).map((one) => [one.token, one.users]),
      );
      const changes = new Map(chosen.map(([each, users]) => [each, new Map<number, number>(users)]));
      // Users who are there leave tokens that are there.
      for (const pick of leaving) {
        const [own, users] = [...present][pick % Math.max(present.size, 1)] ?? [];
        const leaver = users?.[pick % users.length];
        if (own === undefined || leaver === undefined) continue;
        changes.set(own, (changes.get(own) ?? new Map<number, number>()).set(leaver, -1));
      }
      const ordered = [...changes].map(([each, users]) => ({ token: each, users }));
      ordered.sort((left, right) => left.token - right.token);
      const expected = new Map([...present].map(([each, users]) => [each, new Set(users)]));
      let isChanged = false;
      for (const { token: each, users } of ordered) {
        const own = expected.get(each) ?? new Set<number>();
        for (const [one, by] of users) {
          if (by === 1 ? own.has(one) : !own.has(one)) continue;
          isChanged = true;
          if (by === 1) own.add(one);
          else own.delete(one);
        }
        if (own.size > 0) expected.set(each, own);
        else expected.delete(each);
      }
      const next = changeLeaf(packer, first?.entries ?? null, ordered);
      assert.equal(next !== null, isChanged);
      if (next === null) return;
      const found = next.flatMap(({ entries }) => unpackLeaf(entries));
      const wanted = [...expected].map(([each, users]) => ({
        token: each,
        users: [...users].sort((left, right) => left - right),
      }));
      assert.deepEqual(
        found,
        wanted.sort((left, right) => left.token - right.token),
      );
      for (const { token: each, entries } of next) assert.equal(unpackLeaf(entries)[0]?.token, each);
    }),
  );
});
