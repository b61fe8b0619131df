import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { knownNetworkMs } from '../../../src/core/access/known-network.ts';
import type { UserId } from '../../../src/core/ids.ts';
import { addTenant, newUser, suiteOnEveryDatabase, type Tenant } from '../harness.ts';

suiteOnEveryDatabase('the store of known networks', (own) => {
  let tenant: Tenant;
  let userId: UserId;

  beforeEach(async () => {
    tenant = await addTenant(own());
    userId = (await own().change(tenant.orgKey, (tx) => tx.users.insert(newUser(tenant)))).id;
  });

  const at = (text: string) => ({ site: text.slice(0, 1), network: text });
  const note = (network: string, now: number) =>
    own().change(tenant.orgKey, async (tx) => {
      await tx.networks.note(userId, at(network), now);
      await tx.networks.forgetOldest(userId, at(network), 3);
    });
  const find = async (network: string, since = 0, orgKey = tenant.orgKey, id = userId) => {
    const found = await own().read(orgKey, (tx) => tx.networks.find(id, at(network), since));
    return [found.isKnown, found.isSiteKnown];
  };

  test('a network is known from its last use on, to one account of one organization', async () => {
    assert.deepEqual(await find('a1'), [false, false]);
    await note('a1', 10);
    await note('a1', 20);
    assert.deepEqual(await find('a1', 19), [true, true]);
    assert.deepEqual(await find('a1', 20), [false, false]);
    assert.deepEqual(await find('a2'), [false, true]);
    assert.deepEqual(await find('b1'), [false, false]);
    assert.deepEqual(await find('a1', 0, tenant.orgKey, '0'.repeat(32)), [false, false]);
    assert.deepEqual(await find('a1', 0, (await addTenant(own())).orgKey), [false, false]);
  });

  test('the network that was used longest ago is forgotten, and never the present one', async () => {
    for (const [index, network] of ['a1', 'b1', 'c1', 'a1', 'd1'].entries()) await note(network, index);
    const known = [];
    for (const network of ['a1', 'b1', 'c1', 'd1']) known.push((await find(network, -1))[0]);
    assert.deepEqual(known, [true, false, true, true]);
    for (const network of ['e1', 'f1', 'g1', 'h1']) await note(network, 9);
    assert.deepEqual(await find('h1'), [true, true]);
  });

  test('all networks are forgotten at once', async () => {
    await note('a1', 1);
    await own().change(tenant.orgKey, (tx) => tx.networks.drop(userId));
    assert.deepEqual(await find('a1'), [false, false]);
  });

  test('a sweep forgets a network after 90 days', async () => {
    await note('a1', 1);
    const sweep = (now: number) => own().changeSystem('job', (tx) => tx.housekeeping.sweep(now, 1_000));
    await sweep(knownNetworkMs);
    assert.deepEqual(await find('a1', 0), [true, true]);
    await sweep(knownNetworkMs + 1);
    assert.deepEqual(await find('a1', 0), [false, false]);
  });
});
