import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { renderCommonPasswords } from '../../tools/common-passwords.ts';
import { isCommonPassword } from './common-passwords.ts';

test('the most guessed passwords are common', () => {
  for (const password of [
    'password',
    '12345678',
    'password1',
    'iloveyou',
    'qwerty123',
    'football',
    'trustno1',
  ]) {
    assert.equal(isCommonPassword(password), true, password);
  }
});

test('case does not make a password less common', () => {
  assert.equal(isCommonPassword('PassWord1'), true);
  assert.equal(isCommonPassword('ILOVEYOU'), true);
});

test('the passwords of the documented examples, and none at all, are not common', () => {
  for (const password of ['securepassword123', 'correct horse battery staple', '']) {
    assert.equal(isCommonPassword(password), false, password);
  }
});

test('the list in the repository equals that of the package: 10,000 passwords of eight characters or more', () => {
  const written = readFileSync(new URL('./common-passwords.txt', import.meta.url), 'utf8');
  assert.equal(written, renderCommonPasswords());
  const passwords = written.trimEnd().split('\n');
  assert.equal(passwords.length, 10_000);
  assert.ok(passwords.every((password) => password.length >= 8 && password.length <= 256));
});
