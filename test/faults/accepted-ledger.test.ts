/**
 * The way out of a ledger that is lost or was changed: `roster erasure accept-ledger` keeps every line that Roster wrote or that
 * the database vouches for, says what is lost, and notes it in the audit log. After it an older backup brings no one back
 * whose line was kept.
 */
import assert from 'node:assert/strict';
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import Database from 'better-sqlite3';
import { type AcceptPlan, acceptLedger } from '../../src/app/accept-ledger.ts';
import { restoreDirectory } from '../../src/app/backup.ts';
import { type DirectoryOptions, openDirectory } from '../../src/app/open-directory.ts';
import { readConfig } from '../../src/config/config.ts';
import { createOrganization } from '../../src/core/directory/organization-lifecycle.ts';
import { deleteUser, newUserOf } from '../../src/core/directory/user-lifecycle.ts';
import { completeErasures } from '../../src/core/erasure/complete-erasures.ts';
import type { OrgKey, UserId } from '../../src/core/ids.ts';
import { backUp } from '../../src/store/copies/backup.ts';
import { roster } from '../cli/program.ts';
import { createDatabase, type OwnDatabase } from '../support/postgres/postgres.ts';

const secret = 'a-secret-for-ledgers-that-are-accepted';
const erasures = 6;

let home: string;
const databases: OwnDatabase[] = [];
before(async () => {
  home = await mkdtemp(join(tmpdir(), 'roster-accept-'));
});
after(async () => {
  for (const database of databases) await database.drop();
  await rm(home, { recursive: true });
});

interface Made {
  readonly options: DirectoryOptions;
  readonly path: string;
  readonly orgKey: OrgKey;
  readonly erased: readonly UserId[];
  readonly living: UserId;
  /** A backup from before the erasures; null on PostgreSQL. */
  readonly backup: string | null;
}

function optionsOf(folder: string, env: Readonly<Record<string, string>> = {}): DirectoryOptions {
  return readConfig({ ROSTER_DATA_DIR: folder, ROSTER_SECRET: secret, ROSTER_LOG_LEVEL: 'silent', ...env });
}

/** A directory with some erasures that are complete, and a user who lives. */
async function make(databaseUrl?: string): Promise<Made> {
  const folder = await mkdtemp(join(home, 'made-'));
  const options = optionsOf(folder, databaseUrl === undefined ? {} : { DATABASE_URL: databaseUrl });
  const { core, close } = await openDirectory(options);
  const { organization, app } = await createOrganization(core, 'test', 'Default');
  const { key: orgKey } = organization;
  const ids: UserId[] = [];
  for (let made = 0; made <= erasures; made += 1) {
    const traits = newUserOf(app.id, Date.now());
    ids.push((await core.work.change(orgKey, (tx) => tx.users.insert(traits))).id);
  }
  const backup = databaseUrl === undefined ? `${folder}.db` : null;
  if (backup !== null) backUp(folder, backup);
  const [living, ...erased] = ids;
  assert.ok(living);
  for (const id of erased) {
    await deleteUser(core, { kind: 'operator', door: 'test', orgKey }, { ref: { id } });
  }
  await completeErasures(core);
  await close();
  return { options, path: join(folder, 'erasures.ledger'), orgKey, erased, living, backup };
}

/** A copy of the folder, for one change of its ledger. */
async function copyOf(made: Made): Promise<Made> {
  const folder = await mkdtemp(join(home, 'copy-'));
  await cp(made.options.config.dataDir, folder, { recursive: true });
  return { ...made, options: optionsOf(folder), path: join(folder, 'erasures.ledger') };
}

async function accept({ options }: Made): Promise<AcceptPlan> {
  const done = await acceptLedger(options, async () => true);
  assert.ok(typeof done === 'object', String(done));
  return done;
}

async function isRefused({ options }: Made): Promise<void> {
  await assert.rejects(openDirectory(options), (error: Error) => error.name === 'LedgerError');
}

