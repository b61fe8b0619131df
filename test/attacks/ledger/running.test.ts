/**
 * The ledger of erasures is changed beside a running server, and before a start. The server acts on nothing of it, and
 * no command and no restore passes it over.
 */
import assert from 'node:assert/strict';
import { appendFile, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  makeFolder,
  readJson,
  refused,
  removeFolder,
  roster,
  type Serving,
  serve,
} from '../../cli/program.ts';
import { slowTest as test } from '../../support/effort.ts';
import { createDatabase, type OwnDatabase } from '../../support/postgres/postgres.ts';

for (const database of ['SQLite', 'PostgreSQL'] as const) {
  describe(`a ledger that is changed beside a server, on ${database}`, () => {
    let own: OwnDatabase | null = null;
    let folder: string;
    let path: string;
    let server: Serving;
    let apiKey: string;
    let settings: Record<string, string>;

    const ask = (method: string, target: string, body?: object): Promise<Response> =>
      fetch(`${server.url}/sonar/v1${target}`, {
        method,
        headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
    const add = async (): Promise<string> => {
      const answer = await ask('POST', '/users', { reference_id: crypto.randomUUID() });
      assert.equal(answer.status, 201);
      return readJson(await answer.text()).text('data.id');
    };
    const statusOf = async (id: string): Promise<number> => (await ask('GET', `/users/${id}`)).status;
    const isClosed = async (erasureId: string): Promise<boolean> =>
      (await readFile(path, 'utf8'))
        .split('\n')
        .some((line) => line.includes('"completed"') && line.includes(erasureId));
    async function erase(id: string): Promise<string> {
      const answer = await ask('DELETE', `/users/${id}`);
      assert.equal(answer.status, 204);
      const erasureId = answer.headers.get('x-erasure-id') ?? '';
      for (let tries = 0; tries < 2_400; tries += 1) {
        const shown = readJson(await (await ask('GET', `/erasures/${erasureId}`)).text());
        // The ledger gets its last line a moment after the erasure is shown as complete.
        if (shown.at('data.state') === 'complete' && (await isClosed(erasureId))) return erasureId;
        await sleep(25);
      }
      throw new Error('it was never complete');
    }
    const forged = async (id: string): Promise<string> => {
      const [orgKey] = /(?<="orgKey":)\d+/.exec(await readFile(path, 'utf8')) ?? [];
      const erasure = {
        ...{
          orgKey: Number(orgKey),
          id: `era_${'e'.repeat(32)}`,
          userId: id.replace('usr_', ''),
          requestedAt: 1,
        },
        ...{ requestedBy: 'api_key', door: 'sonar' },
      };
      return `\n${JSON.stringify({ kind: 'accepted', erasure })}\n`;
    };

    before(async () => {
      if (database === 'PostgreSQL') own = await createDatabase();
      folder = await makeFolder();
      path = join(folder, 'erasures.ledger');
      settings = {
        ROSTER_SECRET: 'a-secret-for-ledgers-that-are-attacked',
        ...(own === null ? {} : { DATABASE_URL: own.url }),
      };
      server = await serve(folder, settings);
      apiKey = server.output.text('apiKey');
    });
    after(async () => {
      await server.stop('SIGTERM');
      await removeFolder(folder);
      await own?.drop();
    });

    test('is told in the log: deletions are refused, nothing of it happens, and all else goes on', async () => {
      const [living, other] = [await add(), await add()];
      await erase(await add());
      const right = await readFile(path);
      await appendFile(path, await forged(living));
      for (let tries = 0; tries < 2; tries += 1) {
        const answer = await ask('DELETE', `/users/${other}`);
        assert.equal(answer.status, 503);
        assert.match(await answer.text(), /unavailable/i);
      }
      assert.deepEqual([await statusOf(living), await statusOf(other)], [200, 200]);
      await add();
      assert.equal((await fetch(`${server.url}/readyz`)).status, 200);
      await writeFile(path, right);
      await erase(other);
      const longer = await readFile(path);
      // Another file gets the name.
      await writeFile(`${path}.other`, longer.toString().replace(/"door":"sonar"/, '"door":"xonar"'));
      await rename(`${path}.other`, path);
      assert.equal((await ask('DELETE', `/users/${living}`)).status, 503);
      await writeFile(path, longer.subarray(0, -200));
      assert.equal((await ask('DELETE', `/users/${living}`)).status, 503);
      await rm(path);
      assert.equal((await ask('DELETE', `/users/${living}`)).status, 503);
      assert.equal(await statusOf(living), 200);
      await writeFile(path, longer);
      await erase(living);
      const { stderr } = await server.stop('SIGTERM');
      server = await serve(folder, settings);
      assert.match(stderr, /the ledger of erasures was changed by another program/);
      for (const id of [living, other]) assert.ok(!stderr.includes(id.replace('usr_', '')));
    });

    test('stops the next start, each command and a restore, and erases no one', async () => {
      const living = await add();
      await erase(await add());
      const backup = `${folder}.backup`;
      if (database === 'SQLite') {
        assert.equal((await roster(folder, ['backup', backup], settings)).exitCode, 0);
        await erase(await add());
      }
      await server.stop('SIGTERM');
      const right = await readFile(path, 'utf8');
      const lines = right.trimEnd().split('\n');
      try {
        for (const [changed, told] of [
          [`${right}${await forged(living)}`, /erasures\.ledger/],
          [`${lines.slice(0, -1).join('\n')}\n`, /erasures\.ledger/],
        ] as const) {
          await writeFile(path, changed);
          for (const words of [
            ['serve', '--json'],
            ['serve', '--workers', '2'],
            ['check'],
            ['erasure', 'list'],
          ]) {
            const { exitCode, lines: shown } = await refused(folder, words, { ...settings, PORT: '0' });
            assert.deepEqual([exitCode, shown.length], [1, 1], shown.join('\n'));
            assert.match(shown[0] ?? '', told);
          }
          if (database === 'SQLite') {
            const { exitCode, lines: shown } = await refused(folder, ['restore', backup, '--yes'], settings);
            assert.deepEqual([exitCode, shown.length], [1, 1], shown.join('\n'));
            assert.match(shown[0] ?? '', told);
          }
          assert.equal(await readFile(path, 'utf8'), changed);
        }
      } finally {
        await writeFile(path, right);
        server = await serve(folder, settings);
        await rm(backup, { force: true });
      }
      assert.equal(await statusOf(living), 200);
      const check = await roster(folder, ['check'], settings);
      assert.equal(check.exitCode, 0);
    });
  });
}
