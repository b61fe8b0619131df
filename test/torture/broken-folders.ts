/**
 * Breaks data folders in random ways for `npm run torture`, and looks at what the real program makes of them. It runs on this
 * machine alone and stops by itself.
 *
 * - The folder loses its name under load, and the process is killed: every user whose creation was answered is there when the
 *   folder is back.
 * - A random page is overwritten while the server runs: each user is whole or damaged, never missing and never another one.
 * - A random part of the ledger is changed, and the process is killed at a random moment: the start is refused, and after
 *   `accept-ledger` an older backup brings back as many erased people as it said, at most, and erases no living one.
 * - Random files of a folder are removed: the directory is whole, or the start is refused. It is never an empty one.
 *
 *     npm run torture -- broken-folders          10 rounds of each
 *     npm run torture -- broken-folders 40 7     40 rounds, the random numbers from the seed 7
 *     npm run torture -- broken-folders 40 7 changeTheLedger     of this one alone
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { endStarted, readJson, roster, rosterJson, type Serving, serve } from '../cli/program.ts';

const rounds = Number(process.argv[2] ?? 10);
if (!Number.isSafeInteger(rounds) || rounds < 1) throw new Error('the number of rounds must be 1 or more');
let state = Number(process.argv[3] ?? Date.now() % 1_000_000);
const only = process.argv[4];
process.stdout.write(`seed ${state}\n`);

/** A whole number below `limit` (mulberry32). */
function below(limit: number): number {
  state = (state + 0x6d2b79f5) | 0;
  let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
  mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
  return ((mixed ^ (mixed >>> 14)) >>> 0) % limit;
}

const home = mkdtempSync(join(tmpdir(), 'roster-broken-'));
const made = join(home, 'made');
const backup = join(home, 'backup.db');
const quiet = { ROSTER_LOG_LEVEL: 'error' };
const people = 300;
const erasedCount = 12;

interface Asked {
  readonly status: number;
  readonly text: string;
}

