import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { describe, test } from 'node:test';
import { CommandError } from './command.ts';
import { askNewPassword } from './password-prompt.ts';

/** A terminal on which a person types the text; `shown` is all that appears on the screen. */
function terminal(typed: string, isTTY = true) {
  const stdin = Object.assign(new PassThrough(), { isTTY });
  const screen: string[] = [];
  const stderr = new PassThrough().on('data', (chunk) => screen.push(String(chunk)));
  stdin.write(typed);
  return { stdin, stderr, shown: () => screen.join('') };
}

describe('asking for a password', () => {
  test('it is accepted when typed twice, with spaces at its ends, and never shown', async () => {
    const at = terminal(' a quiet harbour \r a quiet harbour \r');
    assert.equal(await askNewPassword(at), ' a quiet harbour ');
    assert.equal(at.shown(), 'Password: \nRepeat the password: \n');
  });

  const refused: readonly (readonly [title: string, typed: string, message: RegExp])[] = [
    ['two that differ are refused', 'one-harbour\ranother-harbour\r', /differ/],
    ['control-C cancels', 'one-har\u0003', /cancelled/],
    ['control-D cancels', '\u0004', /cancelled/],
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

  test('without a terminal the error names the setting', async () => {
    await assert.rejects(askNewPassword(terminal('', false)), /ROSTER_ADMIN_PASSWORD/);
  });
});
