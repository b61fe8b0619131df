import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { describe, test } from 'node:test';
import { CommandError } from './command.ts';
import { askNewPassword } from './password-prompt.ts';

/** A terminal on which somebody types that text; `shown` is all that comes to the screen. */
function terminal(typed: string, isTTY = true) {
  const stdin = Object.assign(new PassThrough(), { isTTY });
  const screen: string[] = [];
  const stderr = new PassThrough().on('data', (chunk) => screen.push(String(chunk)));
  stdin.write(typed);
  return { stdin, stderr, shown: () => screen.join('') };
}

describe('asking for a password', () => {
  test('it is taken when typed twice, blanks at its ends included, and never shown', async () => {
    const at = terminal(' a quiet harbour \r a quiet harbour \r');
    assert.equal(await askNewPassword(at), ' a quiet harbour ');
    assert.equal(at.shown(), 'Password: \nThe same again: \n');
  });

  const refused: readonly (readonly [title: string, typed: string, message: RegExp])[] = [
    ['two that differ are refused', 'one-harbour\ranother-harbour\r', /differ/],
    ['control-C gives up', 'one-har\u0003', /cancelled/],
    ['control-D gives up', '\u0004', /cancelled/],
  ];
  for (const [title, typed, message] of refused) {
    test(title, async () => {
      const at = terminal(typed);
      await assert.rejects(askNewPassword(at), (error) => {
        return error instanceof CommandError && message.test(error.message);
      });
      assert.doesNotMatch(at.shown(), /harbour/);
    });
  }

  test('without a terminal the setting is named in its place', async () => {
    await assert.rejects(askNewPassword(terminal('', false)), /ROSTER_ADMIN_PASSWORD/);
  });
});
