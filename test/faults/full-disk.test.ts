/**
 * The disk of the data folder is full, or refuses the ledger alone, while the database takes every change: a deletion is
 * refused with nothing done, or it is done and answered. It is never both refused and done.
 */
import '../support/machine/own-mounts.ts';

import assert from 'node:assert/strict';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, afterEach, before, describe, test } from 'node:test';
import type { User } from '../../src/core/directory/user.ts';
import { userDigestOf } from '../../src/core/erasure/erasure.ts';
import type { LedgerLine } from '../../src/core/erasure/ledger.ts';
import { createSecretBox } from '../../src/core/secret.ts';
import { ledgerFile, openLedger } from '../../src/store/folder/ledger-file.ts';
import type { Ended, Settings } from '../cli/command-host.ts';
import { makeFolder, readJson, removeFolder, roster as runRoster } from '../cli/program.ts';
import { makeLinkedFolder } from '../erasure/linked-folder.ts';
import { type Doors, openDoors } from '../journeys/doors.ts';
import { startAuthorizationServer } from '../providers/authorization-server.ts';
import type { Handles } from '../support/contracts/door.ts';
import { limitFiles } from '../support/machine/file-limit.ts';
import { reasonToSkip } from '../support/machine/own-mounts.ts';
import { makeSmallFolder, type SmallDisk } from '../support/machine/small-disk.ts';
import { createDatabase } from '../support/postgres/postgres.ts';
import { type Roster, startRoster } from '../support/server/start.ts';
import { type Line, startWorkers } from '../support/server/workers.ts';

const secret = 'a-secret-of-folders-on-full-disks';
/** Larger than every other file of the folder, so that a limit refuses the ledger alone. */
const ledgerBytes = 24 * 1024 * 1024;

/** Makes the ledger long, with ends of erasures of an organization that is nowhere else. */
async function lengthenLedger(folder: string): Promise<void> {
  const ledger = openLedger(folder, createSecretBox(secret));
  const receipt = 'x'.repeat(8_000);
  const lines = Array.from({ length: ledgerBytes / 8_000 }, (_, at): LedgerLine => {
    const id = `era_${String(at).padStart(32, '0')}`;
    return { kind: 'completed', erasure: { orgKey: 999, id, completedAt: at, receipt } };
  });
  for await (const _ of ledger.read(null));
  await ledger.append(lines);
  await ledger.close();
}

