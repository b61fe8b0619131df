import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { cpuTimeOf } from '../../../test/support/cpu-time.ts';
import { renderCommonPasswords } from '../../../tools/common-passwords.ts';
import { isCommonPassword } from './common-passwords.ts';

const refused: Readonly<Record<string, readonly string[]>> = {
  'listed words in any case': [
    'password',
    'PASSWORD',
    'PassWord1',
    'ILOVEYOU',
    'qwerty123',
    'football',
    'trustno1',
  ],
  'a word with digits, years and signs': [
    ...[
      'Password1!',
      'Summer2026!',
      'summer-2025',
      'Winter2024!!',
      'January2025',
      'Football#1',
      'letmein123!',
    ],
    ...['Welcome1!', 'iloveyou2', 'Monkey-2001', 'Dragon99!!', '1Dragon!', '!dragon!', '123password321'],
    ...[
      'Michael1985',
      'michael05121985',
      'Chelsea99',
      'starwars1977',
      'london2012',
      'hello123!',
      'Spring2026',
      'Verano2026!',
    ],
    ...['superman_1', 'master01', 'shadow12!', 'passwordabc', 'qwepassword', 'passwordx', 'changeme!!'],
  ],
  'a word with signs for letters': [
    ...['P@ssw0rd', 'p@$$w0rd', 'P@ssw0rd123', 'Pa$$w0rd!', 'Tru5tn01', 'Pr1nc3ss!', 'Sup3rm4n!', 'pa55word'],
    ...['p4ssw0rd_2026', 'Ch@ngeme!'],
  ],
  'a word with gaps, accents, backwards or twice': [
    ...[
      'pass word',
      'i love you',
      'p.a.s.s.w.o.r.d',
      'pass-word-1',
      'pässword1',
      'drowssap',
      'drowssap1',
      'Pass@word1',
    ],
    ...['passwordpassword', 'password-password', 'DragonDragon1', 'hellohello'],
  ],
  repeats: [
    ...['aaaaaaaa', 'aaaaaaaaaa', 'aaaaaaaaa1', 'abcabcabc', 'abcabcab', '12341234', 'abababab', '11112222'],
    ...['aabbccdd', '112233445566', 'xyzxyzxyz', 'aaaa aaaa', 'monkeymonkeymonkey'],
  ],
  sequences: [
    ...['abcdefgh', 'abcdefgh1', 'hgfedcba', '87654321', '09876543210', '13579246', 'abcd1234', 'a1b2c3d4'],
    ...['1a2b3c4d', '19850512', '12.05.1985'],
  ],
  'walks over a keyboard': [
    ...[
      'qwertyuiop',
      'Qwertyuiop1!',
      'poiuytrewq',
      'asdfghjkl',
      'zxcvbnm1',
      '1qaz2wsx',
      '!QAZ2wsx',
      'zaq12wsx',
    ],
    ...['1q2w3e4r5t', 'qwer1234', 'asdf1234!', '123qweasd', 'qweasdzxc', 'azertyuiop', 'qwertzuiop'],
  ],
};

const accepted = [
  // The documents' examples and those of our own texts.
  ...[
    'securepassword123',
    'securepassword124',
    'another-good-one-7',
    'a-different-one-9',
    'a-quiet-harbour-41',
  ],
  ...[
    'correct horse battery staple',
    'Correct-Horse-Battery-Staple',
    'correcthorsebatterystaple',
    'quietharbour',
  ],
  ...['blue lamp river stone', 'the cat sat on the mat', 'my dog ate 3 shoes', 'kitchen table 42 forks'],
  ...['mi perro come pan', 'zapato verde luna', 'Contraseña nueva', 'ordenador-azul-7', 'Ich mag Kartoffeln'],
  ...[
    'пароль от двери',
    '密码是什么我忘记了啊',
    'summer rain on tin roofs',
    'dragon-tea-lamp-49',
    'horsebattery',
  ],
  ...['nevergonnagiveyouup', 'password manager please', 'brave new world 1932', 'my voice is my passport'],
  ...[
    'hunter2dragon9lamp',
    'ocean8fork3window',
    'photosynthesis',
    'purple monkey dishwasher',
    'redwood window 12',
  ],
  ...['test-a-long-secret', 'lemonade stand', 'canary-password-5521', 'a row of words 31', 'Tr0ub4dor&3x9'],
  ...['gT7#kq2P', 'v9$Lm2!xQ', 'xK4mPq9Zt2', '3f9c1e07ab52', 'Zr7-Wq2-Lp9', 'hT5yGf3RvB', '8c1f0b7e92d44a6d'],
];

describe('a password is common', () => {
  for (const [what, passwords] of Object.entries(refused)) {
    test(`when it is one of: ${what}`, () => {
      for (const password of passwords) assert.equal(isCommonPassword(password), true, password);
    });
  }
});

describe('a password is not common', () => {
  test('when it is made of several words, or is random', () => {
    for (const password of accepted) assert.equal(isCommonPassword(password), false, password);
  });

  test('when it is a random text of twelve characters', () => {
    for (let round = 0; round < 3_000; round += 1) {
      const password = hash('sha256', `random ${round}`, 'base64url').slice(0, 12);
      assert.equal(isCommonPassword(password), false, password);
    }
  });
});

test('no text takes long to check', () => {
  const texts = [
    '1'.repeat(256),
    '1!2@3#4$5%'.repeat(5),
    'ab!'.repeat(85),
    '1357924680!!@@##4455667788aabb998877',
  ];
  const ms = cpuTimeOf(() => {
    for (let round = 0; round < 100; round += 1) for (const text of texts) isCommonPassword(text);
  });
  // A check takes less than 0.2 ms; the bound leaves room for a busy machine.
  assert.ok(ms < 400 * 2, `${ms} ms`);
});

test('the list in the repository equals that of the package: 49,233 passwords, also short ones', () => {
  const written = readFileSync(new URL('./common-passwords.txt', import.meta.url), 'utf8');
  assert.equal(written, renderCommonPasswords());
  assert.equal(written.trimEnd().split('\n').length, 49_233);
});
