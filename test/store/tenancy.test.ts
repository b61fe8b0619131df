import assert from 'node:assert/strict';
import { test } from 'node:test';
import { newAppId, newPrefixedId } from '../../src/core/ids.ts';
import type { ApiKey } from '../../src/core/keys/api-key.ts';
import { addTenant, newApp, newDigests, suiteOnEveryDatabase } from './harness.ts';

suiteOnEveryDatabase('the stores of organizations, apps and keys', (own) => {
  const newKey = (said: Partial<ApiKey> = {}): Omit<ApiKey, 'orgKey'> => ({
    id: newPrefixedId('key'),
    role: 'member',
    createdAt: 5,
    expiresAt: null,
    revokedAt: null,
    ...said,
  });

  test('an empty deployment has no first app and no organizations', async () => {
    await own().readSystem('operator', async (tx) => {
      assert.equal(await tx.apps.findFirst(), null);
      assert.deepEqual(await tx.organizations.list(), []);
      assert.deepEqual(await tx.apps.list(), []);
      assert.deepEqual(await tx.apiKeys.list(), []);
    });
  });

  test('organizations get keys of their own and are listed in the order of their creation', async () => {
    const before = (await own().readSystem('operator', (tx) => tx.organizations.list())).length;
    const made = await own().changeSystem('operator', async ({ organizations }) => [
      await organizations.insert({ id: newPrefixedId('org'), name: 'First', createdAt: 7 }),
      await organizations.insert({ id: newPrefixedId('org'), name: 'Second', createdAt: 7 }),
    ]);
    assert.equal(new Set(made.map(({ key }) => key)).size, 2);
    await own().readSystem('operator', async ({ organizations }) => {
      assert.deepEqual((await organizations.list()).slice(before), made);
      assert.deepEqual(await organizations.findById(made[1]?.id ?? ''), made[1]);
      assert.equal(await organizations.findById('org_unknown'), null);
    });
  });

  test('an app is found by id and by the digest of its key; an organization finds only its own apps', async () => {
    const tenant = await addTenant(own());
    const other = await addTenant(own());
    const digest = newAppId();
    const app = await own().change(tenant.orgKey, (tx) =>
      tx.apps.insert({ ...newApp(), isSignupOpen: false }, { ...newDigests(), keyDigest: digest }),
    );
    await own().readSystem('authentication', async ({ apps }) => {
      assert.deepEqual(await apps.find(app.id), app);
      assert.deepEqual(await apps.findByKeyDigest(digest), app);
      assert.equal(await apps.findByKeyDigest('unknown'), null);
    });
    const findIn = (orgKey: number) => own().read(orgKey, (tx) => tx.apps.find(app.id));
    assert.deepEqual(await findIn(tenant.orgKey), app);
    assert.equal(await findIn(other.orgKey), null);
  });

  test('the first app of an organization and of the deployment stays the first', async () => {
    const tenant = await addTenant(own());
    const first = await own().readSystem('operator', (tx) => tx.apps.findFirst());
    await own().change(tenant.orgKey, (tx) => tx.apps.insert(newApp(), newDigests()));
    const { apps, ofTenant } = await own().readSystem('operator', async (tx) => ({
      apps: await tx.apps.list(),
      ofTenant: await tx.within(tenant.orgKey).apps.getFirst(),
    }));
    assert.deepEqual(ofTenant, tenant.app);
    assert.deepEqual(apps[0], first);
  });

  test('an app key is replaced and sign-up is closed only in the organization of the app', async () => {
    const tenant = await addTenant(own());
    const other = await addTenant(own());
    const keyDigest = newAppId();
    const update = (orgKey: number) =>
      own().change(orgKey, (tx) => tx.apps.update(tenant.appId, { keyDigest, isSignupOpen: false }));
    assert.equal(await update(other.orgKey), false);
    assert.equal(await update(tenant.orgKey), true);
    await own().readSystem('authentication', async ({ apps }) => {
      assert.deepEqual(await apps.findByKeyDigest(keyDigest), { ...tenant.app, isSignupOpen: false });
      assert.equal(await apps.findByKeyDigest(tenant.appId), null);
    });
    const open = { isSignupOpen: true };
    assert.equal(await own().change(tenant.orgKey, (tx) => tx.apps.update(tenant.appId, open)), true);
    assert.equal(await own().change(tenant.orgKey, (tx) => tx.apps.update(newAppId(), open)), false);
    assert.deepEqual(await own().read(tenant.orgKey, (tx) => tx.apps.find(tenant.appId)), tenant.app);
  });

  test('an API key is found by digest and id; the list has the oldest first and includes revoked ones', async () => {
    const { orgKey } = await addTenant(own());
    const before = (await own().readSystem('operator', (tx) => tx.apiKeys.list())).length;
    const [first, second] = await own().change(orgKey, async ({ apiKeys }) => [
      await apiKeys.insert(newKey({ role: 'admin', expiresAt: 99 }), 'digest-1'),
      await apiKeys.insert(newKey({ revokedAt: 6 }), 'digest-2'),
    ]);
    assert.ok(first && second);
    await own().readSystem('authentication', async ({ apiKeys }) => {
      assert.deepEqual(await apiKeys.findByDigest('digest-1'), first);
      assert.equal(first.orgKey, orgKey);
      const unused = { name: null, usedAt: null, network: null, formerUntil: null, formerUsedAt: null };
      assert.deepEqual(await apiKeys.find(second.id), { ...second, ...unused });
      assert.equal(await apiKeys.findByDigest('digest-3'), null);
      assert.equal(await apiKeys.find('key_unknown'), null);
      const listed = [first, second].map((each) => ({ ...each, ...unused }));
      assert.deepEqual((await apiKeys.list()).slice(before), listed);
    });
  });

  test('a rotated key is found by its new digest only; a revoked one is revoked once and cannot be rotated', async () => {
    const { orgKey } = await addTenant(own());
    const other = await addTenant(own());
    const key = await own().change(orgKey, (tx) => tx.apiKeys.insert(newKey(), 'old'));
    const rotate = (inOrg: number, digest: string) =>
      own().change(inOrg, (tx) => tx.apiKeys.replaceDigest(key.id, digest));
    const revoke = (inOrg: number, at: number) => own().change(inOrg, (tx) => tx.apiKeys.revoke(key.id, at));
    const findBy = (digest: string) =>
      own().readSystem('authentication', (tx) => tx.apiKeys.findByDigest(digest));
    assert.equal(await rotate(other.orgKey, 'stolen'), false);
    assert.equal(await rotate(orgKey, 'new'), true);
    assert.equal(await findBy('old'), null);
    assert.deepEqual(await findBy('new'), key);
    assert.equal(await revoke(other.orgKey, 50), false);
    assert.equal(await revoke(orgKey, 50), true);
    assert.equal(await revoke(orgKey, 60), false);
    assert.equal(await rotate(orgKey, 'newer'), false);
    assert.deepEqual(await findBy('new'), { ...key, revokedAt: 50 });
  });
});
