/**
 * `roster erasure run`: a plan that changes nothing, each person of the list once, and the state after an
 * interruption.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import Database from 'better-sqlite3';
import { toUserIdText } from '../../src/core/ids.ts';
import { makeFolder, refused, removeFolder, roster, rosterJson, start } from '../cli/program.ts';
import { unknownUserId } from '../support/contracts/people.ts';
import { slowTest as test } from '../support/effort.ts';

const settings = { ROSTER_SECRET: 'a-secret-of-lists-that-are-erased' };
const people = 6_000;

let folder: string;
let lists: string;
let org: string;
let ids: string[];

before(async () => {
  [folder, lists] = [await makeFolder(), await makeFolder()];
  org = (await rosterJson(folder, ['init'], settings)).text('organization.id');
  const file = join(lists, 'users.ndjson');
  const lines = Array.from({ length: people }, (_, at) => JSON.stringify({ external_id: `ext-${at}` }));
  await writeFile(file, lines.join('\n'));
  const { exitCode, stderr } = await roster(folder, ['import', file, '--org', org], settings);
  assert.equal(exitCode, 0, stderr);
  ids = select('select id from users order by number').map(({ id }) => String(id));
});
after(async () => {
  await removeFolder(folder);
  await removeFolder(lists);
});

function select(sql: string): Record<string, unknown>[] {
  const database = new Database(join(folder, 'roster.db'), { readonly: true });
  try {
    return database.prepare<[], Record<string, unknown>>(sql).all();
  } finally {
    database.close();
  }
}

const count = (table: string, where = 'true') =>
  Number(select(`select count(*) as count from ${table} where ${where}`)[0]?.['count']);

async function listOf(lines: readonly string[]): Promise<string> {
  const file = join(lists, 'ids.txt');
  await writeFile(file, lines.join('\n'));
  return file;
}

describe('a list of ids', () => {
  test('is checked before the first erasure: one line that is no id, and nothing happens', async () => {
    const file = await listOf([toUserIdText(String(ids[0])), '', '# a remark', 'john@example.com']);
    const told = await refused(folder, ['erasure', 'run', '--ids', file, '--yes'], settings);
    assert.deepEqual(told, {
      exitCode: 1,
      lines: [`roster: line 4 of ${file} is not a user id: no user was erased`],
    });
    const absent = await refused(folder, ['erasure', 'run', '--ids', `${file}.none`, '--yes'], settings);
    assert.deepEqual([absent.exitCode, absent.lines.length], [1, 1]);
    assert.equal(count('users'), people);
  });

  test('is not erased where no terminal can confirm; the plan is printed', async () => {
    const file = await listOf([toUserIdText(String(ids[0])), unknownUserId]);
    const { exitCode, lines } = await refused(folder, ['erasure', 'run', '--ids', file], settings);
    assert.equal(exitCode, 1);
    assert.deepEqual(lines, [
      'roster: 1 user of 1 organization will be erased permanently; 0 of them with connections that will be revoked at their providers; 1 id belongs to no user. There is no terminal to ask for confirmation: add --yes to confirm',
    ]);
    assert.deepEqual([count('users'), count('erasures')], [people, 0]);
  });

  test('may name a user twice, in two spellings, and have unknown ids', async () => {
    const [first = '', second = ''] = ids.splice(0, 2);
    const file = await listOf([
      toUserIdText(first),
      first,
      toUserIdText(first),
      second,
      '',
      '# done',
      unknownUserId,
    ]);
    const done = await rosterJson(folder, ['erasure', 'run', '--ids', file, '--yes'], settings).catch(
      () => null,
    );
    // Unknown ids are printed on standard error.
    assert.equal(done, null);
    const again = await roster(folder, ['erasure', 'run', '--ids', file, '--yes', '--json'], settings);
    assert.partialDeepStrictEqual(JSON.parse(again.stdout), { erased: 0, unknown: 3, lastAdmins: 0 });
    assert.equal(again.exitCode, 0);
    assert.deepEqual([count('users'), count('erasures', "state = 'complete'")], [people - 2, 2]);
  });

  test('that is interrupted by a kill is finished by the same command, each person once', async () => {
    const file = await listOf(ids.map((id) => toUserIdText(id)));
    const before = count('erasures');
    for (const share of [0.1, 0.5]) {
      const child = start(folder, ['erasure', 'run', '--ids', file, '--yes'], settings);
      child.stdout.resume();
      child.stderr.resume();
      const ended = once(child, 'close');
      while (child.exitCode === null && count('erasures') - before < ids.length * share) await sleep(5);
      child.kill('SIGKILL');
      await ended;
    }
    const left = count('users');
    const last = await roster(folder, ['erasure', 'run', '--ids', file, '--yes', '--json'], settings);
    assert.partialDeepStrictEqual(JSON.parse(last.stdout), { erased: left, unknown: ids.length - left });
    assert.deepEqual([count('users'), count('erasures') - before], [0, ids.length]);
    assert.equal(count('erasures', "state <> 'complete'"), 0);
    const lines = (await readFile(join(folder, 'erasures.ledger'), 'utf8')).split('\n');
    const accepted = lines.filter((line) => line.startsWith('{"kind":"accepted"'));
    const known = new Set(accepted.map((line) => Object(JSON.parse(line)).erasure.userId));
    assert.deepEqual(
      ids.filter((id) => !known.has(id)),
      [],
    );
  });

  test('does not erase the last active admin of an organization, and says so', async () => {
    const admin = await rosterJson(
      folder,
      ['admin', 'create', '--org', org, '--email', 'admin@example.com'],
      { ...settings, ROSTER_ADMIN_PASSWORD: 'a-quiet-harbour-41' },
    );
    const [user] = select('select id from users');
    assert.ok(admin.names().length > 0);
    const file = await listOf([toUserIdText(String(user?.['id']))]);
    const told = await roster(folder, ['erasure', 'run', '--ids', file, '--yes', '--json'], settings);
    assert.partialDeepStrictEqual(JSON.parse(told.stdout), { erased: 0, lastAdmins: 1 });
    assert.equal(told.exitCode, 1);
    assert.equal(count('users'), 1);
  });
});
