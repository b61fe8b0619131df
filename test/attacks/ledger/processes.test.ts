/**
 * Several processes add to one ledger at the same time, and some are killed. The ledger stays one chain: the next start
 * accepts it, and it has each answered erasure.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { UserId } from '../../../src/core/ids.ts';
import { roster, start } from '../../cli/program.ts';
import { type LinkedFolder, makeLinkedFolder, secret } from '../../erasure/linked-folder.ts';
import { type AuthorizationServer, startAuthorizationServer } from '../../providers/authorization-server.ts';
import { createDatabase, type OwnDatabase } from '../../support/postgres/postgres.ts';

const people = 100;

for (const database of ['SQLite', 'PostgreSQL'] as const) {
  describe(`a ledger of several processes, on ${database}`, () => {
    let server: AuthorizationServer;
    let own: OwnDatabase | null = null;
    let linked: LinkedFolder;
    let settings: Record<string, string>;

    before(async () => {
      server = await startAuthorizationServer();
      if (database === 'PostgreSQL') own = await createDatabase();
      linked = await makeLinkedFolder({ server }, own?.url);
      settings = { ROSTER_SECRET: secret, ...(own === null ? {} : { DATABASE_URL: own.url }) };
    });
    after(async () => {
      await linked.remove();
      await own?.drop();
      await server.close();
    });

    /** Files with the ids of new users. */
    async function makeLists(count: number): Promise<{ files: string[]; ids: UserId[] }> {
      const running = await linked.start();
      const files: string[] = [];
      const ids: UserId[] = [];
      for (let list = 0; list < count; list += 1) {
        const users = await Promise.all(Array.from({ length: people }, () => running.addUser()));
        const file = `${linked.folder}-${list}.txt`;
        await writeFile(file, users.map(({ id }) => `usr_${id}\n`).join(''));
        files.push(file);
        ids.push(...users.map(({ id }) => id));
      }
      await running.close();
      return { files, ids };
    }

    async function acceptedIds(): Promise<Set<string>> {
      const lines = await linked.ledger();
      return new Set(lines.flatMap((line) => (line.kind === 'accepted' ? [line.erasure.userId] : [])));
    }

    test('has every erasure of two commands and a process that erase at once', async () => {
      const { files, ids } = await makeLists(3);
      const running = await linked.start();
      const erased = ids.splice(-people).map((id) => ({ id }));
      const commands = files
        .slice(0, 2)
        .map((file) => roster(linked.folder, ['erasure', 'run', '--ids', file, '--yes'], settings));
      for (const { id } of erased) {
        const user = await running.core.work.read(linked.orgKey, (tx) => tx.users.find({ id }));
        assert.ok(user);
        await running.erase(user);
      }
      for (const { exitCode, stderr } of await Promise.all(commands)) assert.equal(exitCode, 0, stderr);
      await running.close();
      const accepted = await acceptedIds();
      for (const id of [...ids, ...erased.map((user) => user.id)]) assert.ok(accepted.has(id));
      assert.equal((await roster(linked.folder, ['check'], settings)).exitCode, 0);
      for (const file of files) await rm(file);
    });

    test('is a chain after processes were killed while they added to it', async () => {
      const path = join(linked.folder, 'erasures.ledger');
      const { files, ids } = await makeLists(3);
      for (const file of files) {
        const { size } = await stat(path);
        const child = start(linked.folder, ['erasure', 'run', '--ids', file, '--yes'], settings);
        child.stdout.resume();
        child.stderr.resume();
        const ended = once(child, 'close');
        while (child.exitCode === null && (await stat(path)).size === size) await sleep(0);
        child.kill('SIGKILL');
        await ended;
        await linked.start().then((running) => running.close());
      }
      for (const file of files) {
        const { exitCode, stderr } = await roster(
          linked.folder,
          ['erasure', 'run', '--ids', file, '--yes'],
          settings,
        );
        assert.equal(exitCode, 0, stderr);
        await rm(file);
      }
      const running = await linked.start();
      // The leases of the dead processes expire.
      linked.clock.advance(180_000);
      await running.work();
      await running.close();
      const accepted = await acceptedIds();
      for (const id of ids) assert.ok(accepted.has(id));
      assert.match(await readFile(path, 'utf8'), /\n$/);
    });
  });
}
