import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BatchSize, batchMs } from './batch-size.ts';

/** The size of later batches where each row takes that long. */
function settled(msOfRow: number, target: number = batchMs.file): number {
  const size = new BatchSize(target);
  for (let turn = 0; turn < 30; turn++) size.learn(size.rows, size.rows * msOfRow);
  return size.rows;
}

test('a batch has as many rows as take some 50 ms, within fixed bounds', () => {
  assert.equal(settled(0.05), 1_000);
  assert.equal(settled(0.000_1), 4_000);
  assert.equal(settled(10), 500);
});

test('a server gets longer batches, because other writers do not wait for the whole of one', () => {
  assert.equal(settled(0.2, batchMs.server), 2_000);
  assert.equal(settled(0.05, batchMs.server), 4_000);
});

test('one slow batch halves the size at most', () => {
  const size = new BatchSize(batchMs.file);
  for (let turn = 0; turn < 30; turn++) size.learn(size.rows, size.rows * 0.05);
  size.learn(size.rows, 60_000);
  assert.equal(size.rows, 500);
  for (let turn = 0; turn < 3; turn++) size.learn(size.rows, size.rows * 0.05);
  assert.equal(size.rows, 1_000);
});
