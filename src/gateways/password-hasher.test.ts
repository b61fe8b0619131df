import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { isRefusal } from '../core/errors.ts';
import { createPasswordHasher } from './password-hasher.ts';

const hasher = createPasswordHasher({ queueMax: 256 });
const phc = /^\$argon2id\$v=19\$m=19456,t=2,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/;

describe('a hash', () => {
  test('is a PHC string with the parameters that OWASP recommends, with a new salt each time', async () => {
    const [first, second] = await Promise.all([
      hasher.hash('securepassword123'),
      hasher.hash('securepassword123'),
    ]);
    assert.match(first, phc);
    assert.notEqual(first, second);
  });

  test('belongs to its password and to no other', async () => {
    const hash = await hasher.hash('päßwörd 😀');
    assert.equal(await hasher.verify('päßwörd 😀', hash), true);
    assert.equal(await hasher.verify('päßwörd 😁', hash), false);
    assert.equal(await hasher.verify('', hash), false);
  });

  test('of another implementation with other parameters is verified', async () => {
    // From the tests of the reference implementation, phc-winner-argon2.
    const known = '$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc';
    assert.equal(await hasher.verify('password', known), true);
    assert.equal(await hasher.verify('Password', known), false);
  });

  test('that is no hash, malformed or exceeds the bounds verifies no password and is never a fault', async () => {
    const good = await hasher.hash('securepassword123');
    const bad = [
      '',
      'plain',
      good.slice(0, 40),
      good.replace('argon2id', 'argon2d'),
      good.replace('v=19', 'v=16'),
      good.replace('m=19456', 'm=9999999'),
      good.replace('m=19456', 'm=4'),
      good.replace('t=2', 't=99'),
      good.replace('t=2', 't=0'),
      good.replace('p=1', 'p=99'),
    ];
    for (const hash of bad) assert.equal(await hasher.verify('securepassword123', hash), false, hash);
  });
});

test('an account without a password costs the same work as a wrong password', async () => {
  const hash = await hasher.hash('securepassword123');
  let wrong = Number.POSITIVE_INFINITY;
  let none = Number.POSITIVE_INFINITY;
  const isAlike = (): boolean => none > wrong / 2 && none < wrong * 2;
  for (let round = 0; round < 8 || (round < 60 && !isAlike()); round += 1) {
    wrong = Math.min(wrong, await timeOf(() => hasher.verify('nope', hash)));
    none = Math.min(none, await timeOf(() => hasher.verify('nope', null)));
  }
  // The best of several measurements is compared, so that other work on the machine does not decide.
  assert.ok(isAlike(), `${none} ms against ${wrong} ms`);
});

test('beyond the queue hashing is refused as unavailable, and all that wait are hashed', async () => {
  const narrow = createPasswordHasher({ queueMax: 2, concurrency: 1 });
  const results = await Promise.allSettled(Array.from({ length: 6 }, (_, n) => narrow.hash(`password ${n}`)));
  const refused = results.flatMap((result) =>
    result.status === 'rejected' ? [result.reason as unknown] : [],
  );
  assert.equal(results.length - refused.length, 3);
  assert.ok(refused.every((error) => isRefusal(error, 'unavailable') && error.details.retryAfterSeconds > 0));
  assert.match(await narrow.hash('after the rush'), phc);
});

test('a costly imported hash takes as many places of the queue as it costs hashes of ours', async () => {
  const narrow = createPasswordHasher({ queueMax: 10, concurrency: 1 });
  const ends: Promise<unknown>[] = [narrow.hash('one')];
  // A hash of SHA-crypt with 128,000 rounds takes some 200 ms.
  const costly =
    '$6$rounds=128000$28ERc.1D9KNTFR1Z$/pobhbGWA81IUGP3J8b8ivRmC89bH9T55w9P1hL1Esjk7zvU47sFH695CLjpsrErjDcPhmwqbheXhR9pb8i5h/';
  ends.push(narrow.verify('two', costly));
  assert.equal(narrow.waiting, 8);
  await assert.rejects(narrow.verify('three', costly), (error: unknown) => isRefusal(error, 'unavailable'));
  ends.push(narrow.hash('four'), narrow.hash('five'));
  assert.equal(narrow.waiting, 10);
  await assert.rejects(narrow.hash('six'), (error: unknown) => isRefusal(error, 'unavailable'));
  await Promise.all(ends);
  assert.equal(narrow.waiting, 0);
});

test('a hash that costs more than the whole queue waits where nothing else does', async () => {
  const narrow = createPasswordHasher({ queueMax: 2, concurrency: 1 });
  const first = narrow.hash('one');
  const costly = narrow.verify(
    'two',
    '$6$rounds=64000$28ERc.1D9KNTFR1Z$/pobhbGWA81IUGP3J8b8ivRmC89bH9T55w9P1hL1Esjk7zvU47sFH695CLjpsrErjDcPhmwqbheXhR9pb8i5h/',
  );
  await assert.rejects(narrow.hash('three'), (error: unknown) => isRefusal(error, 'unavailable'));
  await first;
  assert.equal(await costly, false);
});

test('verifying waits in the same queue as hashing', async () => {
  const narrow = createPasswordHasher({ queueMax: 0, concurrency: 1 });
  const first = narrow.hash('one');
  await assert.rejects(narrow.verify('two', null), (error: unknown) => isRefusal(error, 'unavailable'));
  await first;
});

test('the event loop runs while passwords are hashed', async () => {
  let ticks = 0;
  const timer = setInterval(() => {
    ticks += 1;
  }, 2);
  await Promise.all(Array.from({ length: 6 }, (_, n) => hasher.hash(`password ${n}`)));
  clearInterval(timer);
  assert.ok(ticks >= 5, `only ${ticks} turns`);
});

async function timeOf(action: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await action();
  return performance.now() - start;
}

test('a meter gets each hash and each refusal, and the number of waiting passwords can be read at any time', async () => {
  const told: (number | string)[] = [];
  const metered = createPasswordHasher({
    ...{ queueMax: 1, concurrency: 1 },
    meter: { hashed: (ms) => told.push(ms), hashUnserved: (why) => told.push(why) },
  });
  const calls = [metered.hash('one'), metered.verify('two', null), metered.hash('three')];
  assert.equal(metered.waiting, 1);
  assert.deepEqual(told, ['share']);
  const ends = await Promise.allSettled(calls);
  assert.deepEqual(
    ends.map(({ status }) => status),
    ['fulfilled', 'fulfilled', 'rejected'],
  );
  assert.equal(told.length, 3);
  assert.ok(
    told.slice(1).every((ms) => typeof ms === 'number' && ms > 0),
    told.join(', '),
  );
  assert.equal(metered.waiting, 0);
});
