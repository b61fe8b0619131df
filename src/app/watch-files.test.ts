import assert from 'node:assert/strict';
import { test } from 'node:test';
import { watchFiles } from './watch-files.ts';

test('a machine of the database that is away makes the server degraded, with one line of the log', async () => {
  const looks = [[], ['b:5432'], ['b:5432'], ['b:5432'], [], []];
  const lines: string[] = [];
  const found: string[] = [];
  let isOver = (): void => {};
  const over = new Promise<void>((resolve) => {
    isOver = resolve;
  });
  const watch = watchFiles({
    store: {
      async condition() {
        found.push(watchNow().join());
        const awayMachines = looks.shift();
        if (awayMachines === undefined) isOver();
        return { files: 'sound', isDamaged: false, awayMachines: awayMachines ?? [] };
      },
    },
    ledger: { verify: async () => {} },
    ...{ folder: '/data', pauseMs: 1 },
    logger: {
      error: (fields, message) => lines.push(`${JSON.stringify(fields)} ${message}`),
      info: (_, message) => lines.push(message),
    },
  });
  function watchNow(): readonly string[] {
    return found.length === 0 ? [] : watch.weaknesses;
  }
  await over;
  await watch.close();
  assert.deepEqual(found, ['', '', 'machine', 'machine', 'machine', '', '']);
  assert.equal(watch.isWritable, true);
  assert.deepEqual(lines, [
    '{"machines":"b:5432"} machines of the database are away: their organizations are refused',
    'all machines of the database answer again',
  ]);
});
