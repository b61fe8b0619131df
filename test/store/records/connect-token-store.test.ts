import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import type { ConnectToken, ConnectTokenKind } from '../../../src/core/connect-page/connect-token.ts';
import type { User } from '../../../src/core/directory/user.ts';
import { newAppId } from '../../../src/core/ids.ts';
import { addTenant, newApp, newUser, suiteOnEveryDatabase, type Tenant } from '../harness.ts';

suiteOnEveryDatabase('the store of tokens of the Connect page', (own) => {
  let tenant: Tenant;
  let user: User;

  beforeEach(async () => {
    tenant = await addTenant(own());
    user = await own().change(tenant.orgKey, (tx) => tx.users.insert(newUser(tenant)));
  });

  const add = async (digest: string, said: Partial<ConnectToken> = {}): Promise<ConnectToken> => {
    const token: ConnectToken = { userId: user.id, kind: 'session', expiresAt: 100, ...said };
    await own().change(tenant.orgKey, (tx) => tx.connectTokens.insert(token, digest));
    return token;
  };
  const find = (digest: string, orgKey = tenant.orgKey) =>
    own().read(orgKey, (tx) => tx.connectTokens.findByDigest(digest));
  const consume = (digest: string, kind: ConnectTokenKind, now: number, orgKey = tenant.orgKey) =>
    own().change(orgKey, (tx) => tx.connectTokens.consume(digest, kind, now));

  test('a token is found by digest with its user, in its organization only, also after it has expired', async () => {
    const token = await add('one');
    assert.deepEqual(await find('one'), { token, user });
    assert.equal(await find('two'), null);
    assert.equal(await find('one', (await addTenant(own())).orgKey), null);
  });

  test('a token is consumed once, only as its own kind, and before it expires', async () => {
    const token = await add('one', { kind: 'refresh' });
    assert.equal(await consume('one', 'access', 50), null);
    assert.equal(await consume('one', 'refresh', 100), null);
    assert.equal(await consume('one', 'refresh', 50, (await addTenant(own())).orgKey), null);
    assert.deepEqual(await consume('one', 'refresh', 99), token);
    assert.equal(await consume('one', 'refresh', 99), null);
  });

  test('of many that consume a token at the same time one succeeds', async () => {
    await add('one', { kind: 'refresh' });
    const taken = await Promise.all(Array.from({ length: 8 }, () => consume('one', 'refresh', 50)));
    assert.equal(taken.filter((each) => each !== null).length, 1);
  });

  test('a consumed token keeps its row, and a family is deleted as a whole, in its organization only', async () => {
    const token = { userId: user.id, kind: 'refresh', expiresAt: 100 } as const;
    await own().change(tenant.orgKey, async (tx) => {
      await tx.connectTokens.insert(token, 'first');
      await tx.connectTokens.insert(token, 'second', 'first');
      await tx.connectTokens.insert({ ...token, kind: 'access' }, 'third', 'first');
      await tx.connectTokens.insert(token, 'other');
    });
    const lineage = (digest: string) =>
      own().read(tenant.orgKey, (tx) => tx.connectTokens.findLineage(digest));
    const end = (orgKey: number) => own().change(orgKey, (tx) => tx.connectTokens.deleteFamily('first'));
    assert.deepEqual(await lineage('first'), { family: 'first', isConsumed: false });
    await consume('first', 'refresh', 50);
    assert.deepEqual(await lineage('first'), { family: 'first', isConsumed: true });
    assert.deepEqual(await lineage('second'), { family: 'first', isConsumed: false });
    assert.equal(await lineage('unknown'), null);
    await end((await addTenant(own())).orgKey);
    assert.notEqual(await lineage('third'), null);
    await end(tenant.orgKey);
    assert.deepEqual(await Promise.all(['first', 'second', 'third'].map(lineage)), [null, null, null]);
    assert.deepEqual(await lineage('other'), { family: 'other', isConsumed: false });
  });

  test('an app stores its client secret and its origins, and they can be replaced', async () => {
    const digests = { keyDigest: newAppId(), secretDigest: newAppId() };
    const origins = ['https://app.example.com'];
    const app = await own().change(tenant.orgKey, (tx) => tx.apps.insert({ ...newApp(), origins }, digests));
    const found = () => own().readSystem('authentication', (tx) => tx.apps.findWithSecret(app.id));
    assert.deepEqual(await found(), { app, secretDigest: digests.secretDigest });
    await own().change(tenant.orgKey, (tx) =>
      tx.apps.update(app.id, { secretDigest: 'another', origins: [] }),
    );
    assert.deepEqual(await found(), { app: { ...app, origins: [] }, secretDigest: 'another' });
    const unknown = await own().readSystem('authentication', (tx) => tx.apps.findWithSecret(newAppId()));
    assert.equal(unknown, null);
  });
});
