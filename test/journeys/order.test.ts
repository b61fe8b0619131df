import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startRoster } from '../support/server/start.ts';
import { openDoors } from './doors.ts';

test('every list is ordered by creation time, then by order of creation, across all contracts', async () => {
  const roster = await startRoster();
  try {
    const doors = await openDoors(roster, roster.organization);
    const made = [doors.admin.userId];
    for (let round = 0; round < 3; round++) {
      // All users of a round are created in the same instant.
      roster.clock.advance(round * 1_000);
      for (const { name, make } of doors.all) {
        const id = await make(`${name}-${round}`);
        made.push((await doors.identify(id)).userId);
      }
    }
    const oldestFirst = await Promise.all(made.map((id) => doors.identify(id)));
    for (const { name, idOf, isOldestFirst, list } of doors.all) {
      const expected = oldestFirst.map((user) => idOf(user));
      if (!isOldestFirst) expected.reverse();
      assert.deepEqual(await list(), expected, name);
    }
  } finally {
    await roster.close();
  }
});
