/** `roster demo` beside a running server: it adds and erases, asks before it erases, and leaves a production directory alone. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { UsageError } from '../../src/cli/command.ts';
import { demo } from '../../src/cli/commands/people/demo.ts';
import { setUpRoster } from '../support/server/set-up.ts';
import { refused, rosterJson } from './program.ts';

const roster = setUpRoster();

const production = {
  NODE_ENV: 'production',
  ROSTER_SMS: 'outbox',
  ROSTER_EMAIL: 'outbox',
  ROSTER_PUBLIC_URL: 'https://roster.example.com',
};

test('demo users come and go with a command, and exactly they are erased', async () => {
  const { folder } = roster;
  await roster.addAdmin();
  const users = async () => await roster.rows.count('users');
  const before = await users();
  const added = await rosterJson(folder, ['demo', '--users', '120']);
  assert.equal(added.at('added'), 120);
  assert.equal(await users(), before + 120);
  const question = await refused(folder, ['demo', '--remove']);
  assert.match(question.lines.join(), /120 demo users of Default will be erased.*add --yes to confirm/);
  const settings = { ...production, ROSTER_SECRET: readFileSync(join(folder, 'secret'), 'utf8').trim() };
  const inProduction = await refused(folder, ['demo', '--users', '1', '--yes'], settings);
  assert.match(inProduction.lines.join(), /in production only an organization without other users/);
  const removed = await rosterJson(folder, ['demo', '--remove', '--yes']);
  assert.equal(removed.at('erased'), 120);
  assert.equal(await users(), before);
});

test('a call that adds and removes, or does neither, is refused', async () => {
  for (const options of [{}, { users: '5', remove: '' }]) {
    const given: Readonly<Record<string, string>> = options;
    const invocation = {
      command: 'demo',
      argument: '',
      find: (option: string) => given[option],
      get: (option: string) => given[option] ?? '',
      env: { ROSTER_DATA_DIR: roster.folder },
    };
    await assert.rejects(async () => demo(invocation), UsageError);
  }
});
