/**
 * Once an erasure is complete, no file in the data folder has a byte sequence by which the person was known. The
 * tests search while other users sign up, sign in, change and are imported, and find the users who still exist.
 */
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { User } from '../../src/core/directory/user.ts';
import { applyChanges } from '../../src/core/directory/user-lifecycle.ts';
import { advanceErasures } from '../../src/core/erasure/complete-erasures.ts';
import { eraseUsers } from '../../src/core/erasure/erase-users.ts';
import { roster as command } from '../cli/program.ts';
import { openDeployment } from '../jobs/deployment.ts';
import { bareId } from '../support/contracts/people.ts';
import { slowTest as test } from '../support/effort.ts';
import { createDatabase } from '../support/postgres/postgres.ts';
import { type Roster, startRoster } from '../support/server/start.ts';
import { findInFolder } from './bytes.ts';

/** A person with a word that no other person's texts have, and that each of its own texts has. */
interface Marked {
  readonly mark: string;
  readonly id: string;
}

const letters = 'bcdfghjklmnpqrstvwxz';

/** Letters for a number, evenly spread, so that texts of successive numbers are far apart in an index. */
function markOf(number: number): string {
  let state = (number + 1) * 2_654_435_761;
  let mark = '';
  for (let at = 0; at < 10; at += 1) {
    state = (Math.imul(state ^ (state >>> 15), 2_246_822_519) + number) >>> 0;
    mark += letters[state % letters.length];
  }
  return `${mark}${String(number).padStart(5, '0')}`;
}

/** A text of so many characters, most of them of four bytes, with the mark in each part. */
function longText(mark: string, length: number): string {
  const part = `${mark}${'𠜎'.repeat(12)}`;
  return Array.from(part.repeat(Math.ceil(length / 27)))
    .slice(0, length)
    .join('');
}

describe('the bytes of a data folder', () => {
  let roster: Roster;
  let made = 0;
  before(async () => {
    roster = await startRoster();
  });
  after(() => roster.close());

  async function addMarked(isLong: boolean): Promise<Marked> {
    made += 1;
    const mark = markOf(made);
    const json = {
      reference_id: isLong ? longText(`E${mark}`, 240) : `ext-${mark}`,
    };
    const bearer = roster.organization.apiKeys.admin;
    const id = (await roster.call('POST /sonar/v1/users', { bearer, json })).string('data.id');
    await change({ mark, id }, { email: `${mark}@example.com`, firstName: `F${mark}`, lastName: `L${mark}` });
    if (isLong) {
      const [firstName, lastName] = [longText(`F${mark}`, 255), longText(`L${mark}`, 255)];
      await change({ mark, id }, { firstName, lastName, email: `${mark}${'x'.repeat(60)}@example.com` });
    }
    return { mark, id };
  }

  async function change({ id }: Marked, changes: Parameters<typeof applyChanges>[4]): Promise<void> {
    const { core, organization } = roster;
    await core.work.change(organization.key, async (tx) => {
      const user = await tx.users.lock({ id: bareId(id) });
      assert.ok(user);
      const operator = { kind: 'operator', door: 'test', orgKey: organization.key } as const;
      await applyChanges(core, tx, operator, user, changes, null);
    });
  }

  async function erase({ id }: Marked): Promise<void> {
    const bearer = roster.organization.apiKeys.admin;
    assert.equal((await roster.call(`DELETE /sonar/v1/users/${id}`, { bearer })).status, 204);
  }

  const find = (people: readonly Marked[]) =>
    findInFolder(
      roster.folder,
      people.map(({ mark }) => mark),
    );

  /** Makes sign-ups, wrong and right sign-ins, changes and messages until the returned function is called. */
  function startTraffic(): () => Promise<void> {
    let isOver = false;
    const headers = { 'x-app-id': roster.organization.app.appId };
    const lane = async (): Promise<void> => {
      while (!isOver) {
        made += 1;
        const email = `${markOf(made)}@example.com`;
        const password = 'a-traffic-of-words-9';
        const user = { email, password, first_name: markOf(made), last_name: 'Neighbour' };
        await roster.call('POST /general/v1/users', { headers, json: { user } });
        await roster.call('POST /general/v1/sessions', { headers, json: { email, password: 'wrong' } });
        await roster.call('POST /general/v1/users/passwords', { headers, json: { email } });
        const other = await addMarked(made % 3 === 0);
        await change(other, { firstName: longText(other.mark, 10 + (made % 200)) });
      }
    };
    const lanes = [lane(), lane()];
    return async () => {
      isOver = true;
      await Promise.all(lanes);
    };
  }

  async function importSome(people: number): Promise<void> {
    const folder = await mkdtemp(join(tmpdir(), 'roster-import-'));
    const file = join(folder, 'users.ndjson');
    const lines = Array.from({ length: people }, () => {
      made += 1;
      const mark = markOf(made);
      return JSON.stringify({ email: `${mark}@example.com`, external_id: `ext-${mark}`, first_name: mark });
    });
    await writeFile(file, `${lines.join('\n')}\n`);
    const { id, app } = roster.organization;
    const words = ['import', file, '--org', id, '--app', app.appId];
    const { exitCode, stderr } = await command(roster.folder, words);
    assert.equal(exitCode, 0, stderr);
    await rm(folder, { recursive: true });
  }

  test('hold neither email, phone, names nor external id of erased people, in any form, while other users come and go', async () => {
    const people: Marked[] = [];
    for (let number = 0; number < 150; number += 1) people.push(await addMarked(number % 4 === 0));
    assert.ok((await find(people.slice(0, 1))).length > 0, 'the search finds who is there');
    const stop = startTraffic();
    const importing = importSome(300);
    const gone: Marked[] = [];
    // People beside each other and far apart, alone and in rows.
    for (const [at, person] of people.entries()) {
      if (at % 5 !== 4) gone.push(person);
    }
    for (let at = 0; at < gone.length; at += 10) {
      await Promise.all(gone.slice(at, at + 10).map(erase));
    }
    await importing;
    await stop();
    await roster.settle();
    assert.deepEqual(await find(gone), []);
    const there = people.filter((person) => !gone.includes(person));
    const found = new Set((await find(there)).map(({ text }) => text));
    assert.deepEqual([...found].sort(), there.map(({ mark }) => mark).sort());
  });

  test('hold nothing of an erased person who had changed all of their data before', async () => {
    const person = await addMarked(true);
    for (let round = 0; round < 5; round += 1) {
      await change(person, { firstName: longText(`F${person.mark}`, 255 - 50 * round), phone: null });
      await addMarked(round % 2 === 0);
    }
    await erase(person);
    await roster.settle();
    assert.deepEqual(await find([person]), []);
  });

  test('hold no data of a person once all people are erased', async () => {
    const own = await startRoster();
    const before = roster;
    try {
      roster = own;
      const people: Marked[] = [];
      for (let number = 0; number < 40; number += 1) people.push(await addMarked(number % 2 === 0));
      for (const person of people) await erase(person);
      await roster.settle();
      assert.deepEqual(await find(people), []);
    } finally {
      roster = before;
      await own.close();
    }
  });
});

