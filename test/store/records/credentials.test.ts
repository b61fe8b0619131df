import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { sessionAgeMaxMs, sessionIdleMs } from '../../../src/core/access/session.ts';
import type { User } from '../../../src/core/directory/user.ts';
import { newPrefixedId } from '../../../src/core/ids.ts';
import type { EmailTokenStore } from '../../../src/core/verification/email-token.ts';
import type { PasswordToken } from '../../../src/core/verification/password-token.ts';
import { addTenant, newUser, suiteOnEveryDatabase, type Tenant } from '../harness.ts';

suiteOnEveryDatabase('the stores of sessions, codes and tokens', (own) => {
  let tenant: Tenant;
  let user: User;

  beforeEach(async () => {
    tenant = await addTenant(own());
    user = await own().change(tenant.orgKey, (tx) => tx.users.insert(newUser(tenant)));
  });

  const startSession = async (startedAt: number, digest: string) => {
    const session = { id: newPrefixedId('ses'), userId: user.id, startedAt, lastUsedAt: startedAt };
    await own().change(tenant.orgKey, (tx) => tx.sessions.insert(session, digest));
    return session;
  };
  const findSession = (digest: string, orgKey = tenant.orgKey) =>
    own().read(orgKey, (tx) => tx.sessions.findByDigest(digest));

  test('a session is found by digest together with its user, in its organization only', async () => {
    const session = await startSession(10, 'one');
    assert.deepEqual(await findSession('one'), { session, user });
    assert.equal(await findSession('two'), null);
    assert.equal(await findSession('one', (await addTenant(own())).orgKey), null);
  });

  test('a use of a session is noted, and a later note of an older use changes nothing', async () => {
    const session = await startSession(10, 'one');
    const noteUse = (at: number) => own().change(tenant.orgKey, (tx) => tx.sessions.noteUse(session.id, at));
    await noteUse(50);
    await noteUse(40);
    assert.deepEqual((await findSession('one'))?.session, { ...session, lastUsedAt: 50 });
  });

  test('a session ends once, and a later use does not restore it', async () => {
    const session = await startSession(10, 'one');
    const end = () => own().change(tenant.orgKey, (tx) => tx.sessions.end(session.id));
    assert.equal(await end(), true);
    assert.equal(await end(), false);
    await own().change(tenant.orgKey, (tx) => tx.sessions.noteUse(session.id, 20));
    assert.equal(await findSession('one'), null);
  });

  test('all sessions of a user end, or all but one', async () => {
    const kept = await startSession(10, 'one');
    const ended = await startSession(20, 'two');
    const list = () => own().read(tenant.orgKey, (tx) => tx.sessions.listOf(user.id));
    assert.deepEqual(await list(), [kept, ended]);
    const endAll = (except?: string) =>
      own().change(tenant.orgKey, (tx) => tx.sessions.endAll(user.id, except));
    assert.equal(await endAll(kept.id), 1);
    assert.deepEqual(await list(), [kept]);
    assert.equal(await endAll(), 1);
    assert.deepEqual(await list(), []);
  });

  test('a sweep deletes sessions that cannot be used any more, and no others', async () => {
    const session = await startSession(10, 'one');
    const sweep = (at: number) => own().changeSystem('job', (tx) => tx.housekeeping.sweep(at, 100));
    await sweep(10 + sessionIdleMs - 1);
    assert.notEqual(await findSession('one'), null);
    for (let at = 20; at < sessionAgeMaxMs; at += sessionIdleMs - 1) {
      await own().change(tenant.orgKey, (tx) => tx.sessions.noteUse(session.id, at));
      await sweep(at);
    }
    assert.notEqual(await findSession('one'), null);
    await sweep(10 + sessionAgeMaxMs);
    assert.equal(await findSession('one'), null);
  });

  const code = { digest: 'code', expiresAt: 100, triesLeft: 2 };
  const withCodes = <T>(
    work: (codes: Parameters<Parameters<ReturnType<typeof own>['change']>[1]>[0]['codes']) => Promise<T>,
  ) => own().change(tenant.orgKey, (tx) => work(tx.codes));

  test('a new code replaces the old one', async () => {
    await withCodes((codes) => codes.put(user.id, code));
    const next = { digest: 'next', expiresAt: 200, triesLeft: 5 };
    await withCodes((codes) => codes.put(user.id, next));
    assert.deepEqual(await withCodes((codes) => codes.find(user.id)), next);
    assert.equal(await withCodes((codes) => codes.consume(user.id, ['code', 'other'], 50)), null);
  });

  test('of many uses of the same code at the same time one succeeds', async () => {
    await withCodes((codes) => codes.put(user.id, code));
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => withCodes((codes) => codes.consume(user.id, ['other', 'code'], 99))),
    );
    assert.equal(answers.filter((mine) => mine === 'code').length, 1);
    assert.equal(await withCodes((codes) => codes.find(user.id)), null);
  });

  test('a wrong, expired, used-up or deleted code is refused', async () => {
    const take = (digest: string, now: number) =>
      withCodes((codes) => codes.consume(user.id, [digest, 'other'], now));
    await withCodes((codes) => codes.put(user.id, code));
    assert.equal(await take('wrong', 50), null);
    assert.equal(await take('code', 100), null);
    await withCodes((codes) => codes.spendTry(user.id));
    await withCodes((codes) => codes.spendTry(user.id));
    await withCodes((codes) => codes.spendTry(user.id));
    assert.equal((await withCodes((codes) => codes.find(user.id)))?.triesLeft, 0);
    assert.equal(await take('code', 50), null);
    await withCodes((codes) => codes.put(user.id, code));
    await withCodes((codes) => codes.drop(user.id));
    assert.equal(await take('code', 50), null);
  });

  const token: PasswordToken = { userId: '', purpose: 'reset', emailDigest: 'of email', expiresAt: 100 };
  const issue = (digest: string, said: Partial<PasswordToken> = {}) =>
    own().change(tenant.orgKey, async (tx) => {
      const issued = { ...token, userId: user.id, ...said };
      await tx.passwordTokens.insert(issued, digest);
      return issued;
    });
  const consume = (digest: string, now: number, orgKey = tenant.orgKey) =>
    own().change(orgKey, (tx) => tx.passwordTokens.consume(digest, now));

  test('of many uses of the same token at the same time one succeeds', async () => {
    const issued = await issue('token');
    assert.deepEqual(
      await own().read(tenant.orgKey, (tx) => tx.passwordTokens.findOpen('token', 99)),
      issued,
    );
    const answers = await Promise.all(Array.from({ length: 20 }, () => consume('token', 99)));
    assert.deepEqual(
      answers.filter((answer) => answer !== null),
      [issued],
    );
    assert.equal(await own().read(tenant.orgKey, (tx) => tx.passwordTokens.findOpen('token', 99)), null);
  });

  test('an expired token and one of another organization are refused', async () => {
    const issued = await issue('token');
    assert.equal(await consume('token', 100), null);
    assert.equal(await consume('token', 50, (await addTenant(own())).orgKey), null);
    assert.deepEqual(await consume('token', 50), issued);
  });

  test('a decoy is never valid, and the tokens of users stay when it is deleted', async () => {
    const issued = await issue('token');
    const { orgKey } = tenant;
    await own().change(orgKey, (tx) => tx.passwordTokens.insert({ ...token, userId: null }, 'decoy'));
    assert.equal(await own().read(orgKey, (tx) => tx.passwordTokens.findOpen('decoy', 50)), null);
    assert.equal(await consume('decoy', 50), null);
    await own().change(orgKey, (tx) => tx.passwordTokens.dropDecoys());
    // The digest is free again.
    await own().change(orgKey, (tx) => tx.passwordTokens.insert({ ...token, userId: null }, 'decoy'));
    assert.deepEqual(await consume('token', 50), issued);
  });

  test('tokens of a user are deleted by purpose, or all', async () => {
    const invitation = await issue('first', { purpose: 'invitation', expiresAt: 300 });
    const reset = await issue('second', { expiresAt: 200 });
    const open = (now: number) => own().read(tenant.orgKey, (tx) => tx.passwordTokens.listOpen(user.id, now));
    assert.deepEqual(await open(50), [reset, invitation]);
    assert.deepEqual(await open(250), [invitation]);
    await own().change(tenant.orgKey, (tx) => tx.passwordTokens.drop(user.id, 'reset'));
    assert.deepEqual(await open(50), [invitation]);
    await own().change(tenant.orgKey, (tx) => tx.passwordTokens.drop(user.id));
    assert.deepEqual(await open(50), []);
  });

  test('a token that proves an email is consumed once, before it expires, in its organization', async () => {
    const rest = { emailDigest: 'of email', sealedEmail: null, expiresAt: 100 };
    const issued = { userId: user.id, purpose: 'proof', ...rest } as const;
    const take = (now: number, orgKey = tenant.orgKey) =>
      own().change(orgKey, (tx) => tx.emailTokens.consume('proof', 'proof', now));
    const find = (now: number) =>
      own().read(tenant.orgKey, (tx) => tx.emailTokens.findOpen('proof', 'proof', now));
    await own().change(tenant.orgKey, (tx) => tx.emailTokens.insert(issued, 'proof'));
    assert.equal(await take(100), null);
    assert.equal(await take(50, (await addTenant(own())).orgKey), null);
    assert.deepEqual(await find(99), issued);
    assert.equal(await find(100), null);
    const answers = await Promise.all(Array.from({ length: 20 }, () => take(99)));
    assert.deepEqual(
      answers.filter((answer) => answer !== null),
      [issued],
    );
    await own().change(tenant.orgKey, (tx) => tx.emailTokens.insert(issued, 'proof'));
    await own().change(tenant.orgKey, (tx) => tx.emailTokens.drop(user.id));
    assert.equal(await find(50), null);
  });

  test('a token that changes or undoes is found for its purpose only, and undoing outlasts changes', async () => {
    const rest = { userId: user.id, emailDigest: 'of email', sealedEmail: 'sealed' };
    const change = { ...rest, purpose: 'change', expiresAt: 100 } as const;
    const undos = [200, 300].map((expiresAt) => ({ ...rest, purpose: 'undo', expiresAt }) as const);
    const inOwn = <T>(work: (tokens: EmailTokenStore) => Promise<T>) =>
      own().change(tenant.orgKey, (tx) => work(tx.emailTokens));
    const openUndos = async () => {
      const found = [
        await inOwn((t) => t.findOpen('undo', '200', 50)),
        await inOwn((t) => t.findOpen('undo', '300', 50)),
      ];
      return found.map((each) => each?.expiresAt ?? null);
    };
    for (const each of undos) await inOwn((tokens) => tokens.insert(each, String(each.expiresAt)));
    for (const end of [
      (t: EmailTokenStore) => t.drop(user.id),
      (t: EmailTokenStore) => t.dropChange(user.id),
    ]) {
      await inOwn((tokens) => tokens.insert(change, 'change'));
      assert.equal(await inOwn((tokens) => tokens.findOpen('undo', 'change', 50)), null);
      assert.equal(await inOwn((tokens) => tokens.consume('proof', 'change', 50)), null);
      assert.deepEqual(await inOwn((tokens) => tokens.findOpen('change', 'change', 50)), change);
      await inOwn(end);
      assert.equal(await inOwn((tokens) => tokens.findOpen('change', 'change', 50)), null);
      assert.deepEqual(await openUndos(), [200, 300]);
    }
    await inOwn((tokens) => tokens.dropUndosFrom(user.id, 201));
    assert.deepEqual(await openUndos(), [200, null]);
    assert.deepEqual(await inOwn((tokens) => tokens.consume('undo', '200', 50)), undos[0]);
  });
});
