import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import type { UserId } from '../../../src/core/ids.ts';
import { addTenant, newUser, suiteOnEveryDatabase, type Tenant } from '../harness.ts';

suiteOnEveryDatabase('the leases of changes of passwords', (own) => {
  let tenant: Tenant;
  let userId: UserId;

  beforeEach(async () => {
    tenant = await addTenant(own());
    userId = (await own().change(tenant.orgKey, (tx) => tx.users.insert(newUser(tenant)))).id;
  });

  const claim = (holder: string, now: number, id = userId) =>
    own().change(tenant.orgKey, (tx) => tx.passwordLeases.claim(id, holder, now, now + 10));
  const release = (holder: string) =>
    own().change(tenant.orgKey, (tx) => tx.passwordLeases.release(userId, holder));

  test('an account has one holder, until the end of its lease', async () => {
    assert.equal(await claim('first', 0), true);
    assert.equal(await claim('second', 9), false);
    assert.equal(await claim('second', 10), true);
    assert.equal(await claim('first', 11), false);
  });

  test('of many claims at the same time one gets the lease', async () => {
    const claims = await Promise.all(Array.from({ length: 20 }, (_, n) => claim(`holder ${n}`, 0)));
    assert.equal(claims.filter(Boolean).length, 1);
  });

  test('a lease is of one account', async () => {
    const other = await own().change(tenant.orgKey, (tx) => tx.users.insert(newUser(tenant)));
    assert.equal(await claim('first', 0), true);
    assert.equal(await claim('second', 0, other.id), true);
  });

  test('only its holder gives a lease back, once', async () => {
    await claim('first', 0);
    assert.equal(await release('second'), false);
    assert.equal(await release('first'), true);
    assert.equal(await release('first'), false);
    assert.equal(await claim('second', 0), true);
  });

  test('a sweep deletes leases that have ended', async () => {
    await claim('first', 0);
    const sweep = (now: number) => own().changeSystem('job', (tx) => tx.housekeeping.sweep(now, 1_000));
    await sweep(9);
    assert.equal(await release('first'), true);
    await claim('first', 0);
    await sweep(10);
    assert.equal(await release('first'), false);
  });
});
