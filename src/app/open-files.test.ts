import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readOpenFilesMax, socketsWithin } from './open-files.ts';

test('connections take three quarters of the open files at most, and no more than the setting', () => {
  assert.equal(socketsWithin(10_000, 20_000), 10_000);
  assert.equal(socketsWithin(10_000, 1_024), 768);
  assert.equal(socketsWithin(10_000, 200), 120, 'the program has files of its own');
  assert.equal(socketsWithin(10_000, 64), 16);
  assert.equal(socketsWithin(4, 64), 4);
  assert.equal(socketsWithin(10_000, null), 10_000);
});

test('the limit is that of this process, where the system says it', () => {
  const limit = readOpenFilesMax();
  if (process.platform === 'linux') assert.ok(limit === null || limit >= 64);
  else assert.equal(limit, null);
});
