/** Rows that one confined change writes at the same time: each gets its own values, and each change its own outcome. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { NewErasure } from '../../../src/core/erasure/erasure.ts';
import { newDatedId } from '../../../src/core/ids.ts';
import { addTenant, newUser, suiteOnEveryDatabase } from '../harness.ts';

const now = Date.UTC(2026, 5, 1);
const many = 60;

function newErasure(): NewErasure {
  return {
    ...{ id: newDatedId('era', now), userDigest: 'digest', requestedAt: now, requestedBy: 'operator' },
    ...{
      door: 'test',
      state: 'running',
      removed: {},
      sealedTraces: 'sealed',
      dueAt: now,
      abandonReason: null,
    },
    ...{ replayedAt: null, completedAt: null, receipt: null },
  };
}

suiteOnEveryDatabase('a confined change', (own) => {
  test('erases users together, and one who is named twice once', async () => {
    const { orgKey, appId } = await addTenant(own());
    const users = Array.from({ length: many }, (_, at) =>
      newUser({ appId }, { email: `p${at}@example.com` }),
    );
    await own().change(orgKey, (tx) => tx.users.insertAll(users));
    const [kept, ...erased] = users.map(({ id }) => id);
    const outcomes = await own().change(
      orgKey,
      async (tx) => {
        const found = await Promise.all([...erased, ...erased].map((id) => tx.users.lock({ id })));
        return Promise.all(
          found.map((user) => (user === null ? null : tx.users.erase(user, ['one digest']))),
        );
      },
      { isConfined: true },
    );
    assert.equal(outcomes.filter((removed) => removed?.['users'] === 1).length, erased.length);
    assert.equal(outcomes.filter((removed) => removed === null).length, erased.length);
    const { items, total } = await own().read(orgKey, (tx) => tx.users.page({}, 0, 10));
    assert.deepEqual([items.map(({ id }) => id), total], [[kept], 1]);
    assert.equal((await own().checkCounts(orgKey)).faults, 0);
  });

  test('gives each row its own values, only in the state that is expected, and the last of two changes of one row stays', async () => {
    const { orgKey } = await addTenant(own());
    const others = await addTenant(own());
    const rows = Array.from({ length: many }, newErasure);
    for (const key of [orgKey, others.orgKey]) {
      await own().change(key, async (tx) => {
        for (const row of rows) await tx.erasures.insert(row);
      });
    }
    const outcomes = await own().change(
      orgKey,
      async (tx) => {
        const found = await Promise.all(rows.map(({ id }) => tx.erasures.lock(id)));
        const present = found.filter((row) => row !== null);
        const first = present.map((erasure, at) =>
          tx.erasures.update(at % 3 === 0 ? { ...erasure, state: 'overdue' } : erasure, {
            removed: { [`"table" \\ ${at}`]: at },
            sealedTraces: at % 2 === 0 ? null : `traces {${at}}, "NULL"`,
            dueAt: now + at,
          }),
        );
        const again = present.slice(-2).map((erasure) => tx.erasures.update(erasure, { dueAt: now + 999 }));
        return Promise.all([...first, ...again]);
      },
      { isConfined: true },
    );
    const expected = [...rows.keys()].map((at) => at % 3 !== 0);
    assert.deepEqual(outcomes, [...expected, true, true]);
    const state = (key: typeof orgKey) =>
      own().read(key, (tx) => Promise.all(rows.map(({ id }) => tx.erasures.find(id))));
    const after = await state(orgKey);
    for (const at of rows.keys()) {
      const isChanged = at % 3 !== 0;
      const isLast = at >= many - 2;
      assert.partialDeepStrictEqual(
        after[at],
        isLast
          ? { removed: {}, dueAt: now + 999, sealedTraces: 'sealed' }
          : {
              removed: isChanged ? { [`"table" \\ ${at}`]: at } : {},
              sealedTraces: isChanged ? (at % 2 === 0 ? null : `traces {${at}}, "NULL"`) : 'sealed',
              dueAt: isChanged ? now + at : now,
            },
        String(at),
      );
    }
    for (const row of await state(others.orgKey)) assert.equal(row?.dueAt, now);
  });
});
