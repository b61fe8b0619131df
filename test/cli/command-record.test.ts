/**
 * In which organizations a command is recorded: where it shows or changes something, in all where it is about all of them, and
 * once where it finds nothing.
 */
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { makeFolder, refused, removeFolder, roster, rosterJson } from './program.ts';

let folder: string;
/** The ids of the organizations, the first one first. */
let first: string;
let second: string;
let third: string;
let appId: string;
let keyId: string;
/** A user of the second organization. */
let userId: string;

before(async () => {
  folder = await makeFolder();
  first = (await rosterJson(folder, ['init', '--name', 'First'])).text('organization.id');
  const made = await rosterJson(folder, ['org', 'create', '--name', 'Second']);
  second = made.text('organization.id');
  appId = made.text('app.appId');
  third = (await rosterJson(folder, ['org', 'create', '--name', 'Third'])).text('organization.id');
  await addUsers(first, ['both']);
  await addUsers(second, ['both', 'cy']);
  userId = Object((await rosterJson(folder, ['user', 'find', 'cy', '--org', second])).list('users')[0]).id;
  keyId = (await rosterJson(folder, ['key', 'create', '--org', second, '--role', 'reader'])).text('id');
});

after(() => removeFolder(folder));

async function addUsers(org: string, names: readonly string[]): Promise<void> {
  const file = join(folder, 'users.csv');
  await writeFile(file, `email\n${names.map((name) => `${name}@example.com\n`).join('')}`);
  await rosterJson(folder, ['import', file, '--org', org]);
}

/** The organizations, of the three, in which the command is recorded, each as often as it is. */
async function recordedIn(command: string): Promise<readonly string[]> {
  const found: string[] = [];
  for (const [name, org] of Object.entries({ first, second, third })) {
    const events = await rosterJson(folder, ['audit', 'list', '--org', org, '--action', 'command.run']);
    const own = events.list('events').filter((event) => Object(event).subject.id === command);
    found.push(...own.map(() => name));
  }
  return found;
}

test('a command about one user is recorded in the organization of that user', async () => {
  await rosterJson(folder, ['user', 'show', 'cy@example.com']);
  assert.deepEqual(await recordedIn('user show'), ['second']);
  await rosterJson(folder, ['user', 'sessions', userId]);
  assert.deepEqual(await recordedIn('user sessions'), ['second']);
  await rosterJson(folder, ['limits', 'show', '--account', 'cy@example.com']);
  assert.deepEqual(await recordedIn('limits show'), ['second']);
});

test('a name that two organizations know is recorded in both of them', async () => {
  const { lines } = await refused(folder, ['user', 'reset', 'both@example.com']);
  assert.match(lines.join(), /several organizations have such a user/);
  assert.deepEqual(await recordedIn('user reset'), ['first', 'second']);
});

test('a command that finds nothing is recorded once, in the first organization', async () => {
  const { lines } = await refused(folder, ['user', 'unlock', 'stranger@example.com', '--yes']);
  assert.deepEqual(lines, ['roster: there is no such user']);
  assert.deepEqual(await recordedIn('user unlock'), ['first']);
  assert.match((await refused(folder, ['overview'])).lines.join(), /add --org ID/);
  assert.deepEqual(await recordedIn('overview'), ['first']);
  await refused(folder, ['key', 'revoke', 'key_unknown']);
  assert.deepEqual(await recordedIn('key revoke'), ['first']);
});

test('a command about an app or a key is recorded in its organization', async () => {
  await rosterJson(folder, ['app', 'rename', appId, '--name', 'Other']);
  await rosterJson(folder, ['key', 'set', keyId, '--name', 'Other']);
  assert.deepEqual(await recordedIn('app rename'), ['second']);
  assert.deepEqual(await recordedIn('key set'), ['second']);
});

test('a list is recorded in the organizations that it shows', async () => {
  await rosterJson(folder, ['org', 'list', '--limit', '1', '--page', '3']);
  assert.deepEqual(await recordedIn('org list'), ['third']);
  await rosterJson(folder, ['app', 'list']);
  assert.deepEqual(await recordedIn('app list'), ['first', 'second', 'third']);
  await rosterJson(folder, ['org', 'create', '--name', 'Fourth']);
  assert.deepEqual(await recordedIn('org create'), ['second', 'third']);
});

test('a command about the whole directory is recorded in every organization', async () => {
  await rosterJson(folder, ['erasure', 'rotate-key']);
  assert.deepEqual(await recordedIn('erasure rotate-key'), ['first', 'second', 'third']);
});

test('the plan of erasures over all organizations finds each user, and is recorded with those it has found', async () => {
  const users = (await rosterJson(folder, ['user', 'find', '--org', second, 'both'])).list('users');
  const list = [Object(users[0]).id, userId, `usr_${'0'.repeat(32)}`];
  const file = join(folder, 'ids.txt');
  await writeFile(file, `${list.join('\n')}\n`);
  const { stdout, stderr } = await roster(folder, ['erasure', 'run', '--ids', file, '--yes', '--json']);
  assert.equal(stderr, 'roster: 1 id belongs to no user\n');
  assert.equal(JSON.parse(stdout).erased, 2);
  assert.deepEqual(await recordedIn('erasure run'), ['second']);
});
