/**
 * `roster backup` and `roster restore`: people erased since the backup are erased again before the directory
 * answers, a backup that cannot be restored changes nothing, and a killed restore leaves the old directory or the
 * new one.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { appendFileSync, existsSync } from 'node:fs';
import { copyFile, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { after, before, describe } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import Database from 'better-sqlite3';
import { confirm } from '../../src/cli/confirm.ts';
import {
  makeFolder,
  readJson,
  refused,
  removeFolder,
  roster,
  rosterJson,
  type Serving,
  serve,
  start,
} from '../cli/program.ts';
import { slowTest as test } from '../support/effort.ts';
import { findInFolder } from './bytes.ts';

const settings = { ROSTER_SECRET: 'a-secret-that-no-backup-may-have-in-it' };

let folder: string;
let copies: string;
let backup: string;
let server: Serving;
let apiKey: string;

/** Ids of people by their marks. */
const ids = new Map<string, string>();

const ask = (method: string, path: string, body?: object): Promise<Response> =>
  fetch(`${server.url}/sonar/v1${path}`, {
    method,
    headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });

async function add(mark: string): Promise<void> {
  const answer = await ask('POST', '/users', { reference_id: mark });
  assert.equal(answer.status, 201);
  ids.set(mark, readJson(await answer.text()).text('data.id'));
}

async function erase(mark: string): Promise<string> {
  const answer = await ask('DELETE', `/users/${ids.get(mark)}`);
  assert.equal(answer.status, 204);
  return answer.headers.get('x-erasure-id') ?? '';
}

async function receiptOf(id: string): Promise<string> {
  for (let tries = 0; tries < 2_400; tries += 1) {
    const shown = readJson(await (await ask('GET', `/erasures/${id}`)).text());
    if (shown.at('data.state') === 'complete') return shown.text('data.receipt');
    await sleep(25);
  }
  throw new Error(`${id} was never complete`);
}

async function isThere(mark: string): Promise<boolean> {
  const { status } = await ask('GET', `/users/${ids.get(mark)}`);
  assert.ok(status === 200 || status === 404);
  const listed = await (await ask('GET', `/users?reference_id=${mark}&per_page=100`)).text();
  assert.equal(listed.includes(`"${mark}"`), status === 200);
  return status === 200;
}

async function startServer(): Promise<void> {
  server = await serve(folder, settings);
}

const restore = (...words: string[]) => roster(folder, ['restore', ...words], settings);
/** The commands in the audit log, the newest first. */
const commands = async () => {
  const listed = await rosterJson(folder, ['audit', 'list', '--action', 'command.run'], settings);
  return listed.list('events').map((_, at) => listed.at(`events.${at}.subject.id`));
};
const database = () => readFile(join(folder, 'roster.db'));

before(async () => {
  [folder, copies] = [await makeFolder(), await makeFolder()];
  backup = join(copies, 'backup.db');
  await startServer();
  apiKey = server.output.text('apiKey');
});
after(async () => {
  await server.stop('SIGTERM');
  await removeFolder(folder);
  await removeFolder(copies);
});