test('copies of erased values in pages that SQLite has rebuilt are found and wiped', async () => {
  const deployment = await openDeployment();
  try {
    const { core, orgKey, folder } = deployment;
    const operator = { kind: 'operator', door: 'test', orgKey } as const;
    const people: { readonly mark: string; readonly user: User }[] = [];
    for (let number = 1; number <= 900; number += 1) {
      const mark = markOf(number);
      const named = { externalId: `ext-${mark}`, email: `${mark}@example.com`, firstName: mark };
      people.push({ mark, user: await deployment.addUser(named) });
    }
    // Rows that grow move other rows to new pages, and pages that lose rows are merged.
    for (const [at, { mark, user }] of people.entries()) {
      if (at % 2 === 1) continue;
      const changes = { lastName: longText(mark, 5 + ((at * 37) % 230)) };
      await core.work.change(orgKey, (tx) => applyChanges(core, tx, operator, user, changes, null));
    }
    const order = people.toSorted((left, right) => (left.mark < right.mark ? -1 : 1));
    let remains = 0;
    for (let from = 0; from < 800; from += 100) {
      const wave = order.slice(from, from + 100);
      const users = wave.map(({ user }) => ({ orgKey, userId: user.id }));
      await Array.fromAsync(eraseUsers(core, 'test', { users }));
      assert.ok(await core.remains.flush());
      remains += (await findInFolder(folder, marksOf(wave), ['utf-8'])).length;
      while ((await advanceErasures(core, 1_000)).taken > 0) await sleep(10);
      assert.deepEqual(await findInFolder(folder, marksOf(order.slice(0, from + 100)), ['utf-8']), []);
    }
    assert.ok(remains > 0, 'deleting alone leaves something behind');
    const there = await findInFolder(folder, marksOf(order.slice(800)), ['utf-8']);
    assert.equal(there.length, 100);
  } finally {
    await deployment.close();
  }
});

function marksOf(people: readonly { readonly mark: string }[]): readonly string[] {
  return people.map(({ mark }) => mark);
}

test('on PostgreSQL no row of any table has data of an erased person, and neither do the files in the data folder', async () => {
  const database = await createDatabase();
  const roster = await startRoster({ env: { DATABASE_URL: database.url } });
  try {
    const mark = markOf(77_777);
    const other = markOf(88_888);
    const { call, organization, rows } = roster;
    const headers = { 'x-app-id': organization.app.appId };
    for (const each of [mark, other]) {
      const email = `${each}@example.com`;
      const user = { email, password: 'a-row-of-words-31', first_name: each, last_name: each };
      const made = await call('POST /general/v1/users', { headers, json: { user } });
      assert.equal(made.status, 201, made.text);
      await call('POST /general/v1/sessions', { headers, json: { email, password: 'wrong' } });
      await call('POST /general/v1/users/passwords', { headers, json: { email } });
    }
    const admin = await roster.addAdmin();
    await roster.settle();
    const listed = await call(`GET /general/v1/users?search=${mark}`, { session: admin.session });
    assert.equal(listed.status, 200);
    const found = await roster.core.work.read(organization.key, (tx) =>
      tx.users.findByEmail(`${mark}@example.com`),
    );
    assert.ok(found);
    const removed = await call(`DELETE /general/v1/users/${found.number}`, { session: admin.session });
    assert.equal(removed.status, 204);
    await roster.settle();
    const texts = await Promise.all(
      (await rows.tables()).map(async (name) => JSON.stringify(await rows.all(name))),
    );
    const all = texts.join('\n');
    assert.ok(all.includes(other), 'the search finds who is there');
    assert.ok(!all.includes(mark));
    assert.deepEqual(await findInFolder(roster.folder, [mark]), []);
  } finally {
    await roster.close();
    await database.drop();
  }
});
