import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { readPassword } from './password.ts';

const read = (value: unknown, email: string | null = null) =>
  readPassword(value, email, (password) => password.toLowerCase() === 'password1');

describe('a new password', () => {
  test('is accepted unchanged, with blanks at its ends', () => {
    assert.deepEqual(read('securepassword123'), { value: 'securepassword123' });
    assert.deepEqual(read('  two blanks  '), { value: '  two blanks  ' });
  });

  const faults: readonly (readonly [what: string, value: unknown, fault: object])[] = [
    ['missing', undefined, { fault: 'blank' }],
    ['null', null, { fault: 'blank' }],
    ['empty', '', { fault: 'blank' }],
    ['nothing but blanks', '          ', { fault: 'blank' }],
    ['a number', 1234567890, { fault: 'invalid' }],
    ['a list', ['securepassword123'], { fault: 'invalid' }],
    ['a text with NUL', 'secure\0password', { fault: 'invalid' }],
    ['a text with a lone surrogate', 'secure\ud800password', { fault: 'invalid' }],
    ['7 characters long', 'a7b9c2d', { fault: 'too_short', min: 8 }],
    ['7 characters long in 14 code units', '🔑'.repeat(7), { fault: 'too_short', min: 8 }],
    ['257 characters long', 'x'.repeat(257), { fault: 'too_long', max: 256 }],
    ['megabytes long', 'x'.repeat(2_000_000), { fault: 'too_long', max: 256 }],
    ['among the commonest', 'PassWord1', { fault: 'too_common' }],
  ];
  for (const [what, value, fault] of faults) {
    test(`is refused when it is ${what}`, () => assert.deepEqual(read(value), fault));
  }

  test('may have 8 and 256 characters, counted as characters', () => {
    for (const value of ['a7b9c2d4', '🔑'.repeat(8), 'x'.repeat(256), '🔑'.repeat(256)]) {
      assert.deepEqual(read(value), { value });
    }
  });

  test('is not the email in any spelling', () => {
    assert.deepEqual(read('JANE@Example.com', 'jane@example.com'), { fault: 'same_as_email' });
    assert.deepEqual(read(' jane@example.com ', 'Jane@example.com'), { fault: 'same_as_email' });
    assert.deepEqual(read('jane@example.com', 'john@example.com'), { value: 'jane@example.com' });
  });
});
