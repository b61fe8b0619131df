/** A disk that takes no writes any more is told by readiness and in one line of the log, and so is its end. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { watchFiles } from '../../src/app/watch-files.ts';
import { FileNames } from '../../src/store/sqlite/file-names.ts';
import type { StoreCondition } from '../../src/store/store.ts';
import { rosterJson, serve } from '../cli/program.ts';

const isRun = (words: readonly string[]): boolean => spawnSync('mount', [...words]).status === 0;

interface BrokenDisk {
  /** A data folder on it. */
  readonly folder: string;
  /** Has the file system meet an error of its disk, after which it takes no writes. */
  breakDown(): void;
  /** Repairs it and mounts it again. */
  mend(): void;
  remove(): void;
}

/** A small file system in a file; null where this account may not mount it or not break it. */
function makeBrokenDisk(): BrokenDisk | null {
  const home = mkdtempSync(join(tmpdir(), 'roster-disk-'));
  const [image, place] = [join(home, 'image'), join(home, 'disk')];
  mkdirSync(place);
  writeFileSync(image, '');
  truncateSync(image, 64 * 1024 * 1024);
  const mount = (): boolean => isRun(['-o', 'loop,errors=remount-ro', image, place]);
  const remove = (): void => {
    spawnSync('umount', [place]);
    rmSync(home, { recursive: true });
  };
  const isMade = spawnSync('/sbin/mkfs.ext4', ['-q', '-F', image]).status === 0 && mount();
  const source = spawnSync('findmnt', ['-no', 'SOURCE', place], { encoding: 'utf8' }).stdout.trim();
  const trigger = join('/sys/fs/ext4', basename(source), 'trigger_fs_error');
  if (!isMade || !existsSync(trigger)) {
    remove();
    return null;
  }
  return {
    folder: join(place, 'data'),
    breakDown: () => writeFileSync(trigger, '1'),
    mend() {
      assert.equal(spawnSync('umount', [place]).status, 0);
      spawnSync('/sbin/e2fsck', ['-fy', image]);
      assert.ok(mount());
    },
    remove,
  };
}

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

  test('keeps what was acknowledged where it switches itself to read-only under a server', async (context) => {
    const disk = makeBrokenDisk();
    if (disk === null) {
      context.skip('this account may not mount a disk that breaks');
      return;
    }
    try {
      const server = await serve(disk.folder);
      const call = async (method: string, path: string, body?: string): Promise<number> => {
        const headers = {
          authorization: `Bearer ${server.output.text('apiKey')}`,
          'content-type': 'application/json',
        };
        const answer = await fetch(`${server.url}${path}`, {
          ...{ method, headers },
          ...(body === undefined ? {} : { body }),
        });
        await answer.arrayBuffer();
        return answer.status;
      };
      const create = () => call('POST', '/sonar/v1/users', '{}');
      for (let count = 0; count < 5; count += 1) assert.equal(await create(), 201);
      disk.breakDown();
      assert.equal(await create(), 503);
      while ((await call('GET', '/readyz')) !== 503) await sleep(50);
      assert.equal(await call('GET', '/healthz'), 200);
      assert.equal(await call('GET', '/sonar/v1/users'), 200, 'reads go on');
      const { stderr } = await server.stop('SIGTERM');
      assert.match(stderr, /the disk of the data folder is read-only: changes are refused/);
      disk.mend();
      const found = await rosterJson(disk.folder, ['check']);
      assert.deepEqual([found.at('ok'), found.at('users')], [true, 5]);
    } finally {
      disk.remove();
    }
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
