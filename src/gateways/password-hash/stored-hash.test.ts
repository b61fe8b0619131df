/**
 * Hashes in general formats, compared with published hashes of other implementations, and the bounds of every kind. The
 * formats of single sources are in `imported-hash.test.ts`.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { createPasswordHasher } from '../password-hasher.ts';
import { readHash } from './hash-kinds.ts';

const hasher = createPasswordHasher({ queueMax: 256 });

const signerKey = 'jxspr8Ki0RYycVU8zykbdLGjFQ3McFUH0uiiTvC8pVMXAn210wjLNmdZJzxUECKbm0QsEmYUSDzZvpjeJ9WmXA==';
const firebaseHash =
  'lSrfV15cpx95/sZS2W9c9Kp6i/LVgQNDNC/qzrCnh1SAyZvqmZqAjTdn3aoItz+VHjoZilo78198JAdRuid5lQ==';
const firebase = `$fbscrypt$v=1,n=14,r=8,p=1,ss=Bw==,sk=${signerKey}$42xEC+ixf3L2lw==$${firebaseHash}`;
const bcryptOfPhp = '$2y$10$.vGA1O9wmRjrwAVXD98HNOgsNpDczlqm3Jq7KnEd1rVAGv3Fykk1a';
const bcryptOfJava = '$2a$06$If6bvum7DFjUnE9p2uDeDu0YHzrHM6tf.iqN8.yx.jNN1ILEf7h0i';
const passlibScrypt =
  '$scrypt$ln=16,r=8,p=1$aM15713r3Xsvxbi31lqr1Q$nFNh2CVHVjNldFVKDHDlm4CbdRSCdEBsjjJxD+iCs5E';
const passlibSha256 =
  '$pbkdf2-sha256$1212$4vjV83LKPjQzk31VI4E0Vw$hsYF68OiOUPdDZ1Fg.fJPeq1h/gXXY7acBp9/6c.tmQ';

const sixDefault =
  '$6$28ERc.1D9KNTFR1Z$/pobhbGWA81IUGP3J8b8ivRmC89bH9T55w9P1hL1Esjk7zvU47sFH695CLjpsrErjDcPhmwqbheXhR9pb8i5h/';

/** The same text with the padding of base64 after a salt of 16 bytes and a hash of 32. */
function padded(hash: string): string {
  return `${hash.replace(/\$(?=[^$]+$)/, '==$')}=`;
}

/** Name, source, password and text. */
const published: readonly (readonly [name: string, password: string, hash: string])[] = [
  [
    'argon2i, of the reference implementation',
    'password',
    '$argon2i$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$wWKIMhR9lyDFvRz9YTZweHKfbftvj+qf+YFY4NeBbtA',
  ],
  [
    'argon2id, of the reference implementation',
    'password',
    '$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc',
  ],
  [
    'argon2d, of the tests of its Java binding',
    'password',
    '$argon2d$v=19$m=1024,t=2,p=1$dGhpc2lzdGhlc2FsdA$rkBsbLVYkXDowmxcwZ9qjpLuAbNjIPBXxmD27YvzHzw',
  ],
  ['bcrypt $2a$, of jBCrypt', 'abc', bcryptOfJava],
  ['bcrypt $2b$, the same under its present name', 'abc', bcryptOfJava.replace('$2a$', '$2b$')],
  ['bcrypt $2y$, of the PHP manual', 'rasmuslerdorf', bcryptOfPhp],
  ['scrypt, of passlib', 'password', passlibScrypt],
  [
    'scrypt, of RFC 7914',
    'password',
    '$scrypt$ln=10,r=8,p=16$TmFDbA$/bq+HJ00cgB4VucZDQHp/nxq18vII3gw53N2Y0s3MWIurzDZLiKjiG/xCSedmDDaxyevuUqD7m2DYMvfoswGQA',
  ],
  ['PBKDF2 with SHA-256, of passlib', 'password', passlibSha256],
  [
    'PBKDF2 with SHA-256, as a PHC string',
    'password',
    passlibSha256.replace('$1212$', '$i=1212,l=32$').replaceAll('.', '+'),
  ],
  ['scrypt with padding', 'password', padded(passlibScrypt)],
  ['PBKDF2 with padding', 'password', padded(passlibSha256)],
  [
    'PBKDF2 with SHA-512, of passlib',
    'password',
    '$pbkdf2-sha512$1212$RHY0Fr3IDMSVO/RSZyb5ow$eNLfBK.eVozomMr.1gYa17k9B7KIK25NOEshvhrSX.esqY3s.FvWZViXz4KoLlQI.BzY/YTNJOiKc5gBYFYGww',
  ],
  [
    'PBKDF2, as Django writes it',
    'foo31415',
    'pbkdf2_sha256$36000$eFRRZq4DgktS$FU2u+pHktmted5r7XkYuH8+7nSg1SBAeIGwkAySarjk=',
  ],
  ["Firebase's scrypt, of its own documentation", 'user1password', firebase],
  [
    "Firebase's scrypt, of another server's tests",
    'mytestpassword',
    '$fbscrypt$v=1,n=14,r=8,p=1,ss=Bw==,sk=ou9tdYTGyYm8kuR6Dt0Bp0kDuAYoXrK16mbZO4yGwAn3oLspjnN0/c41v8xZnO1n14J3MjKj1b2g6AUCAlFwMw==$C0sHCg9ek77hsg==$zKVTMvnWVw5BBOZNUdnsalx4c4c7y/w7IS5p6Ut2+CfEFFlz37J9huyQfov4iizN8dbjvEJlM5tQaJP84+hfTw==',
  ],
];

