/** Every kind of hash that an import may bring, compared with published hashes of other implementations. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createPasswordHasher } from '../password-hasher.ts';

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
  '$argon2i$v=19$m=65536,t=17,p=1$c29tZXNhbHQ$wWKIMhR9lyDFvRz9YTZweHKfbftvj+qf+YFY4NeBbtA',
];

/** Malformed, or of a kind that is not verified here. */
const unknown = [
  '',
  'password',
  '5f4dcc3b5aa765d61d8327deb882cf99',
  '$1$O3JMY.Tw$AdLnLjQ/5jXF9.MTp3gHv/',
  '$6$rounds=5000$usesomesillystri$D4IrlXatmP7rx3P3InaxBeoomnAihCKRVQAr',
  '{SSHA}DkMTwBl+a/3DQTxCYEApdUtNXGgdUac3',
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
  await Promise.all(published.map(([, password, hash]) => hasher.verify(password, hash)));
  clearInterval(timer);
  assert.ok(ticks >= 10, `only ${ticks} turns`);
});
