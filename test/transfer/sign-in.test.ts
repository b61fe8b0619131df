/** Imported users sign in with their old password, and the first sign-in hashes it again. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { roster as run } from '../cli/program.ts';
import { callAtOnce, statusCounts } from '../support/server/parallel.ts';
import { setUp, setUpRoster } from '../support/server/set-up.ts';
import { importFile, makeFile } from './program.ts';

const standard = /^\$argon2id\$v=19\$m=19456,t=2,p=1\$/;

const people = [
  {
    kind: 'argon2i',
    password: 'password',
    hash: '$argon2i$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$wWKIMhR9lyDFvRz9YTZweHKfbftvj+qf+YFY4NeBbtA',
  },
  {
    kind: 'argon2d',
    password: 'password',
    hash: '$argon2d$v=19$m=1024,t=2,p=1$dGhpc2lzdGhlc2FsdA$rkBsbLVYkXDowmxcwZ9qjpLuAbNjIPBXxmD27YvzHzw',
  },
  {
    kind: 'argon2id',
    password: 'password',
    hash: '$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc',
  },
  {
    kind: 'bcrypt-2a',
    password: 'abc',
    hash: '$2a$06$If6bvum7DFjUnE9p2uDeDu0YHzrHM6tf.iqN8.yx.jNN1ILEf7h0i',
  },
  {
    kind: 'bcrypt-2b',
    password: 'abc',
    hash: '$2b$06$If6bvum7DFjUnE9p2uDeDu0YHzrHM6tf.iqN8.yx.jNN1ILEf7h0i',
  },
  {
    kind: 'bcrypt-2y',
    password: 'rasmuslerdorf',
    hash: '$2y$10$.vGA1O9wmRjrwAVXD98HNOgsNpDczlqm3Jq7KnEd1rVAGv3Fykk1a',
  },
  {
    kind: 'scrypt',
    password: 'password',
    hash: '$scrypt$ln=16,r=8,p=1$aM15713r3Xsvxbi31lqr1Q$nFNh2CVHVjNldFVKDHDlm4CbdRSCdEBsjjJxD+iCs5E',
  },
  {
    kind: 'pbkdf2-sha256',
    password: 'password',
    hash: '$pbkdf2-sha256$1212$4vjV83LKPjQzk31VI4E0Vw$hsYF68OiOUPdDZ1Fg.fJPeq1h/gXXY7acBp9/6c.tmQ',
  },
  {
    kind: 'pbkdf2-sha512',
    password: 'password',
    hash: '$pbkdf2-sha512$1212$RHY0Fr3IDMSVO/RSZyb5ow$eNLfBK.eVozomMr.1gYa17k9B7KIK25NOEshvhrSX.esqY3s.FvWZViXz4KoLlQI.BzY/YTNJOiKc5gBYFYGww',
  },
  {
    kind: 'django',
    password: 'foo31415',
    hash: 'pbkdf2_sha256$36000$eFRRZq4DgktS$FU2u+pHktmted5r7XkYuH8+7nSg1SBAeIGwkAySarjk=',
  },
  {
    kind: 'firebase',
    password: 'user1password',
    hash: '$fbscrypt$v=1,n=14,r=8,p=1,ss=Bw==,sk=jxspr8Ki0RYycVU8zykbdLGjFQ3McFUH0uiiTvC8pVMXAn210wjLNmdZJzxUECKbm0QsEmYUSDzZvpjeJ9WmXA==$42xEC+ixf3L2lw==$lSrfV15cpx95/sZS2W9c9Kp6i/LVgQNDNC/qzrCnh1SAyZvqmZqAjTdn3aoItz+VHjoZilo78198JAdRuid5lQ==',
  },
  {
    kind: 'argon2-mpt',
    password: 'pâsswörd 41',
    hash: '$argon2i$v=19$m=4096,p=1,t=3$x+Px0uShRDiC6wblmTz1EA$6Mkyj6G0+TGegmwq9VaoGSmPS9omG3Mp+F9J4OHHTy4',
  },
  {
    kind: 'django-bcrypt',
    password: 'pâsswörd 41',
    hash: 'bcrypt_sha256$$2b$06$IDnFDlaLfd4i1oQsM.yf8eHS6PWdJWMQN0itw6MnfZH0zbUKkfIkW',
  },
  {
    kind: 'wordpress',
    password: 'pâsswörd 41',
    hash: '$wp$2y$06$b9Y0sRSIEdvYQXwPavbqceWPZX1vdeRwe.tRMoaLqvMNQBaURhBHm',
  },
  { kind: 'phpass', password: 'pâsswörd 41', hash: '$P$9PMfAWSvmbD5GBGIGONyY85TTlmUuc.' },
  {
    kind: 'werkzeug',
    password: 'pâsswörd 41',
    hash: 'pbkdf2:sha1:1000$ylntahoEXVOeYwa4$65008dc461d329a542be9005159d1113c0d12bec',
  },
  { kind: 'ldap', password: 'pâsswörd 41', hash: '{SSHA}sQfFuhdqaLUX7tlMFByI2YAiNQqNsUr2' },
  {
    kind: 'sha-crypt',
    password: 'pâsswörd 41',
    hash: '$6$28ERc.1D9KNTFR1Z$/pobhbGWA81IUGP3J8b8ivRmC89bH9T55w9P1hL1Esjk7zvU47sFH695CLjpsrErjDcPhmwqbheXhR9pb8i5h/',
  },
  {
    kind: 'aspnet',
    password: 'my password',
    hash: 'AQAAAAIAAAD6AAAAIJbVi5wbMR+htSfFp8fTw8N8GOS/Sje+S/4YZcgBfU7EQuqv4OkVYmc4VJl9AGZzmRTxSkP7LtVi9IWyUxX8IAAfZ8v+ZfhjCcudtC1YERSqE1OEdXLW9VukPuJWBBjLuw==',
  },
  {
    kind: 'spring',
    password: 'password',
    hash: '{bcrypt}$2a$10$dXJ3SW6G7P50lGmMkkmwe.20cQQubK3.HZWzG3YB1tlRy.fqvM/BG',
  },
] as const;

const roster = setUpRoster({ hasStandardHashes: true });

setUp(async () => {
  const rows = people.map(({ kind, hash }) =>
    JSON.stringify({ email: `${kind}@example.com`, password_hash: hash }),
  );
  rows.push(JSON.stringify({ email: 'many@example.com', password_hash: people[3].hash }));
  const file = await makeFile(roster.folder, 'people.ndjson', `${rows.join('\n')}\n`);
  const outcome = await importFile(roster.folder, [file, '--org', roster.organization.id]);
  const { imported, rejected } = outcome;
  assert.deepEqual({ imported, rejected }, { imported: people.length + 1, rejected: 0 });
  return outcome;
});

const ask = (email: string, password: string) => ({
  json: { email, password },
  headers: { 'x-app-id': roster.organization.app.appId },
});

const findUser = (email: string) =>
  roster.core.work.read(roster.organization.key, (tx) => tx.users.findByEmail(email));

describe('a user with an imported hash', () => {
  for (const { kind, password, hash } of people) {
    test(`${kind}: signs in with the password, which is then hashed like all others`, async () => {
      const email = `${kind}@example.com`;
      const wrong = await roster.call('POST /general/v1/sessions', ask(email, `${password}!`));
      assert.equal(wrong.status, 401);
      const before = await findUser(email);
      assert.equal(before?.passwordHash, hash, 'a wrong password changes nothing');
      const first = await roster.call('POST /general/v1/sessions', ask(email, password));
      assert.equal(first.status, 201);
      const after = await findUser(email);
      assert.match(after?.passwordHash ?? '', standard);
      assert.equal(after?.updatedAt, before?.updatedAt, 'a login moves nothing else');
      assert.equal((await roster.call('POST /general/v1/sessions', ask(email, password))).status, 201);
      assert.equal((await findUser(email))?.passwordHash, after?.passwordHash, 'once is enough');
    });
  }
});

test('many first sign-ins of one user at the same time all succeed', async () => {
  const replies = await callAtOnce(roster.client, 8, () => [
    'POST /general/v1/sessions',
    ask('many@example.com', people[3].password),
  ]);
  assert.deepEqual(statusCounts(replies), { 201: 8 });
  assert.match((await findUser('many@example.com'))?.passwordHash ?? '', standard);
});

test('an import adds users whose hash is not supported without a password where the operator wants it so', async () => {
  const tenant = await roster.addOrganization();
  const hash = '$2b$06$s.msdyApWWKR6Eur1YvZcu0swMmJFZn5l0par/pFKGegwNESJMXfG';
  const rows = [`a@example.com,${hash}`, 'b@example.com,{noop}secret', 'c@example.com,!none'];
  rows.push('d@example.com,$1$x$y', 'B@example.com,{noop}secret');
  const file = await makeFile(roster.folder, 'some.csv', `email,password_hash\n${rows.join('\n')}\n`);
  const words = [file, '--org', tenant.id, '--without-unsupported-passwords'];
  const strict = await importFile(roster.folder, [...words.slice(0, 3), '--dry-run']);
  assert.partialDeepStrictEqual(strict, { imported: 2, rejected: 3, withoutPassword: 0 });
  const dry = await importFile(roster.folder, [...words, '--dry-run']);
  assert.partialDeepStrictEqual(dry, { imported: 4, rejected: 1, withoutPassword: 2 });
  const { exitCode, stdout } = await run(roster.folder, ['import', ...words]);
  assert.equal(exitCode, 0);
  assert.match(stdout, /^4 users imported, 1 row rejected, 2 unsupported passwords left out in [\d.]+ s\n$/);
  assert.partialDeepStrictEqual(await importFile(roster.folder, words), {
    imported: 4,
    withoutPassword: 2,
  });
  const found = await roster.core.work.read(tenant.key, (tx) =>
    Promise.all(['a', 'b', 'c', 'd'].map((name) => tx.users.findByEmail(`${name}@example.com`))),
  );
  assert.deepEqual(
    found.map((user) => user?.passwordHash),
    [hash, null, null, null],
  );
});