/** Status 0 where there was no answer. */
async function ask(
  server: Serving,
  apiKey: string,
  method: string,
  path: string,
  body?: object,
): Promise<Asked> {
  try {
    const answer = await fetch(`${server.url}/sonar/v1${path}`, {
      method,
      headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { status: answer.status, text: await answer.text() };
  } catch {
    return { status: 0, text: '' };
  }
}

const add = async (server: Serving, apiKey: string, reference: string): Promise<string | null> => {
  const { status, text } = await ask(server, apiKey, 'POST', '/users', { reference_id: reference });
  return status === 201 ? readJson(text).text('data.id') : null;
};

function copyOf(name: string): string {
  const folder = join(home, name);
  rmSync(folder, { recursive: true, force: true });
  cpSync(made, folder, { recursive: true });
  return folder;
}

/** Makes the directory that each round breaks: its key, its users by id, and the ids of those that were erased. */
async function begin(): Promise<{ apiKey: string; living: Map<string, string>; erased: string[] }> {
  const server = await serve(made, quiet);
  const apiKey = server.output.text('apiKey');
  const living = new Map<string, string>();
  for (let at = 0; at < people; at += 1)
    living.set((await add(server, apiKey, `ref-${at}`)) ?? '', `ref-${at}`);
  assert.equal((await roster(made, ['backup', backup])).exitCode, 0);
  const erased = [...living.keys()].slice(0, erasedCount);
  for (const id of erased) {
    assert.equal((await ask(server, apiKey, 'DELETE', `/users/${id}`)).status, 204);
    living.delete(id);
  }
  // Without traces the database cannot write a line again.
  while ((await rosterJson(made, ['erasure', 'list', '--state', 'running'])).list().length > 0)
    await sleep(500);
  await server.stop('SIGTERM');
  return { apiKey, living, erased };
}

const { apiKey, living, erased } = await begin();

async function loseTheFolder(): Promise<string> {
  const folder = copyOf('lost');
  const server = await serve(folder, quiet);
  const answered: string[] = [];
  let isOver = false;
  const writers = Array.from({ length: 4 }, async (_, writer) => {
    for (let at = 0; !isOver; at += 1) {
      const id = await add(server, apiKey, `new-${writer}-${at}`);
      if (id !== null) answered.push(id);
    }
  });
  for (const enough = 1 + below(60); answered.length < enough; ) await sleep(1);
  renameSync(folder, `${folder}.away`);
  if (below(2) === 0) cpSync(made, folder, { recursive: true });
  await sleep(below(2_500));
  await server.stop('SIGKILL');
  isOver = true;
  await Promise.all(writers);
  rmSync(folder, { recursive: true, force: true });
  renameSync(`${folder}.away`, folder);
  const again = await serve(folder, quiet);
  for (const id of answered)
    assert.equal((await ask(again, apiKey, 'GET', `/users/${id}`)).status, 200, `${id} is gone`);
  await again.stop('SIGTERM');
  return `${answered.length} answered creations are all there`;
}

async function damagePages(): Promise<string> {
  const folder = copyOf('damaged');
  const server = await serve(folder, quiet);
  const file = join(folder, 'roster.db');
  const pages = readFileSync(join(made, 'roster.db')).length / 4096;
  const page = 1 + below(pages - 1);
  const source = below(2) === 0 ? '/dev/zero' : '/dev/urandom';
  execFileSync('dd', [`if=${source}`, `of=${file}`, 'bs=4096', `seek=${page}`, 'count=1', 'conv=notrunc'], {
    stdio: 'ignore',
  });
  const seen = new Map<number, number>();
  for (const [id, reference] of living) {
    const { status, text } = await ask(server, apiKey, 'GET', `/users/${id}`);
    seen.set(status, (seen.get(status) ?? 0) + 1);
    if (status === 200) assert.equal(readJson(text).at('data.reference_id'), reference);
    else assert.equal(status, 500, `page ${page + 1} from ${source}: ${status} ${text}`);
  }
  assert.equal((await fetch(`${server.url}/readyz`)).status, 200);
  await server.stop('SIGTERM');
  const { exitCode } = await roster(folder, ['check']);
  assert.ok(exitCode === 1 || !seen.has(500), `page ${page + 1}: check passes`);
  return `page ${page + 1} from ${source}: ${[...seen].map(([status, count]) => `${count} × ${status}`).join(', ')}; check ends with ${exitCode}`;
}

/** The name of the change, and the ledger after it. */
function changeLedger(text: string): readonly [string, string] {
  const lines = text.trimEnd().split('\n');
  const at = below(lines.length);
  const line = lines[at] ?? '';
  const byte = below(line.length);
  const other = line[byte] === 'x' ? 'y' : 'x';
  switch (below(6)) {
    case 0:
      return [`cut at line ${at + 1}`, `${lines.slice(0, at).join('\n')}\n`];
    case 1:
      return [`without line ${at + 1}`, `${lines.toSpliced(at, 1).join('\n')}\n`];
    case 2:
      return [
        `another line in place of line ${at + 1}`,
        `${lines.with(at, lines.at(-1 - at) ?? '').join('\n')}\n`,
      ];
    case 3:
      return [`line ${at + 1} again at the end`, `${text}${line}\n`];
    default:
      return [
        `byte ${byte} of line ${at + 1}`,
        `${lines.with(at, `${line.slice(0, byte)}${other}${line.slice(byte + 1)}`).join('\n')}\n`,
      ];
  }
}

async function changeTheLedger(): Promise<string> {
  const folder = copyOf('changed');
  const path = join(folder, 'erasures.ledger');
  const server = await serve(folder, quiet);
  const more = [...living.keys()].slice(0, 5);
  const accepted = more.map(async (id) =>
    (await ask(server, apiKey, 'DELETE', `/users/${id}`)).status === 204 ? [id] : [],
  );
  await sleep(below(400));
  await server.stop('SIGKILL');
  const gone = [...erased, ...(await Promise.all(accepted)).flat()];
  const right = readFileSync(path, 'utf8');
  const [how, changed] = changeLedger(
    right.endsWith('\n') ? right : right.slice(0, right.lastIndexOf('\n') + 1),
  );
  writeFileSync(path, changed);
  const started = await roster(folder, ['check']);
  if (started.exitCode === 0) {
    // What was cut off at the end was not known to the database, and is written again where it is still needed.
    assert.ok(right.startsWith(changed), `a changed ledger was taken:\n${changed}`);
    return `${how}: the end was cut off before the database knew it`;
  }
  assert.match(started.stderr, /erasures\.ledger/);
  const told = await roster(folder, ['erasure', 'accept-ledger', '--yes', '--json']);
  assert.equal(told.exitCode, 0, told.stderr);
  const { lost, dropped } = JSON.parse(told.stdout);
  // The pass that a kill has interrupted writes the lines of erasures that still run.
  const between = await serve(folder, quiet);
  await sleep(2_500);
  await between.stop('SIGTERM');
  const restored = await roster(folder, ['restore', backup, '--yes']);
  assert.equal(restored.exitCode, 0, restored.stderr);
  const again = await serve(folder, quiet);
  let back = 0;
  for (const id of gone) if ((await ask(again, apiKey, 'GET', `/users/${id}`)).status === 200) back += 1;
  for (const id of living.keys()) {
    if (!more.includes(id))
      assert.equal((await ask(again, apiKey, 'GET', `/users/${id}`)).status, 200, `${id} was erased`);
  }
  await again.stop('SIGTERM');
  assert.ok(back <= lost, `${how}: ${back} came back, and ${lost} were called lost`);
  return `${how}: ${dropped} lines dropped, ${lost} of ${gone.length} erasures lost, ${back} came back`;
}

async function removeFiles(): Promise<string> {
  const folder = copyOf('removed');
  const names = readdirSync(folder);
  const removed = names.filter(() => below(3) === 0);
  for (const name of removed) {
    if (below(3) === 0) writeFileSync(join(folder, name), '');
    else rmSync(join(folder, name), { recursive: true });
  }
  const started = await roster(folder, ['key', 'list', '--json']);
  const what = removed.join(', ') || 'nothing';
  if (started.exitCode !== 0) return `without ${what}: ${started.stderr.trim().slice(0, 140)}`;
  assert.equal(readJson(started.stdout).list().length, 1);
  const server = await serve(folder, quiet);
  for (const id of [...living.keys()].slice(0, 3)) {
    assert.equal((await ask(server, apiKey, 'GET', `/users/${id}`)).status, 200, `without ${what}`);
  }
  await server.stop('SIGTERM');
  return `without ${what}: whole`;
}

try {
  for (let round = 1; round <= rounds; round += 1) {
    for (const breakIt of [loseTheFolder, damagePages, changeTheLedger, removeFiles]) {
      if (only !== undefined && breakIt.name !== only) continue;
      process.stdout.write(`${round} ${breakIt.name}: ${await breakIt()}\n`);
    }
  }
} finally {
  endStarted();
  rmSync(home, { recursive: true, force: true });
}
