import assert from 'node:assert/strict';
import { test } from 'node:test';
import { splitting } from './isolate.ts';

const shard = { id: '7', min: -10, max: 10, node: 2 };
const back = (min: number, max: number): string =>
  `select citus_move_shard_placement(shardid, 3, 2, 'auto') from pg_dist_shard ` +
  `where logicalrelid = 'users'::regclass and (shardminvalue, shardmaxvalue) = ('${min}', '${max}')`;

test('without blocking, all parts of a shard go to another machine, and those beside the organization come back', () => {
  assert.deepEqual(splitting({ ...shard, hash: 4 }, 3, false), [
    `select citus_split_shard_by_split_points(7, array['3', '4'], array[3, 3, 3], 'auto')`,
    back(-10, 3),
    back(5, 10),
  ]);
});

test('an organization at an end of its shard has one part beside it', () => {
  assert.deepEqual(splitting({ ...shard, hash: -10 }, 3, false), [
    `select citus_split_shard_by_split_points(7, array['-10'], array[3, 3], 'auto')`,
    back(-9, 10),
  ]);
  assert.deepEqual(splitting({ ...shard, hash: 10 }, 3, true), [
    `select citus_split_shard_by_split_points(7, array['9'], array[2, 3], 'block_writes')`,
  ]);
});
