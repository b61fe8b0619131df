import assert from 'node:assert/strict';
import { test } from 'node:test';
import { newUserId } from '../ids.ts';
import { createSecretBox } from '../secret.ts';
import { destinationSubject, emailSubject, emailSubjects, userSubject } from './subject.ts';

const secrets = createSecretBox('a secret of the deployment, long enough');
const email = 'jane@bücher.example';

test('the digests of one address, and of one account, differ between organizations', () => {
  const userId = newUserId();
  const digestsIn = (orgKey: number): string[] => [
    emailSubject(secrets, orgKey, email),
    ...emailSubjects(secrets, orgKey, email),
    userSubject(secrets, orgKey, userId),
  ];
  const [one, other] = [digestsIn(1), digestsIn(2)];
  assert.deepEqual(digestsIn(1), one);
  for (const digest of one) assert.ok(!other.includes(digest));
  // 1 and `1x` are not 11 and `x`.
  assert.notEqual(userSubject(secrets, 1, `1${userId}`), userSubject(secrets, 11, userId));
});

test('the digests of one address, one account and one destination differ from each other', () => {
  const text = 'jane@example.com';
  const digests = [
    emailSubject(secrets, 1, text),
    userSubject(secrets, 1, text),
    destinationSubject(secrets, 'email', text),
  ];
  assert.equal(new Set(digests).size, digests.length);
});

test('another spelling of an address has its digest, so that an erasure finds every row', () => {
  assert.equal(emailSubject(secrets, 1, 'Jane@XN--BCHER-KVA.example'), emailSubject(secrets, 1, email));
  assert.ok(emailSubjects(secrets, 1, email).includes(emailSubject(secrets, 1, email)));
});