describe('a backup and its restore', () => {
  test('a backup is made while others write, is complete, and has no person who was erased before', async () => {
    for (const mark of ['stays-7f3k', 'goes-later-8d2m', 'gone-before-5k9p']) await add(mark);
    await receiptOf(await erase('gone-before-5k9p'));
    let isOver = false;
    const traffic = (async () => {
      for (let made = 0; !isOver; made += 1) await add(`traffic-${made}`);
    })();
    const told = await rosterJson(folder, ['backup', backup], settings).catch((error) => error);
    isOver = true;
    await traffic;
    // The note about what the backup lacks goes to standard error.
    if (told instanceof Error) assert.match(told.message, /back them up/);
    const { mode } = await stat(backup);
    assert.equal(mode & 0o777, 0o600);
    const copy = new Database(backup, { readonly: true });
    assert.deepEqual(copy.pragma('integrity_check', { simple: true }), 'ok');
    const marks = copy.prepare<[], { external_id: string }>('select external_id from users').all();
    copy.close();
    const known = new Set(marks.map(({ external_id }) => external_id));
    assert.ok(known.has('stays-7f3k') && known.has('goes-later-8d2m'));
    assert.ok((await commands()).includes('backup'));
    // All changes acknowledged before it began are in it, in order and without a gap.
    const traffics = marks
      .flatMap(({ external_id }) => /^traffic-(\d+)$/.exec(external_id)?.[1] ?? [])
      .map(Number);
    assert.deepEqual(
      traffics.toSorted((a, b) => a - b),
      traffics.map((_, at) => at),
    );
    assert.deepEqual(await findInFolder(copies, ['gone-before-5k9p']), []);
  });

  test('a backup of a database that an earlier version wrote migrates nothing, and says that it is not recorded', async () => {
    const earlier = await makeFolder();
    await rosterJson(earlier, ['init']);
    const file = join(earlier, 'roster.db');
    const versionIn = (path: string): unknown => {
      const opened = new Database(path);
      const version = opened.prepare('select max(version) from schema_migrations').pluck().get();
      opened.close();
      return version;
    };
    const opened = new Database(file);
    opened.exec('delete from schema_migrations where version = (select max(version) from schema_migrations)');
    opened.close();
    const version = versionIn(file);
    const copy = join(copies, 'earlier.db');
    const told = await roster(earlier, ['backup', copy]);
    assert.equal(told.exitCode, 0);
    assert.match(told.stderr, /the audit log does not have this backup/);
    assert.deepEqual([versionIn(file), versionIn(copy)], [version, version]);
    await removeFolder(earlier);
  });

  test('a backup needs a new name outside of the data folder', async () => {
    const again = await refused(folder, ['backup', backup], settings);
    assert.deepEqual(again, { exitCode: 1, lines: [`roster: failed: ${backup} is there already`] });
    for (const target of [join(folder, 'backup.db'), join(copies, 'nowhere', 'backup.db')]) {
      const told = await refused(folder, ['backup', target], settings);
      assert.deepEqual([told.exitCode, told.lines.length], [1, 1]);
      assert.ok(!existsSync(target));
    }
  });

  test('a restore is refused while a server runs, and where no terminal can answer', async () => {
    const running = await refused(folder, ['restore', backup, '--yes'], settings);
    assert.deepEqual(running, {
      exitCode: 1,
      lines: ['roster: failed: a server or another command works on the data folder: stop it first'],
    });
    await server.stop('SIGTERM');
    const before = await database();
    const unasked = await refused(folder, ['restore', backup], settings);
    assert.equal(unasked.exitCode, 1);
    assert.match(
      unasked.lines.join(),
      /^roster: The directory with .* will be replaced by .*: add --yes to confirm$/,
    );
    assert.ok(before.equals(await database()));
    await startServer();
  });

  test('a person at a terminal is asked, and only yes continues', async () => {
    for (const [answer, agrees] of [
      ['yes', true],
      [' YES ', true],
      ['y', false],
      ['', false],
      ['no', false],
    ] as const) {
      const stdin = Object.assign(new PassThrough(), { isTTY: true });
      const stderr = new PassThrough();
      const said = text(stderr);
      const asked = confirm({ find: () => undefined }, 'All is replaced.', { stdin, stderr });
      stdin.write(`${answer}\n`);
      assert.equal(await asked, agrees, answer);
      stderr.end();
      assert.match(await said, /All is replaced\. Type yes to continue: /);
    }
    const stdin = Object.assign(new PassThrough(), { isTTY: true });
    const asked = confirm({ find: () => undefined }, 'All.', { stdin, stderr: new PassThrough().resume() });
    stdin.end();
    assert.equal(await asked, false, 'who hangs up has not agreed');
  });

  test('people erased since are erased again, whether or not the backup knew them, and receipts stay', async () => {
    await add('made-later-4h6w');
    const [later, made] = [await erase('goes-later-8d2m'), await erase('made-later-4h6w')];
    const receipts = [await receiptOf(later), await receiptOf(made)];
    await server.stop('SIGTERM');
    const told = await roster(folder, ['restore', backup, '--yes', '--json'], settings);
    assert.equal(told.exitCode, 0, told.stderr);
    assert.partialDeepStrictEqual(JSON.parse(told.stdout), { erased: 1, remembered: 1 });
    await startServer();
    assert.deepEqual(
      [await isThere('stays-7f3k'), await isThere('goes-later-8d2m'), await isThere('made-later-4h6w')],
      [true, false, false],
    );
    // The restored audit log has the backup that it came from, and the restore.
    assert.deepEqual((await commands()).slice(1, 3), ['restore', 'backup']);
    // One erasure was repeated, and its new receipt says so; the other keeps its receipt.
    const again = await receiptOf(later);
    assert.notEqual(again, receipts[0]);
    assert.equal(await receiptOf(made), receipts[1]);
    assert.deepEqual(await findInFolder(folder, ['goes-later-8d2m', 'made-later-4h6w']), []);
    for (const receipt of [...receipts, again]) {
      const file = join(copies, 'receipt.jws');
      await writeFile(file, receipt);
      const verified = await rosterJson(folder, ['erasure', 'verify', file], settings);
      assert.equal(typeof verified.at('claims.replayed_at'), receipt === again ? 'string' : 'undefined');
    }
  });

  test('a server that finds an old database answers no request before it has repeated the erasures', async () => {
    await server.stop('SIGKILL');
    for (const ending of ['-wal', '-shm']) await rm(join(folder, `roster.db${ending}`), { force: true });
    await copyFile(backup, join(folder, 'roster.db'));
    // The replay passes over a line that a crash has cut short, and reads the lines after it.
    appendFileSync(join(folder, 'erasures.ledger'), '{"kind":"accepted","erasure":{"orgKey":1,"id":"era_');
    await startServer();
    const answers = await Promise.all(
      ['goes-later-8d2m', 'made-later-4h6w', 'stays-7f3k'].map((mark) =>
        ask('GET', `/users/${ids.get(mark)}`),
      ),
    );
    assert.deepEqual(
      answers.map(({ status }) => status),
      [404, 404, 200],
    );
    await add('after-the-tear-2b5n');
    const id = await erase('after-the-tear-2b5n');
    await receiptOf(id);
    await server.stop('SIGTERM');
    assert.equal((await restore(backup, '--yes')).exitCode, 0);
    await startServer();
    assert.ok(!(await isThere('after-the-tear-2b5n')));
    assert.equal(typeof (await receiptOf(id)), 'string');
  });
});

