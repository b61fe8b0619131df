/**
 * The files of the data folder lose their names while a server works on them: what it wrote from then on would be gone when it
 * ends. So nothing is answered as done, readiness says it, and the log too. When the files are back, work goes on.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdir, rename, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { createApp } from '../../src/app/create-app.ts';
import { readConfig } from '../../src/config/config.ts';
import { createOrganization } from '../../src/core/directory/organization-lifecycle.ts';
import type { Logger } from '../../src/http/log.ts';
import { makeFolder, removeFolder } from '../cli/program.ts';
import { createDatabase, type OwnDatabase } from '../support/postgres/postgres.ts';

const run = promisify(execFile);
const waitMaxMs = 60_000;

interface Serving {
  readonly lines: { readonly message: string; readonly fields: object }[];
  /** The status of the answer. */
  call(method: string, path: string, body?: object): Promise<number>;
  create(): Promise<number>;
  readyz(): Promise<{ status: number; reasons: unknown }>;
  /** Waits until readiness has that status. */
  becomes(status: number): Promise<void>;
  /** Waits for a line of the log. */
  tells(line: RegExp): Promise<void>;
  addUser(): Promise<string>;
  /** How many users there are. */
  count(): Promise<number>;
  close(): Promise<void>;
}

async function serve(folder: string, env: Readonly<Record<string, string>> = {}): Promise<Serving> {
  const lines: Serving['lines'][number][] = [];
  const write = (fields: object, message: string): void => {
    lines.push({ fields, message });
  };
  const logger: Logger = { request: () => {}, info: write, warn: write, error: write };
  const app = await createApp({
    ...readConfig({
      ...{ ROSTER_DATA_DIR: folder, HOST: '127.0.0.1', PORT: '0' },
      ...{ ROSTER_SECRET: 'a-secret-for-folders-that-are-lost', ...env },
    }),
    logger,
    watchPauseMs: 20,
  });
  const url = await app.listen();
  const { apiKey } = await createOrganization(app.core, 'test', 'Default');
  const ask = (method: string, path: string, body?: object): Promise<Response> =>
    fetch(`${url}${path}`, {
      method,
      headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  const until = async (what: string, isSo: () => Promise<boolean>): Promise<void> => {
    for (const deadline = performance.now() + waitMaxMs; !(await isSo()); await sleep(50)) {
      assert.ok(performance.now() < deadline, what);
    }
  };
  const serving: Serving = {
    lines,
    async call(method, path, body) {
      const answer = await ask(method, path, body);
      await answer.arrayBuffer();
      return answer.status;
    },
    create: () => serving.call('POST', '/sonar/v1/users', {}),
    async readyz() {
      const answer = await ask('GET', '/readyz');
      const { reasons } = Object(await answer.json());
      return { status: answer.status, reasons };
    },
    becomes: (status) => until(`readyz ${status}`, async () => (await serving.readyz()).status === status),
    tells: (line) => until(String(line), async () => lines.some(({ message }) => line.test(message))),
    async addUser() {
      const answer = await ask('POST', '/sonar/v1/users', {});
      assert.equal(answer.status, 201);
      return Object(await answer.json()).data.id;
    },
    async count() {
      return Object(await (await ask('GET', '/sonar/v1/users')).json()).meta.total;
    },
    close: () => app.close(),
  };
  return serving;
}

describe('a SQLite data folder that is lost while a server works on it', () => {
  let home: string;
  let folder: string;
  let serving: Serving;
  before(async () => {
    home = await makeFolder();
    folder = join(home, 'data');
    serving = await serve(folder);
  });
  after(async () => {
    await serving.close();
    await removeFolder(home);
  });

  /** While `lose` holds no change is answered as done, from the first one on; afterwards all is as before. */
  async function check(lose: () => Promise<void>, undo: () => Promise<void>): Promise<void> {
    const user = await serving.addUser();
    const told = serving.lines.length;
    await lose();
    try {
      assert.equal(await serving.create(), 503);
      assert.equal(await serving.call('DELETE', `/sonar/v1/users/${user}`), 503);
      await serving.becomes(503);
      assert.equal(await serving.call('GET', '/healthz'), 200);
      assert.equal(await serving.create(), 503);
      const lines = serving.lines.slice(told).filter(({ message }) => /removed or replaced/.test(message));
      assert.deepEqual(lines, [
        { fields: { folder }, message: 'the data folder was removed or replaced: changes are refused' },
      ]);
    } finally {
      await undo();
    }
    await serving.becomes(200);
    assert.equal(await serving.create(), 201);
    assert.equal(await serving.call('DELETE', `/sonar/v1/users/${user}`), 204);
  }

  test('by a name that is given to nothing else', async () => {
    await check(
      () => rename(folder, `${folder}.away`),
      () => rename(`${folder}.away`, folder),
    );
  });

  test('by a copy of it, or an empty folder, that gets its name', async () => {
    for (const take of [
      // In another process: this one would release SQLite's locks on a file by closing it.
      async () => {
        await run('cp', ['-a', `${folder}.away`, folder]);
      },
      async () => {
        await mkdir(folder);
      },
      () => symlink('/tmp', folder),
    ]) {
      await check(
        async () => {
          await rename(folder, `${folder}.away`);
          await take();
        },
        async () => {
          await rm(folder, { recursive: true });
          await rename(`${folder}.away`, folder);
        },
      );
    }
  });

  test('by the removal of its write-ahead log alone, or of the database alone', async () => {
    for (const name of ['roster.db-wal', 'roster.db']) {
      const path = join(folder, name);
      await check(
        () => rename(path, `${path}.away`),
        () => rename(`${path}.away`, path),
      );
    }
  });

  test('is told by readiness where only the index of the log is gone', async () => {
    const path = join(folder, 'roster.db-shm');
    await rename(path, `${path}.away`);
    await serving.becomes(503);
    await rename(`${path}.away`, path);
    await serving.becomes(200);
  });

  test('keeps every change that was answered as done, although the folder is removed between any two of them', async () => {
    const before = await serving.count();
    let made = 0;
    let isGone = false;
    const writer = (async () => {
      while (!isGone) if ((await serving.create()) === 201) made += 1;
    })();
    await sleep(200);
    await rename(folder, `${folder}.away`);
    await serving.becomes(503);
    isGone = true;
    await writer;
    assert.ok(made > 0);
    assert.equal(await serving.create(), 503);
    await rename(`${folder}.away`, folder);
    await serving.becomes(200);
    const kept = (await serving.count()) - before;
    assert.ok(kept >= made, `${kept} of ${made}`);
  });
});

for (const database of ['SQLite', 'PostgreSQL'] as const) {
  describe(`a ledger that is lost while a server works, on ${database}`, () => {
    let own: OwnDatabase | null = null;
    let folder: string;
    let serving: Serving;
    before(async () => {
      if (database === 'PostgreSQL') own = await createDatabase();
      folder = await makeFolder();
      serving = await serve(folder, own === null ? {} : { DATABASE_URL: own.url });
    });
    after(async () => {
      await serving.close();
      await removeFolder(folder);
      await own?.drop();
    });

    test('is told by readiness and in the log before a deletion meets it, and all else goes on', async () => {
      const user = await serving.addUser();
      const path = join(folder, 'erasures.ledger');
      await rename(path, `${path}.away`);
      await serving.tells(/the ledger of erasures was changed by another program/);
      while ((await serving.readyz()).reasons === undefined) await sleep(50);
      assert.deepEqual(await serving.readyz(), { status: 200, reasons: ['ledger'] });
      assert.equal(await serving.call('DELETE', `/sonar/v1/users/${user}`), 503);
      assert.equal(await serving.create(), 201);
      const { fields } = serving.lines.find(({ message }) => /changed by another/.test(message)) ?? {};
      assert.match(Object(fields).fault, /erasures\.ledger is missing$/);
      await rename(`${path}.away`, path);
      while ((await serving.readyz()).reasons !== undefined) await sleep(50);
      assert.equal(await serving.call('DELETE', `/sonar/v1/users/${user}`), 204);
    });

    test('with its whole folder is told too, also where the database is elsewhere', async () => {
      const user = await serving.addUser();
      await rename(folder, `${folder}.away`);
      assert.equal(await serving.call('DELETE', `/sonar/v1/users/${user}`), 503);
      if (database === 'SQLite') await serving.becomes(503);
      else {
        while ((await serving.readyz()).reasons === undefined) await sleep(50);
        assert.deepEqual(await serving.readyz(), { status: 200, reasons: ['ledger'] });
        assert.equal(await serving.create(), 201, 'other changes are in the database');
      }
      await rename(`${folder}.away`, folder);
      await serving.becomes(200);
    });
  });
}
