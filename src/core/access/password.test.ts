import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { characters } from '../../../test/support/arbitraries.ts';
import { isCommonInput, matchPassword, type PasswordHasher, readPassword } from './password.ts';

const isPassword1 = (value: unknown): boolean =>
  typeof value === 'string' && value.normalize('NFKC').toLowerCase() === 'password1';
const read = (value: unknown, email: string | null = null) => readPassword(value, email, isPassword1(value));

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
    ['too short in NFKC', 'a\u0301e\u0301i\u0301o\u0301', { fault: 'too_short', min: 8 }],
    ['too long in NFKC', '\ufdfa'.repeat(20), { fault: 'too_long', max: 256 }],
    ['among the commonest in full-width letters', 'ｐａｓｓｗｏｒｄ１', { fault: 'too_common' }],
    ['nothing but wide blanks', '\u3000'.repeat(10), { fault: 'blank' }],
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

  test('is read in NFKC, and counted in it', () => {
    assert.deepEqual(read('contrase\u006e\u0303a1'), { value: 'contraseña1' });
    assert.deepEqual(read('ｐａｓｓｐｈｒａｓｅ２'), { value: 'passphrase2' });
    assert.deepEqual(read('e\u0301'.repeat(256)), { value: '\u00e9'.repeat(256) });
    assert.deepEqual(read('\u1f82'.normalize('NFD').repeat(256)), { value: '\u1f82'.repeat(256) });
    fc.assert(
      fc.property(fc.string({ unit: characters, minLength: 8 }), (text) => {
        const once = read(text);
        if ('value' in once) assert.deepEqual(read(once.value), once);
      }),
    );
  });

  test('is not the email in any spelling', () => {
    assert.deepEqual(read('JANE@Example.com', 'jane@example.com'), { fault: 'same_as_email' });
    assert.deepEqual(read(' jane@example.com ', 'Jane@example.com'), { fault: 'same_as_email' });
    assert.deepEqual(read('jane@example.com', 'john@example.com'), { value: 'jane@example.com' });
  });
});

describe('a typed password', () => {
  const verified: string[] = [];
  const hasher: PasswordHasher = {
    hash: async (password) => `hash of ${password}`,
    verify: async (password, hash) => {
      verified.push(password);
      return hash === `hash of ${password}`;
    },
    isKnown: () => true,
    unitsOf: () => 1,
    isOutdated: () => false,
  };
  const turn = { arrival: { network: '', arrivedAt: 0 }, account: '' };
  const match = async (typed: string, hash: string | null) => {
    verified.length = 0;
    return { match: await matchPassword(hasher, typed, hash, { turn }), tries: verified.length };
  };

  test('is tried in NFKC, and as typed only where that differs', async () => {
    const [typed, normal] = ['pa\u0301ssphrase', 'p\u00e1ssphrase'];
    assert.deepEqual(await match(normal, `hash of ${normal}`), { match: 'right', tries: 1 });
    assert.deepEqual(await match(typed, `hash of ${normal}`), { match: 'right', tries: 1 });
    assert.deepEqual(await match(typed, `hash of ${typed}`), { match: 'earlierForm', tries: 2 });
    assert.deepEqual(await match(normal, `hash of ${typed}`), { match: 'wrong', tries: 1 });
  });

  test('costs the same for an account, and for none', async () => {
    for (const [text, tries] of [
      ['plain-ascii', 1],
      ['pa\u0301ssphrase', 2],
    ] as const) {
      for (const hash of [null, 'hash of another']) {
        assert.deepEqual(await match(text, hash), { match: 'wrong', tries });
      }
    }
  });

  test('that is megabytes long is not hashed whole', async () => {
    await match('x'.repeat(2_000_000), null);
    assert.ok(Math.max(...verified.map(({ length }) => length)) < 10_000);
  });
});

describe('the lists of common passwords', () => {
  test('are asked for the normal form of a text that could be a password, and for nothing else', async () => {
    const asked: string[] = [];
    const check = (value: unknown): Promise<boolean> =>
      isCommonInput(value, async (password) => asked.push(password) > 0);
    assert.equal(await check('ｐａｓｓｗｏｒｄ１'), true);
    for (const value of [undefined, null, 12345678, 'short', 'x'.repeat(2_000_000), '\ud800'.repeat(9)]) {
      assert.equal(await check(value), false);
    }
    assert.deepEqual(asked, ['password1']);
  });
});
