/**
 * A person who can write to the data folder, without the secret, changes the ledger of erasures. Each change is told, the
 * start is refused, no living user is erased, and nothing is signed.
 */
import assert from 'node:assert/strict';
import { copyFile, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { Core } from '../../../src/core/core.ts';
import type { User } from '../../../src/core/directory/user.ts';
import { completeErasures } from '../../../src/core/erasure/complete-erasures.ts';
import { type LinkedFolder, makeLinkedFolder } from '../../erasure/linked-folder.ts';
import { type AuthorizationServer, startAuthorizationServer } from '../../providers/authorization-server.ts';
import { createDatabase, type OwnDatabase } from '../../support/postgres/postgres.ts';

/** The lines of a ledger, changed by the attacker. */
type Change = (lines: readonly string[]) => readonly string[];

const isTold = { message: /erasures\.ledger/ };

/** The acceptance of an erasure that no one asked for. */
function acceptanceOf({ id, orgKey }: User, endings: object = {}): string {
  const erasure = {
    ...{ orgKey, id: `era_${'e'.repeat(32)}`, userId: id, requestedAt: Date.now() },
    ...{ requestedBy: 'api_key', door: 'sonar' },
  };
  return JSON.stringify({ kind: 'accepted', erasure, ...endings });
}

/** What another program can write behind a line to make it look like one of Roster's. */
function endingsOf(lines: readonly string[]): object[] {
  const { key, mac } = JSON.parse(lines.at(-1) ?? '{}');
  return [{}, { key, mac }, { key, mac: 'A'.repeat(43) }, { key: '00000000', mac }, { mac: null }];
}

/** Every line of a kind once, with one character of one of its fields changed. */
function changedFields(lines: readonly string[]): { readonly name: string; readonly change: Change }[] {
  const seen = new Set<string>();
  return lines.flatMap((line, at) => {
    const kind = /"kind":"(\w+)"/.exec(line)?.[1] ?? 'first';
    return [...line.matchAll(/"(\w+)":(?:"([^"]*)"|(\d+)|null)/g)].flatMap((match) => {
      const [text, field, word, digits] = match;
      const name = `${field} of ${kind}`;
      if (seen.has(name)) return [];
      seen.add(name);
      const value = word ?? digits ?? 'null';
      const start = match.index + text.lastIndexOf(value);
      const other = /[0-9]/.test(value.at(-1) ?? '') ? (value.endsWith('1') ? '2' : '1') : 'x';
      const end = start + value.length;
      const changed = `${line.slice(0, end - 1)}${other}${line.slice(end)}`;
      return [{ name, change: () => lines.with(at, changed) }];
    });
  });
}

function without(at: number): Change {
  return (lines) => lines.toSpliced(at < 0 ? lines.length + at : at, 1);
}

