/** Wrong counts of lists of audit events are found, and right again once their lists are counted again. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { operatorAt } from '../../../src/core/access/principal.ts';
import { record } from '../../../src/core/record/audit-event.ts';
import { addTenant, databases } from '../harness.ts';

const all = { userId: null, actorId: null, action: null, since: null, until: null };
const events = 2_500;
const lost = 3;

for (const { name, make } of databases) {
  test(`counts that miss lost events are found and repaired on ${name}`, async (t) => {
    const own = await make();
    t.after(() => own.dispose());
    const { store } = own;
    const { orgKey } = await addTenant(store);
    await addTenant(store);
    const principal = operatorAt('job', orgKey);
    await store.change(orgKey, async (tx) => {
      const subject = { kind: 'organization', id: 'org_1' } as const;
      for (let at = 0; at < events; at++) await record(tx, principal, 'user.read', subject, at);
    });
    while ((await store.change(orgKey, (tx) => tx.audit.archive(500))) > 0);
    const countAll = async (): Promise<void> => {
      while (await store.change(orgKey, (tx) => tx.audit.countMore(700)));
    };
    const totalOf = (): Promise<number> =>
      store.read(orgKey, async (tx) => (await tx.audit.page(all, 0, 1)).total);
    await store.change(orgKey, (tx) => tx.audit.countMore(700));
    assert.deepEqual(await store.findWrongLists(orgKey), [], 'a list that is counted in part is right');
    await countAll();
    assert.deepEqual(await store.findWrongLists(orgKey), []);
    assert.equal(await totalOf(), events);

    await own.execute(`delete from audit_archive where at < ${lost}`);
    const wrong = await store.findWrongLists(orgKey);
    assert.deepEqual([...wrong].sort(), ['action user.read', 'all']);
    assert.deepEqual(await store.findWrongLists(orgKey + 1), []);
    await store.recountLists(orgKey, wrong);
    assert.equal(
      await totalOf(),
      events - lost,
      'until they are counted again, lists count along their index',
    );
    await countAll();
    assert.deepEqual(await store.findWrongLists(orgKey), []);
    assert.equal(await totalOf(), events - lost);
  });
}