describe('an imported hash verifies its password and no other', () => {
  for (const [name, password, hash] of published) {
    test(name, async () => {
      assert.equal(hasher.isKnown(hash), true);
      assert.equal(await hasher.verify(password, hash), true);
      assert.equal(await hasher.verify(`${password}!`, hash), false);
      assert.equal(await hasher.verify('', hash), false);
    });
  }
});

test('a hash of another kind, or of other parameters than today, is outdated; our own is not', async () => {
  for (const [name, , hash] of published) assert.equal(hasher.isOutdated(hash), true, name);
  assert.equal(hasher.isOutdated(await hasher.hash('a-quiet-harbour-41')), false);
});

/** The cost of verifying them exceeds the bounds. */
const costly = [
  bcryptOfPhp.replace('$10$', '$16$'),
  bcryptOfPhp.replace('$10$', '$31$'),
  passlibScrypt.replace('ln=16', 'ln=19'),
  passlibScrypt.replace('ln=16', 'ln=63'),
  passlibScrypt.replace('r=8', 'r=99'),
  passlibScrypt.replace('p=1', 'p=99'),
  passlibSha256.replace('$1212$', '$5000001$'),
  passlibSha256.replace('$1212$', '$99999999$'),
  firebase.replace('n=14', 'n=24'),
  firebase.replace('n=14,r=8', 'n=17,r=99'),
  '$argon2i$v=19$m=262145,t=2,p=1$c29tZXNhbHQ$wWKIMhR9lyDFvRz9YTZweHKfbftvj+qf+YFY4NeBbtA',
  sixDefault.replace('$6$', '$6$rounds=700001$'),
  sixDefault.replace('$6$', '$6$rounds=999999999$'),
  `{CRYPT}${sixDefault.replace('$6$', '$6$rounds=700001$')}`,
  '$P$FPMfAWSvmbD5GBGIGONyY85TTlmUuc.',
  '$P$SPMfAWSvmbD5GBGIGONyY85TTlmUuc.',
  `$wp${bcryptOfPhp.replace('$10$', '$16$')}`,
  `bcrypt$${bcryptOfPhp.replace('$10$', '$16$')}`,
  `{bcrypt}${bcryptOfPhp.replace('$10$', '$16$')}`,
  'pbkdf2_sha256$5000001$eFRRZq4DgktS$FU2u+pHktmted5r7XkYuH8+7nSg1SBAeIGwkAySarjk=',
  'pbkdf2:sha1:5000001$ylntahoEXVOeYwa4$65008dc461d329a542be9005159d1113c0d12bec',
  'AQAAAAIA///wAAAAEOMwvh3+FZxqkdMBz2ekgGhwQ4B6pZWND6zgESBuWiHw',
  'scrypt$1048576$eAd3UeD0sV2VfqTb4a9KT2$8$5$FU2u+pHktmted5r7XkYuH8+7nSg1SBAeIGwkAySarjk=',
  'scrypt:1048576:8:1$nOguA1g8BRs6XskI$65008dc461d329a542be9005159d1113c0d12bec',
  '{scrypt}$140801$8bWJaSu2IKSn9Z9kM+TPXQ==$OAOec05+bXxvuu/1qZ6NUR+xQYvYv7BeL1QxwRpY5Pc=',
  'argon2$argon2i$v=19$m=262145,t=2,p=1$c29tZXNhbHQ$wWKIMhR9lyDFvRz9YTZweHKfbftvj+qf+YFY4NeBbtA',
  '$argon2i$v=19$m=65536,t=17,p=1$c29tZXNhbHQ$wWKIMhR9lyDFvRz9YTZweHKfbftvj+qf+YFY4NeBbtA',
];

