import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { Worker } from 'node:worker_threads';
import type { NewUser } from '../../core/directory/user.ts';
import type { ImportProgress } from '../../core/transfer/import-progress.ts';
import { type ImportRows, readImportRows } from '../../core/transfer/import-row.ts';
import { createPasswordHasher } from '../../gateways/password-hasher.ts';
import { CommandError } from '../command.ts';
import { openInput } from './import-source.ts';
import { packRows } from './packed-rows.ts';
import { RowReader } from './row-reader.ts';
import type { RowReply, RowRequest } from './row-server.ts';
import { RowThread, type RowWorker } from './row-thread.ts';

const appId = 'a'.repeat(40);
const rules = { leavesOutUnknownHashes: false, takesUnicode: true };
const { isKnown } = createPasswordHasher({ queueMax: 0 });

let folder: string;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'roster-rows-'));
});
after(() => rm(folder, { recursive: true }));

async function makeFile(name: string, text: string): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, text);
  return path;
}

/** Opens a thread on an input, which it ends with the test. */
async function withThread<T>(thread: RowThread, work: (thread: RowThread) => Promise<T>): Promise<T> {
  try {
    return await work(thread);
  } finally {
    await thread.close();
  }
}

/** A fake thread: it records the requests, and gives the answers of the test. */
class Listener extends EventEmitter implements RowWorker {
  readonly requests: RowRequest[] = [];

  postMessage(request: RowRequest): void {
    this.requests.push(request);
  }

  answer(reply: RowReply): void {
    this.emit('message', reply);
  }

  async terminate(): Promise<number> {
    return 0;
  }
}

/** The parts of rows without random values. */
function tellable({ users, ...rest }: ImportRows) {
  return { ...rest, users: users.map(({ id, number, ...user }: NewUser) => user) };
}

describe('rows that a thread reads', () => {
  test('are the same as those read here, in their order, with the same rejects and positions', async () => {
    const rows = Array.from({ length: 700 }, (_, at) => {
      if (at % 9 === 0) return `x-${at},nobody,+1,\n`;
      if (at % 11 === 0) return `x-${at},too,few\n`;
      if (at % 13 === 0) return `x-${at},p${at}@example.com,,$2b$10$nothing\n`;
      return `"x-${at}\n",p${at}@example.com,+1212555${1000 + at},\n`;
    });
    const head = 'external_id,email,phone,password_hash,created_at\n';
    const body = rows.map((row) => row.replace(/\n$/, ',2024-05-10T08:30:00Z\n')).join('');
    const file = await makeFile('mixed.csv', head + body);
    const reader = await RowReader.open(openInput(file), null);
    const thread = new RowThread();
    await withThread(thread, async () => {
      const opened = await thread.open({ input: file, format: null, appId, ...rules });
      assert.deepEqual(opened, { format: 'csv', digest: reader.digest() });
      let seen = 0;
      for (;;) {
        const here = await reader.read(150);
        const there = await thread.read(150);
        const read = readImportRows(here.items, {
          appId,
          now: Date.now(),
          isKnownHash: isKnown,
          ...rules,
        });
        assert.deepEqual(tellable(there.rows), tellable(read));
        assert.deepEqual(there.reached, here.reached);
        if (there.rows.count === 0) break;
        seen += there.rows.count;
      }
      assert.equal(seen, 700);
    });
    await reader.close();
  });

  test('continue where an import stopped, and only in the same input', async () => {
    const text = `email\n${Array.from({ length: 40 }, (_, at) => `p${at}@example.com\n`).join('')}`;
    const order = { input: await makeFile('go-on.csv', text), format: null, appId, ...rules };
    const first = new RowThread();
    const { reached } = await withThread(first, async () => {
      await first.open(order);
      return first.read(15);
    });
    const progress: ImportProgress = {
      ...{
        ...reached,
        id: 'x',
        imported: 15,
        rejected: 0,
        skipped: 0,
        withoutPassword: 0,
        elapsedMs: 0,
        startedAt: 0,
        finishedAt: null,
      },
    };
    const second = new RowThread();
    await withThread(second, async () => {
      await second.open(order);
      await second.skipTo(progress);
      const { rows } = await second.read(100);
      assert.deepEqual([rows.lines[0], rows.users[0]?.email, rows.count], [17, 'p15@example.com', 25]);
    });
    const third = new RowThread();
    await withThread(third, async () => {
      await third.open(order);
      const other = third.skipTo({ ...progress, digest: '0'.repeat(64) });
      await assert.rejects(other, new CommandError('this is not the input that the import began with'));
    });
  });

  test('of an input that cannot be imported are refused in the words of the reader', async () => {
    const order = {
      input: await makeFile('wrong.csv', 'email,Name\n'),
      format: null,
      appId,
      ...rules,
    };
    const thread = new RowThread();
    await withThread(thread, () =>
      assert.rejects(thread.open(order), (error) => {
        assert.ok(error instanceof CommandError);
        assert.match(error.message, /^unknown column "Name": there is external_id,/);
        return true;
      }),
    );
  });

  test('are not read further than two batches ahead of the one that is taken', async () => {
    const worker = new Listener();
    const thread = new RowThread(worker);
    const rows = packRows(
      readImportRows([{ line: 2, row: {} }], { appId, now: 0, isKnownHash: isKnown, ...rules }),
    );
    for (let taken = 1; taken <= 20; taken++) {
      const next = thread.read(100 + taken);
      assert.equal(worker.requests.length, taken + 2);
      worker.answer({ batch: { rows, reached: { bytes: taken, lines: taken, digest: '' } } });
      assert.equal((await next).reached.bytes, taken);
    }
    assert.deepEqual(worker.requests.slice(0, 4), [{ max: 101 }, { max: 101 }, { max: 101 }, { max: 102 }]);
  });
});

describe('a thread that ends by itself', () => {
  const said = (reason: RegExp) => (error: unknown) => {
    assert.ok(error instanceof CommandError);
    assert.match(error.message, reason);
    return true;
  };

  for (const [way, code, reason] of [
    [
      'throws',
      'throw new Error("out of order")',
      /^the thread that reads the rows has failed: out of order$/,
    ],
    ['ends', 'process.exit(0)', /^the thread that reads the rows has failed: it has ended$/],
  ] as const) {
    test(`because it ${way} fails the calls that wait for rows, and later calls`, async () => {
      const thread = new RowThread(new Worker(code, { eval: true }));
      await withThread(thread, async () => {
        await assert.rejects(thread.read(10), said(reason));
        await assert.rejects(thread.open({ input: '-', format: null, appId, ...rules }), said(reason));
      });
    });
  }
});
