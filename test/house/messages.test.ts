/** Every message is queued by one step, which counts it in the budgets first. No other code can write one. */
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { messageTemplates } from '../../src/core/messaging/message.ts';
import { templateRules } from '../../src/core/messaging/message-budget.ts';

const root = join(import.meta.dirname, '..', '..');
const step = 'src/core/messaging/queue-message.ts';

const files = globSync('src/**/*.ts', { cwd: root })
  .filter((path) => !path.endsWith('.test.ts'))
  .map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }));

const filesWith = (pattern: RegExp): readonly string[] =>
  files.filter(({ text }) => pattern.test(text)).map(({ path }) => path);

test('only one step queues a message, and only its store writes the table', () => {
  assert.deepEqual(filesWith(/\bmessages\s*\??\.\s*insert\(/), [step]);
  assert.deepEqual(filesWith(/insert(?:Into\('messages'\)| into messages\b)/i), [
    'src/store/records/message-store.ts',
    // Messages of demo people were sent before they were written, so no job sends them.
    'src/store/records/people/demo-people-store.ts',
  ]);
});

test('that step counts each message before it queues it', () => {
  const { text = '' } = files.find(({ path }) => path === step) ?? {};
  const counted = text.search(/await (?:Promise\.all\(\[\s*)?countMessage\(core, tx, user, message\)/);
  assert.ok(counted > 0);
  assert.ok(text.indexOf('return spent;') > counted);
  assert.ok(text.indexOf('tx.messages.insert(') > text.indexOf('return spent;'));
  assert.equal(text.split('tx.messages.insert(').length, 2);
});

test('every template has a rule', () => {
  assert.deepEqual(Object.keys(templateRules).sort(), [...messageTemplates].sort());
});
