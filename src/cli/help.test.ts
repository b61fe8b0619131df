import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { commands } from './catalogue.ts';
import { UsageError } from './command.ts';
import { helpFor } from './help.ts';

describe('the help', () => {
  test('of the program names every command', () => {
    const text = helpFor([], commands);
    for (const { name, summary } of commands) {
      assert.match(text, new RegExp(`^  ${name}.*  ${summary.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}$`, 'm'));
    }
  });

  test('of a group names its commands and no others', () => {
    const text = helpFor(['key'], commands);
    for (const way of ['create', 'list', 'rotate', 'revoke']) assert.match(text, new RegExp(`  key ${way} `));
    assert.doesNotMatch(text, /app create/);
  });

  for (const command of commands) {
    test(`of ${command.name} names its argument, its options and their choices`, () => {
      const text = helpFor(command.name.split(' '), commands);
      assert.match(text, new RegExp(`Usage: roster ${command.name}`));
      if (command.argument !== undefined)
        assert.match(text, new RegExp(`${command.name} \\[?${command.argument.name.replace('|', '\\|')}`));
      for (const [name, { meaning, choices = [] }] of Object.entries(command.options)) {
        assert.ok(text.includes(`--${name}`) && text.includes(meaning), name);
        for (const choice of choices) assert.ok(text.includes(choice), choice);
      }
      assert.ok(text.includes('--json') && text.includes('--data DIR'));
      assert.match(text, /--yes +Do not ask for confirmation(; a command that does not ask ignores it)?$/m);
      const asks = command.options['yes'] !== undefined;
      assert.equal(text.includes('does not ask ignores it'), !asks);
    });
  }

  test('of an unknown command is refused', () => {
    for (const words of [['fly'], ['key', 'fly']]) assert.throws(() => helpFor(words, commands), UsageError);
  });
});
