/**
 * A ledger from before its lines had codes is taken over once, at the first start with a database that knows it. After that
 * a line without a code is refused, also where all that was added since is removed.
 */
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import Sqlite from 'better-sqlite3';
import type { User } from '../../../src/core/directory/user.ts';
import { type LinkedFolder, makeLinkedFolder } from '../../erasure/linked-folder.ts';
import { type AuthorizationServer, startAuthorizationServer } from '../../providers/authorization-server.ts';
import { createDatabase, type OwnDatabase } from '../../support/postgres/postgres.ts';

for (const database of ['SQLite', 'PostgreSQL'] as const) {
  describe(`a ledger without codes, on ${database}`, () => {
    let server: AuthorizationServer;
    let own: OwnDatabase | null = null;
    let linked: LinkedFolder;
    let living: User;
    let path: string;
    let former: string;

    before(async () => {
      server = await startAuthorizationServer();
      if (database === 'PostgreSQL') own = await createDatabase();
      linked = await makeLinkedFolder({ server }, own?.url);
      path = join(linked.folder, 'erasures.ledger');
      const running = await linked.start();
      living = await running.addUser({ email: 'living@example.com' });
      for (const mark of ['first', 'second']) {
        await running.workOff(
          await running.erase(await running.connectUser({ email: `${mark}@example.com` })),
        );
      }
      await running.close();
    });
    after(async () => {
      await linked.remove();
      await own?.drop();
      await server.close();
    });

    /** What the database knows of the ledger; `known_code` is null before the upgrade. */
    async function storePosition(bytes: number): Promise<void> {
      const sql = `update erasure_ledgers set known_code = null, known_bytes = ${bytes}`;
      if (own !== null) await own.query(sql);
      else {
        const file = new Sqlite(join(linked.folder, 'roster.db'));
        file.exec(sql);
        file.close();
      }
    }

    const acceptanceOf = ({ id, orgKey }: User): string => {
      const erasure = {
        ...{ orgKey, id: `era_${'e'.repeat(32)}`, userId: id, requestedAt: 1 },
        ...{ requestedBy: 'api_key', door: 'sonar' },
      };
      return JSON.stringify({ kind: 'accepted', erasure });
    };

    test('is taken over at the first start, with each line as it was and the rest of a torn one', async () => {
      const lines = (await readFile(path, 'utf8')).trimEnd().split('\n');
      // As the former program wrote: each write began with a line break, and one was cut short.
      former = lines.map((line) => `${line.replace(/,"key":"[^"]+","mac":"[^"]+"\}$/, '}')}\n\n`).join('');
      assert.ok(!former.includes('"mac"'));
      former += '{"kind":"accepted","erasure":{"orgKey"';
      await writeFile(path, former);
      await storePosition(former.length);
      const running = await linked.start();
      assert.ok(await running.isThere(living));
      const text = await readFile(path, 'utf8');
      assert.ok(text.startsWith(`${former}\n{"kind":"checkpoint"`));
      const id = await running.erase(await running.addUser({ email: 'third@example.com' }));
      await running.workOff(id);
      await running.close();
      await linked.start().then((again) => again.close());
      assert.equal((await readFile(path, 'utf8')).match(/"kind":"checkpoint"/g)?.length, 1);
    });

    test('is taken over no second time', async () => {
      const right = await readFile(path, 'utf8');
      const forged = acceptanceOf(living);
      const lines = right.trimEnd().split('\n');
      for (const changed of [
        `${right}${forged}\n`,
        `${former}\n`,
        `${former}\n${forged}\n`,
        right.replace(/"kind":"checkpoint".*\n/, '"kind":"checkpoint"}\n'),
        lines.filter((line) => !line.includes('checkpoint')).join('\n'),
        `${lines.map((line) => line.replace(/,"key":"[^"]+","mac":"[^"]+"\}$/, '}')).join('\n')}\n`,
        right.replace('"door":"', '"door":"x'),
        right.replace('\n\n', '\n'),
      ]) {
        assert.notEqual(changed, right);
        await writeFile(path, changed);
        await assert.rejects(
          linked.start().then((running) => running.close()),
          /erasures\.ledger/,
        );
      }
      await writeFile(path, right);
      const running = await linked.start();
      assert.ok(await running.isThere(living));
      await running.close();
    });

    test('is refused where the database does not know it', async () => {
      const other = await makeLinkedFolder({ server });
      try {
        const forged = `{"ledger":"${crypto.randomUUID()}"}\n${acceptanceOf(living)}\n`;
        for (const text of [forged, `${former}\n`]) {
          await writeFile(join(other.folder, 'erasures.ledger'), text);
          await assert.rejects(
            other.start().then((running) => running.close()),
            /erasures\.ledger/,
          );
        }
      } finally {
        await other.remove();
      }
    });
  });
}