/** Malformed, or of a kind that is not verified here. */
const unknown = [
  '',
  'password',
  '5f4dcc3b5aa765d61d8327deb882cf99',
  '$1$O3JMY.Tw$AdLnLjQ/5jXF9.MTp3gHv/',
  '$6$rounds=5000$usesomesillystri$D4IrlXatmP7rx3P3InaxBeoomnAihCKRVQAr',
  `{noop}password`,
  '{noop}$2b$06$s.msdyApWWKR6Eur1YvZcu0swMmJFZn5l0par/pFKGegwNESJMXfG',
  '{MD5}Qhz9FD5FDD9YFKBJVAngcw==',
  '{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=',
  '{SSHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=',
  '{SHA-256}97cde38028ad898ebc02e690819fa220e88c62e0699403e94fff291cfffaf8410849f27605abcbc0',
  '{bcrypt@SpringSecurity_v5_8}$2b$06$s.msdyApWWKR6Eur1YvZcu0swMmJFZn5l0par/pFKGegwNESJMXfG',
  '{pbkdf2}5d923b44a6d129f3ddf3e3c8d29412723dcbde72445e8ef6bf3b508fbf17fa4ed4d6b99ca763d8',
  'sha1$salt$59b3e8d637cf97edbe2384cf59cb7453dfe30789',
  'bcrypt_sha256$2b$06$IDnFDlaLfd4i1oQsM.yf8eHS6PWdJWMQN0itw6MnfZH0zbUKkfIkW',
  'scrypt$16383$salt$8$1$FU2u+pHktmted5r7XkYuH8+7nSg1SBAeIGwkAySarjk=',
  'pbkdf2:md5:1000$ylntahoEXVOeYwa4$65008dc461d329a542be9005159d1113c0d12bec',
  '$P$6MfAWSvmbD5GBGIGONyY85TTlmUuc.',
  '$P$4PMfAWSvmbD5GBGIGONyY85TTlmUuc.',
  sixDefault.slice(0, -1),
  sixDefault.replace('$6$', '$6$rounds=999$'),
  sixDefault.replace('$6$', '$5$'),
  `AQAAAAMAAAAyAAAAEOMwvh3+FZxqkdMBz2ekgGhwQ4B6pZWND6zgESBuWiHw`,
  'AQAAAAIAAAAyAAAAEOMwvh3+FZxqkdMBz2ekgGhwQ4A=',
  'AAABAgMEBQYHCAkKCwwNDg+ukCEMDf0yyQ29NYubggHIVY0sdEUfdyeM+E1LtH1uJgAAAAAAAAAAAAA=',
  '$argon2id$v=19$m=65536,m=65536,t=2$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc',
  '$argon2id$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc',
  bcryptOfPhp.replace('$2y$', '$2x$'),
  bcryptOfPhp.replace('$10$', '$03$'),
  bcryptOfPhp.slice(0, -1),
  `${bcryptOfPhp}\n`,
  passlibScrypt.replace('ln=16', 'ln=0'),
  passlibScrypt.replace('r=8', 'r=0'),
  passlibScrypt.slice(0, 40),
  passlibSha256.replace('$1212$', '$0$'),
  passlibSha256.replace('sha256', 'sha1'),
  firebase.replace('v=1', 'v=2'),
  firebase.replace(`,sk=${signerKey}`, ''),
  '$argon2id$v=16$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc',
];

test('a hash that exceeds the bounds, is malformed or of an unknown kind is not known', () => {
  for (const hash of [...costly, ...unknown]) assert.equal(hasher.isKnown(hash), false, hash);
});

test('any text is read without a fault, and a known one costs a bounded number of units', () => {
  const texts = [...published.map(([, , hash]) => hash), ...costly, ...unknown];
  const anyText = fc
    .tuple(fc.constantFrom(...texts), fc.nat(), fc.nat(3), fc.string({ maxLength: 3 }))
    .map(([text, at, length, inserted]) => {
      const begin = at % (text.length + 1);
      return text.slice(0, begin) + inserted + text.slice(begin + length);
    });
  fc.assert(
    fc.property(anyText, fc.string(), (text, password) => {
      for (const typed of [password, 'x'.repeat(40_000), '字'.repeat(512)]) {
        const units = readHash(text)?.units(typed) ?? 0;
        assert.ok(units >= 0 && units < 200, `${units} for ${text}`);
      }
    }),
  );
});

test('a password that is far too long costs little and is wrong', async () => {
  for (const hash of [sixDefault.replace('$6$', '$6$rounds=700000$'), '$P$EPMfAWSvmbD5GBGIGONyY85TTlmUuc.']) {
    assert.equal(await hasher.verify('x'.repeat(100_000), hash), false);
  }
});

test('a stored hash of an unknown kind verifies no password, and verifying it is no fault', async () => {
  for (const hash of [...costly.slice(0, 4), ...unknown.slice(0, 4)]) {
    assert.equal(await hasher.verify('password', hash), false, hash);
  }
});

test('the event loop runs while hashes of every kind are verified', async () => {
  let ticks = 0;
  const timer = setInterval(() => {
    ticks += 1;
  }, 2);
  for (const [, password, hash] of published) await hasher.verify(password, hash);
  clearInterval(timer);
  assert.ok(ticks >= 10, `only ${ticks} turns`);
});