/** Opens the directory; the ids that are there. */
async function peopleIn({ options, orgKey, erased, living }: Made): Promise<readonly UserId[]> {
  const { core, close } = await openDirectory(options);
  const there: UserId[] = [];
  for (const id of [living, ...erased]) {
    if ((await core.work.read(orgKey, (tx) => tx.users.find({ id }))) !== null) there.push(id);
  }
  await close();
  return there;
}

type Change = (lines: readonly string[]) => readonly string[] | null;

/** What is done to the ledger, how many lines are dropped, and how many erasures are lost. */
const changes: readonly (readonly [string, Change, { readonly dropped: number; readonly lost: number }])[] = [
  ['removed', () => null, { dropped: 0, lost: erasures }],
  ['emptied', () => [], { dropped: 0, lost: erasures }],
  ['cut to three acceptances', (lines) => lines.slice(0, 4), { dropped: 0, lost: erasures - 3 }],
  ['without its name', (lines) => lines.slice(1), { dropped: 0, lost: 0 }],
  [
    'with another kind of a line',
    (lines) => lines.with(2, (lines[2] ?? '').replace('accepted', 'xccepted')),
    { dropped: 1, lost: 1 },
  ],
  [
    'with one changed digit of the id of an erasure',
    (lines) => lines.with(2, (lines[2] ?? '').replace(/"id":"era_./, '"id":"era_x')),
    { dropped: 1, lost: 1 },
  ],
  [
    'with one changed letter of a code, which the database mends',
    (lines) => lines.with(2, (lines[2] ?? '').replace(/"mac":"./, '"mac":"_')),
    { dropped: 0, lost: 0 },
  ],
  ['with each line ended by CRLF', (lines) => lines.map((line) => `${line}\r`), { dropped: 0, lost: 0 }],
  ['in reverse', (lines) => [lines[0] ?? '', ...lines.slice(1).reverse()], { dropped: 0, lost: 0 }],
  ['with one line twice', (lines) => lines.toSpliced(3, 0, lines[2] ?? ''), { dropped: 0, lost: 0 }],
  ['with a line of no ledger', (lines) => [...lines, 'no line'], { dropped: 1, lost: 0 }],
];

describe('a ledger that is accepted, on SQLite', () => {
  let made: Made;
  before(async () => {
    made = await make();
  });

  for (const [name, change, { dropped, lost }] of changes) {
    test(`${name}: it keeps what it can, says what is lost, and a backup brings back no one else`, async () => {
      const copy = await copyOf(made);
      const lines = change((await readFile(copy.path, 'utf8')).trimEnd().split('\n'));
      if (lines === null) await rm(copy.path);
      else await writeFile(copy.path, lines.map((line) => `${line}\n`).join(''));
      await isRefused(copy);
      const plan = await accept(copy);
      assert.deepEqual([plan.dropped, plan.lost, plan.erasures], [dropped, lost, erasures]);
      assert.equal(plan.lostUntil === null, lost === 0);
      assert.deepEqual(await peopleIn(copy), [made.living]);
      assert.equal(await acceptLedger(copy.options, async () => true), 'sound');
      await restoreDirectory(copy.options, made.backup ?? '', async () => true);
      const back = await peopleIn(copy);
      assert.equal(back.length, 1 + lost);
      assert.ok(back.includes(made.living));
    });
  }

  test('erases no living user for a line that another program has added', async () => {
    const copy = await copyOf(made);
    const text = await readFile(copy.path, 'utf8');
    const [, first = ''] = text.split('\n');
    const forged = [
      first.replace(/"userId":"\w+"/, `"userId":"${made.living}"`),
      first
        .replace(/"userId":"\w+"/, `"userId":"${made.living}"`)
        .replace(/era_\w+/, `era_${'e'.repeat(32)}`),
    ];
    await writeFile(copy.path, `${text}${forged.join('\n')}\n`);
    assert.equal((await accept(copy)).dropped, 2);
    await restoreDirectory(copy.options, made.backup ?? '', async () => true);
    assert.deepEqual(await peopleIn(copy), [made.living]);
  });

  test('under a lost secret: the database vouches for each line', async () => {
    const copy = await copyOf(made);
    const other = {
      ...copy,
      options: optionsOf(copy.options.config.dataDir, { ROSTER_SECRET: `other-${secret}` }),
    };
    await isRefused(other);
    const plan = await accept(other);
    assert.deepEqual([plan.dropped, plan.lost, plan.unknownKeys.length], [0, 0, 1]);
    await restoreDirectory(other.options, made.backup ?? '', async () => true);
    assert.deepEqual(await peopleIn(other), [made.living]);
  });

  test('beside a database that is older than it: what it knows more is repeated at the next start', async () => {
    const copy = await copyOf(made);
    await rm(join(copy.options.config.dataDir, 'roster.db'));
    await cp(made.backup ?? '', join(copy.options.config.dataDir, 'roster.db'));
    const lines = (await readFile(copy.path, 'utf8')).trimEnd().split('\n');
    await writeFile(copy.path, `${lines.with(2, 'no line').join('\n')}\n`);
    await isRefused(copy);
    const plan = await accept(copy);
    assert.deepEqual([plan.dropped, plan.erasures], [2, 0], 'the damaged line, and the one behind it');
    assert.equal((await peopleIn(copy)).length, 1 + 2);
  });

  test('on the command line asks, says it, keeps the former file and is noted in the audit log', async () => {
    const copy = await copyOf(made);
    const folder = copy.options.config.dataDir;
    const lines = (await readFile(copy.path, 'utf8')).trimEnd().split('\n');
    const settings = { ROSTER_SECRET: secret };
    const sound = await roster(folder, ['erasure', 'accept-ledger', '--yes'], settings);
    assert.deepEqual(
      [sound.exitCode, sound.stderr],
      [1, 'roster: the ledger of erasures is sound: nothing was changed\n'],
    );
    await writeFile(copy.path, `${lines.slice(0, 4).join('\n')}\n`);
    const unasked = await roster(folder, ['erasure', 'accept-ledger'], settings);
    assert.equal(unasked.exitCode, 1);
    assert.match(
      unasked.stderr,
      /is shorter than the database knows.* 3 of 6 erasures of the database are in no ledger any more/,
    );
    assert.equal(
      (await readdir(folder)).some((name) => name.includes('former')),
      false,
    );
    const accepted = await roster(folder, ['erasure', 'accept-ledger', '--yes'], settings);
    assert.equal(accepted.exitCode, 0, accepted.stderr);
    assert.match(accepted.stdout, /3 of 6 erasures of the database are in no ledger any more:/);
    assert.match(accepted.stdout, /a backup from before \d{4}-\S+Z brings these people back/);
    const former = (await readdir(folder)).filter((name) => name.startsWith('erasures.ledger.former-'));
    assert.equal(former.length, 1);
    const rows = new Database(join(folder, 'roster.db'), { readonly: true });
    const [noted] = rows
      .prepare<[], { count: number }>(
        `select count(*) as count from audit_events where subject_id = 'erasure accept-ledger'`,
      )
      .all();
    rows.close();
    assert.equal(noted?.count, 1);
  });
});

describe('a ledger that is accepted, on PostgreSQL', () => {
  test('keeps what it can, and leaves the ledgers of other folders alone', async () => {
    const database = await createDatabase();
    databases.push(database);
    const made = await make(database.url);
    const other = optionsOf(await mkdtemp(join(home, 'other-')), { DATABASE_URL: database.url });
    const begun = await openDirectory(other);
    assert.equal(begun.replayed.isOtherLedger, true, 'each folder has a ledger of its own');
    await begun.close();
    const lines = (await readFile(made.path, 'utf8')).trimEnd().split('\n');
    await writeFile(made.path, `${lines.slice(0, 4).join('\n')}\n`);
    await isRefused(made);
    const plan = await accept(made);
    assert.deepEqual([plan.dropped, plan.lost, plan.erasures], [0, erasures - 3, erasures]);
    assert.deepEqual(await peopleIn(made), [made.living]);
    const again = await openDirectory(other);
    assert.equal(again.replayed.isOtherLedger, false);
    await again.close();
  });
});