for (const database of ['SQLite', 'PostgreSQL'] as const) {
  describe(`only what Roster wrote to the ledger counts, on ${database}`, () => {
    let server: AuthorizationServer;
    let own: OwnDatabase | null = null;
    let linked: LinkedFolder;
    let living: User;
    let path: string;
    let lines: readonly string[];
    let erased = 3;

    before(async () => {
      server = await startAuthorizationServer();
      if (database === 'PostgreSQL') own = await createDatabase();
      linked = await makeLinkedFolder({ server }, own?.url);
      path = join(linked.folder, 'erasures.ledger');
      const running = await linked.start();
      living = await running.addUser({ email: 'living@example.com' });
      for (const mark of ['first', 'second', 'third']) {
        await running.workOff(
          await running.erase(await running.connectUser({ email: `${mark}@example.com` })),
        );
      }
      await running.close();
      lines = await readLines(path);
      assert.equal(lines.length, 10);
    });
    after(async () => {
      await linked.remove();
      await own?.drop();
      await server.close();
    });

    /** The change is told at the start, and the directory is as before once it is undone. */
    async function check(name: string, changed: readonly string[] | string): Promise<void> {
      await writeFile(
        path,
        typeof changed === 'string' ? changed : changed.map((line) => `${line}\n`).join(''),
      );
      const started = linked.start();
      await assert.rejects(
        started.then((running) => running.close()),
        isTold,
        name,
      );
      await writeFile(path, lines.map((line) => `${line}\n`).join(''));
    }

    async function checkNothingHappened(): Promise<void> {
      const running = await linked.start();
      try {
        await running.work();
        assert.ok(await running.isThere(living), 'the living user is there');
        const erasures = await running.core.work.readSystem('operator', (tx) => tx.erasures.list(null, 100));
        assert.equal(erasures.length, erased, 'no receipt was signed');
        assert.deepEqual(await readLines(path), lines, 'nothing was added');
      } finally {
        await running.close();
      }
    }

    test('an added line erases no living user and gets no receipt', async () => {
      for (const endings of endingsOf(lines)) {
        const forged = acceptanceOf(living, endings);
        await check('at the end', [...lines, forged]);
        await check('in the middle', lines.toSpliced(4, 0, forged));
        await check('in place of the last', [...lines.slice(0, -1), forged]);
      }
      await check('of no JSON', [...lines, 'no line of a ledger']);
      await check('of another kind', [...lines, '{"kind":"newer"}']);
      await checkNothingHappened();
    });

    test('one changed character of any field is told', async () => {
      const fields = changedFields(lines);
      assert.ok(fields.length > 20, `${fields.length} fields`);
      for (const { name, change } of fields) await check(name, change(lines));
      await check('a space', lines.with(3, (lines[3] ?? '').replace(':', ': ')));
      await checkNothingHappened();
    });

    test('a line that was dropped, moved, or written twice is told', async () => {
      const changes: [string, Change][] = [
        ['drop the name', without(0)],
        ['drop the first', without(1)],
        ['drop one in the middle', without(5)],
        ['drop the last', without(-1)],
        ['drop the end', () => lines.slice(0, 4)],
        ['drop all but the name', () => lines.slice(0, 1)],
        ['reverse two', () => lines.with(4, lines[5] ?? '').with(5, lines[4] ?? '')],
        ['reverse the last two', () => lines.with(-2, lines.at(-1) ?? '').with(-1, lines.at(-2) ?? '')],
        ['write one twice', () => lines.toSpliced(5, 0, lines[4] ?? '')],
        ['write the last twice', () => [...lines, lines.at(-1) ?? '']],
        ['write all twice', () => [...lines, ...lines.slice(1)]],
      ];
      for (const [name, change] of changes) await check(name, change(lines));
      await check('cut inside of a line', `${lines.join('\n')}\n`.slice(0, -100));
      await check('empty', '');
      await checkNothingHappened();
    });

    test('lines and whole ledgers of another folder are told, also under the same secret', async () => {
      const other = await makeLinkedFolder({ server });
      try {
        const running = await other.start();
        await running.workOff(await running.erase(await running.connectUser({ email: 'other@example.com' })));
        await running.close();
        const foreign = await readLines(join(other.folder, 'erasures.ledger'));
        await check('its last line', [...lines, foreign.at(-1) ?? '']);
        await check('its lines', [...lines, ...foreign.slice(1)]);
        await check('its lines behind our name', [lines[0] ?? '', ...foreign.slice(1)]);
        await check('our lines behind its name', [foreign[0] ?? '', ...lines.slice(1)]);
        // Several folders may share a PostgreSQL database, each with a ledger of its own.
        if (database === 'SQLite') await check('the whole', foreign);
      } finally {
        await other.remove();
      }
      await checkNothingHappened();
    });

    test('an acceptance cannot be cut off once its erasure has a receipt, also after a kill', async () => {
      const running = await linked.start();
      const { core } = running;
      const id = await running.erase(await running.addUser({ email: 'killed@example.com' }));
      const append: Core['ledger']['append'] = async (added) => {
        if (added.some(({ kind }) => kind === 'completed')) throw new Error('killed');
        await core.ledger.append(added);
      };
      const { ledger } = core;
      const killed: Core = {
        ...core,
        ledger: {
          ...{ id: ledger.id, grants: ledger.grants, append },
          read: (known) => ledger.read(known),
          verify: () => ledger.verify(),
          room: () => ledger.room(),
          makeRoom: (bytes) => ledger.makeRoom(bytes),
          checkpoint: () => ledger.checkpoint(),
          unknownHead: () => ledger.unknownHead(),
          noteKnown: (known) => ledger.noteKnown(known),
          hasAccepted: (erasureId) => ledger.hasAccepted(erasureId),
          hasCompleted: (erasureId) => ledger.hasCompleted(erasureId),
        },
      };
      await assert.rejects(completeErasures(killed), { message: 'killed' });
      assert.equal((await running.erasureOf(id))?.state, 'complete');
      await running.close();
      const longer = await readLines(path);
      assert.equal(longer.length, lines.length + 1);
      await writeFile(path, lines.map((line) => `${line}\n`).join(''));
      await assert.rejects(
        linked.start().then((again) => again.close()),
        isTold,
      );
      await writeFile(path, longer.map((line) => `${line}\n`).join(''));
      const again = await linked.start();
      // The process was killed before the line of the receipt.
      await again.work();
      await again.close();
      lines = await readLines(path);
      assert.equal(lines.length, longer.length + 1);
      erased += 1;
    });

    test('the rest of a line that a crash cut short is removed, and is no change', async () => {
      for (const rest of ['{"kind":"accepted","erasure":{"or', acceptanceOf(living), '\0'.repeat(40)]) {
        await writeFile(path, `${lines.join('\n')}\n${rest}`);
        await linked.start().then((running) => running.close());
        await writeFile(path, `${lines.join('\n')}\n`);
      }
      await checkNothingHappened();
    });
  });
}

describe('beside an older backup of the database, on SQLite', () => {
  test('a forged, changed or missing line is told too, and the right ledger repeats each erasure', async () => {
    const server = await startAuthorizationServer();
    const linked = await makeLinkedFolder({ server });
    const backup = `${linked.folder}.db`;
    try {
      const path = join(linked.folder, 'erasures.ledger');
      const file = join(linked.folder, 'roster.db');
      const first = await linked.start();
      const living = await first.addUser({ email: 'living@example.com' });
      const erased = await first.addUser({ email: 'erased@example.com' });
      await first.close();
      await copyFile(file, backup);
      const second = await linked.start();
      await second.workOff(await second.erase(erased));
      await second.close();
      const lines = await readLines(path);
      for (const changed of [
        [...lines, acceptanceOf(living)],
        lines.toSpliced(1, 1),
        lines.with(1, (lines[1] ?? '').replace(erased.id, living.id)),
        [lines[0] ?? '', acceptanceOf(living)],
      ]) {
        await copyFile(backup, file);
        await writeFile(path, changed.map((line) => `${line}\n`).join(''));
        await assert.rejects(
          linked.start().then((running) => running.close()),
          isTold,
        );
      }
      await writeFile(path, lines.map((line) => `${line}\n`).join(''));
      const running = await linked.start();
      assert.ok(!(await running.isThere(erased)));
      assert.ok(await running.isThere(living));
      await running.close();
    } finally {
      await rm(backup, { force: true });
      await linked.remove();
      await server.close();
    }
  });
});

async function readLines(path: string): Promise<readonly string[]> {
  return (await readFile(path, 'utf8')).split('\n').filter((line) => line !== '');
}