describe('what cannot be restored', () => {
  let sound: Buffer;
  before(async () => {
    await server.stop('SIGTERM');
    sound = await database();
  });
  after(startServer);

  async function checkRefused(file: string, reason: RegExp): Promise<void> {
    const { exitCode, lines } = await refused(folder, ['restore', file, '--yes'], settings);
    assert.equal(exitCode, 1, lines.join('\n'));
    assert.equal(lines.length, 1, lines.join('\n'));
    assert.match(lines[0] ?? '', reason);
    assert.ok(sound.equals(await database()), 'nothing was replaced');
    const left = (await readdir(folder)).filter((name) => name.includes('part'));
    assert.deepEqual(left, []);
  }

  test('is a missing file, a file that is no database, or a database of something else', async () => {
    await checkRefused(join(copies, 'nowhere.db'), /is not there$/);
    const file = join(copies, 'other.db');
    for (const content of ['', 'no database', 'SQLite format 3\0 and no more']) {
      await writeFile(file, content);
      await checkRefused(file, /other\.db is no database of Roster$/);
    }
    await checkRefused(copies, /^roster: failed: \S+ is a folder$/);
    await checkRefused('/dev/null', /^roster: failed: \/dev\/null is no file$/);
    await rm(file);
    const other = new Database(file);
    other.exec('create table notes (text text)');
    other.close();
    await checkRefused(file, /is no database of Roster$/);
  });

  test('is a damaged database, and one of a newer program', async () => {
    const file = join(copies, 'damaged.db');
    const bytes = await readFile(backup);
    const clear = /^roster: failed: damaged\.db is damaged: restore another backup$/;
    bytes.fill(0x5a, 4_096 * 6, 4_096 * 9);
    await writeFile(file, bytes);
    await checkRefused(file, clear);
    await writeFile(file, (await readFile(backup)).subarray(0, bytes.length - 4_096 * 3));
    await checkRefused(file, clear);
    await copyFile(backup, file);
    const newer = new Database(file);
    newer.exec(`insert into schema_migrations values (99, 'from the future', 1)`);
    newer.close();
    await checkRefused(file, /99/);
  });

  test('is the database itself', async () => {
    await checkRefused(join(folder, 'roster.db'), /is the database itself$/);
  });

  test('is any backup where the ledger cannot be read', async () => {
    const ledger = join(folder, 'erasures.ledger');
    const text = await readFile(ledger);
    await writeFile(ledger, Buffer.concat([Buffer.from('torn'), text.subarray(10)]));
    await checkRefused(backup, /does not begin as a ledger of erasures$/);
    await writeFile(ledger, text);
  });
});

test('a killed restore leaves the old directory or the new one, and can be repeated', async () => {
  await add('erased-9w4t');
  await server.stop('SIGTERM');
  const fresh = join(copies, 'fresh.db');
  assert.equal((await roster(folder, ['backup', fresh], settings)).exitCode, 0);
  await startServer();
  const id = await erase('erased-9w4t');
  await receiptOf(id);
  const draft = join(folder, 'roster.db.part');
  for (const isThereAt of [true, false]) {
    await server.stop('SIGTERM');
    const child = start(folder, ['restore', fresh, '--yes'], settings);
    child.stdout.resume();
    child.stderr.resume();
    const ended = once(child, 'close');
    let isOver = false;
    void ended.then(() => {
      isOver = true;
    });
    // One kill while the copy is made, and one right after it gets its name.
    while (!isOver && !existsSync(draft)) await sleep(0);
    while (!isThereAt && !isOver && existsSync(draft)) await sleep(0);
    child.kill('SIGKILL');
    await ended;
    await startServer();
    assert.ok(!existsSync(draft));
    assert.ok(!(await isThere('erased-9w4t')));
    await receiptOf(id);
    assert.deepEqual(await findInFolder(folder, ['erased-9w4t']), []);
    assert.ok(await isThere('stays-7f3k'));
  }
  await server.stop('SIGTERM');
  await copyFile(fresh, draft);
  assert.equal((await restore(fresh, '--yes')).exitCode, 0);
  assert.deepEqual(await findInFolder(folder, ['erased-9w4t']), []);
  await startServer();
  assert.ok(!(await isThere('erased-9w4t')));
});