for (const database of ['SQLite', 'PostgreSQL'] as const) {
  describe(`a deletion on ${database}`, { skip: reasonToSkip }, () => {
    let disk: SmallDisk;
    let roster: Roster;
    let doors: Doors;
    let settings: Settings;
    let drop: () => Promise<void> = async () => {};
    before(async () => {
      disk = makeSmallFolder(64 * 1024);
      await lengthenLedger(disk.path);
      const own = database === 'SQLite' ? null : await createDatabase();
      if (own !== null) drop = () => own.drop();
      settings = { ROSTER_SECRET: secret, ...(own && { DATABASE_URL: own.url }) };
      roster = await startRoster({ folder: disk.path, env: settings });
      doors = await openDoors(roster, roster.organization);
    });
    afterEach(() => {
      limitFiles(null);
      disk.free();
    });
    after(async () => {
      await roster.close();
      await drop();
      disk.remove();
    });

    const accepted = async (): Promise<readonly string[]> => {
      const text = await readFile(join(disk.path, ledgerFile), 'utf8');
      return text
        .split('\n')
        .flatMap((line) => /^\{"kind":"accepted".*?"id":"(era_\w+)"/.exec(line)?.[1] ?? []);
    };
    const erasureOf = async ({ humanId }: Handles): Promise<string | undefined> => {
      const all = await roster.core.work.readSystem('operator', (tx) => tx.erasures.list(null, 1_000));
      return all.find(({ userDigest }) => userDigest === userDigestOf(humanId))?.id;
    };
    const isThere = async (user: Handles): Promise<boolean> => (await doors.sonar.read(user)).status === 200;
    let made = 0;
    const makeUsers = async (count: number): Promise<readonly Handles[]> => {
      const users: Handles[] = [];
      while (users.length < count) {
        made += 1;
        users.push(await doors.identify(await doors.sonar.make(`user-${made}`)));
      }
      return users;
    };

    test('that finds no room is refused through every contract with nothing done, and succeeds when there is room', async () => {
      const users = await makeUsers(2 * doors.all.length);
      const earlier = await makeUsers(24);
      disk.fill();
      // The last block of the ledger, and the room of the process, may serve for a few.
      for (const user of earlier) {
        const { status, headers } = await doors.sonar.remove(user);
        assert.equal(await isThere(user), status !== 204, String(status));
        if (status !== 204) break;
        assert.ok((await accepted()).includes(String(headers['x-erasure-id'])));
      }
      for (const [at, user] of users.entries()) {
        const door = doors.all[at % doors.all.length] ?? assert.fail();
        assert.equal((await door.remove(user)).status, 503, door.name);
        assert.equal(await erasureOf(user), undefined, `${door.name}: refused and begun`);
        assert.ok(await isThere(user), `${door.name}: refused and done`);
      }
      disk.free();
      for (const [at, user] of users.entries()) {
        const door = doors.all[at % doors.all.length] ?? assert.fail();
        assert.equal((await door.remove(user)).status, 204, door.name);
      }
    });

    test('that took its room before the disk was full is accepted, also among many', async () => {
      const users = await makeUsers(30);
      await doors.sonar.remove((await makeUsers(1))[0] ?? assert.fail());
      disk.fill();
      const replies = await Promise.all(users.map((user) => doors.sonar.remove(user)));
      const lines = await accepted();
      for (const [at, { status, headers }] of replies.entries()) {
        const user = users[at] ?? assert.fail();
        assert.equal(await isThere(user), status === 503, `${status}`);
        if (status === 204) assert.ok(lines.includes(String(headers['x-erasure-id'])));
      }
      assert.ok(replies.some(({ status }) => status === 204));
    });

    test('that the ledger cannot take after the commit is answered with its own id when it is repeated, once', async () => {
      for (const door of doors.all) {
        const [first, next] = await makeUsers(2);
        assert.ok(first && next);
        await door.remove((await makeUsers(1))[0] ?? assert.fail());
        limitFiles((await stat(join(disk.path, ledgerFile))).size);
        const { status } = await door.remove(first);
        assert.equal(status, 503);
        const id = await erasureOf(first);
        assert.ok(id !== undefined && !(await isThere(first)), 'the database took it');
        // What comes after it is refused with nothing done, and so is the same deletion.
        assert.equal((await door.remove(next)).status, 503);
        assert.ok(await isThere(next), door.name);
        assert.equal((await door.remove(first)).status, 503, door.name);
        limitFiles(null);
        const again = await door.remove(first);
        assert.deepEqual([again.status, again.headers['x-erasure-id']], [204, id], door.name);
        assert.ok((await accepted()).includes(id), door.name);
        assert.equal((await door.remove(first)).status, 404, door.name);
        assert.equal((await door.remove(next)).status, 204, door.name);
      }
    });

    async function eraseList(users: readonly Handles[]): Promise<Ended> {
      const lists = await makeFolder();
      const file = join(lists, 'ids.txt');
      await writeFile(file, users.map(({ userId }) => userId).join('\n'));
      const words = ['erasure', 'run', '--ids', file, '--yes', '--json'];
      const ended = await runRoster(disk.path, words, settings);
      await removeFolder(lists);
      return ended;
    }

    test('of a list is refused with nothing done, and the same list erases all when there is room', async () => {
      const users = await makeUsers(6);
      disk.fill();
      const refused = await eraseList(users);
      assert.deepEqual([refused.exitCode, refused.stdout], [1, '']);
      assert.equal(
        refused.stderr,
        'roster: the database or the data folder is busy or unavailable: try again\n',
      );
      for (const user of users) assert.ok(await isThere(user));
      disk.free();
      const { exitCode, stdout } = await eraseList(users);
      assert.equal(exitCode, 0);
      assert.equal(readJson(stdout).at('erased'), users.length);
    });

    test('that one process could not finish is accepted by another one that repeats it', async () => {
      const [warm, first] = await makeUsers(2);
      assert.ok(warm && first);
      await doors.sonar.remove(warm);
      limitFiles((await stat(join(disk.path, ledgerFile))).size);
      assert.equal((await doors.sonar.remove(first)).status, 503);
      const id = await erasureOf(first);
      assert.ok(id !== undefined);
      limitFiles(null);
      const { exitCode, stdout, stderr } = await eraseList([first]);
      assert.deepEqual([exitCode, readJson(stdout).at('erased'), stderr], [0, 1, '']);
      assert.ok((await accepted()).includes(id));
    });
  });

  describe(`the grants of a person who is deleted on ${database}`, { skip: reasonToSkip }, () => {
    test('are on disk before the deletion is answered, or nothing is done', async () => {
      const disk = makeSmallFolder(16 * 1024);
      const server = await startAuthorizationServer();
      const own = database === 'SQLite' ? null : await createDatabase();
      const linked = await makeLinkedFolder({ server }, own?.url, disk.path);
      try {
        const running = await linked.start();
        const users: User[] = [];
        while (users.length < 6) users.push(await running.connectUser({ externalId: `ext-${users.length}` }));
        const [warm, ...others] = users;
        assert.ok(warm);
        await running.erase(warm);
        disk.fill();
        let kept = 1;
        let refused = 0;
        for (const user of others) {
          const id = await running.erase(user).catch(() => null);
          assert.equal(await running.isThere(user), id === null);
          if (id === null) refused += 1;
          else kept += 1;
          const lines = await linked.ledger();
          const isAccepted = lines.some(
            (line) => line.kind === 'accepted' && line.erasure.userId === user.id,
          );
          assert.equal(isAccepted, id !== null);
          assert.equal((await running.core.ledger.grants.list()).length, kept);
        }
        assert.ok(kept > 1 && refused > 1, `${kept} kept, ${refused} refused`);
        disk.free();
        for (const user of others) if (await running.isThere(user)) await running.erase(user);
        await running.close();
      } finally {
        await linked.remove();
        await own?.drop();
        await server.close();
        disk.remove();
      }
    });
  });
}

describe('several workers on a disk that refuses one of them', { skip: reasonToSkip }, () => {
  test('accept each deletion of the other one when it is repeated, with the id that it had', async () => {
    const disk = makeSmallFolder(64 * 1024);
    await lengthenLedger(disk.path);
    const workers = await startWorkers(disk.path, 2, { ROSTER_SECRET: secret });
    try {
      const [one, other] = await workers.lines();
      assert.ok(one && other);
      const bearer = workers.output.text('apiKey');
      const ids: string[] = [];
      for (let made = 0; made < 6; made += 1) {
        const json = { reference_id: `ref-${made}` };
        ids.push((await one.call('POST /sonar/v1/users', { bearer, json })).body.text('data.id'));
      }
      const [warm, first] = ids;
      const remove = (line: Line, id: string | undefined) =>
        line.call(`DELETE /sonar/v1/users/${id}`, { bearer });
      assert.equal((await remove(one, warm)).status, 204);
      limitFiles((await stat(join(disk.path, ledgerFile))).size, one.pid);
      assert.equal((await remove(one, first)).status, 503);
      assert.equal((await one.call(`GET /sonar/v1/users/${first}`, { bearer })).status, 404);
      assert.equal((await remove(other, first)).status, 204);
      assert.equal((await remove(other, first)).status, 404);
      limitFiles(null, one.pid);
      for (const id of ids.slice(2)) assert.equal((await remove(one, id)).status, 204);
    } finally {
      await workers.stop('SIGTERM');
      disk.remove();
    }
  });
});
