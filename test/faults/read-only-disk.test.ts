/** A disk that takes no writes any more is told by readiness and in one line of the log, and so is its end. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { watchFiles } from '../../src/app/watch-files.ts';
import { FileNames } from '../../src/store/sqlite/file-names.ts';
import type { StoreCondition } from '../../src/store/store.ts';

const isRun = (words: readonly string[]): boolean => spawnSync('mount', [...words]).status === 0;

describe('a disk that is read-only', () => {
  test('is found on a file system that was remounted', (context) => {
    const folder = join(mkdtempSync(join(tmpdir(), 'roster-disk-')), 'disk');
    mkdirSync(folder);
    if (!isRun(['-t', 'tmpfs', '-o', 'size=1m', 'none', folder])) {
      context.skip('this account may not mount a file system');
      return Promise.resolve();
    }
    const end = (): void => {
      spawnSync('umount', [folder]);
      rmSync(join(folder, '..'), { recursive: true });
    };
    return (async () => {
      const file = join(folder, 'roster.db');
      writeFileSync(file, '');
      const names = new FileNames(file, file);
      assert.equal(await names.find(), 'sound');
      assert.ok(isRun(['-o', 'remount,ro', folder]));
      assert.equal(await names.find(), 'read_only');
      assert.ok(isRun(['-o', 'remount,rw', folder]));
      assert.equal(await names.find(), 'sound');
    })().finally(end);
  });

  test('makes the server unready, with one line of the log, until it takes writes again', async () => {
    let files: StoreCondition['files'] = 'sound';
    const lines: string[] = [];
    const tell = (_: object, message: string): void => {
      lines.push(message);
    };
    const watch = watchFiles({
      store: { condition: async () => ({ files, isDamaged: false }) },
      ledger: { verify: async () => {} },
      ...{ folder: '/data', pauseMs: 1, logger: { error: tell, info: tell } },
    });
    const becomes = async (isWritable: boolean): Promise<void> => {
      while (watch.isWritable !== isWritable) await sleep(1);
      await sleep(20);
    };
    await becomes(true);
    files = 'read_only';
    await becomes(false);
    assert.deepEqual(watch.weaknesses, ['read_only']);
    files = 'sound';
    await becomes(true);
    await watch.close();
    assert.deepEqual(lines, [
      'the disk of the data folder is read-only: changes are refused',
      'the data folder can be written again',
    ]);
  });
});
