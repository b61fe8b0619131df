import assert from 'node:assert/strict';
import { test } from 'node:test';
import { tables } from '../../../src/store/schema/personal-data.ts';
import { placements } from '../../../src/store/schema/placement.ts';
import { addTenant, databases, newUser } from '../harness.ts';
import { leaveTraces } from './user-traces.ts';

/** Whether the rows are on the machine of their user. */
const isBeside = ([table]: readonly [string, unknown]): boolean => placements.get(table) === 'org_key';
const digests = ['digest-of-email', 'digest-of-phone'];

for (const { name, make } of databases) {
  test(`an erased user leaves only audit events on ${name}, and no other user loses a row`, async (t) => {
    const own = await make();
    t.after(() => own.dispose());
    const { store } = own;
    const tenant = await addTenant(store);
    const other = await addTenant(store);
    const add = async ({ orgKey, appId }: typeof tenant, known: readonly string[]) =>
      store.change(orgKey, async (tx) => {
        const inserted = await tx.users.insert(newUser({ appId }));
        const user = await tx.users.update(inserted, { firstName: 'Renamed' });
        await leaveTraces(tx, user.id, known);
        return user;
      });
    const user = await add(tenant, digests);
    const neighbour = await add(tenant, ['digest-of-another']);
    const stranger = await add(other, digests);

    const rows = own.openRows();
    t.after(() => rows.close());
    const naming = async (table: string, names: readonly string[]) =>
      (await rows.all(table)).filter((row) => names.some((name) => Object.values(row).includes(name))).length;
    const countStrangers = () =>
      Promise.all(deleting.map(([table]) => rows.count(table, `org_key = ${other.orgKey}`)));
    const deleting = Object.entries(tables).filter(([, { onErase }]) => onErase.do === 'delete');
    assert.equal(deleting.length, 22);
    const others = [neighbour.id, stranger.id, 'digest-of-another'];
    const before = new Map<string, number>();
    for (const [table] of deleting) {
      before.set(table, await naming(table, others));
      assert.ok((await naming(table, [user.id, ...digests])) > 0, `${table} has a row of the user`);
      assert.ok((before.get(table) ?? 0) > 0, `${table} has a row of others`);
    }
    const strangers = await countStrangers();

    const erase = () => store.change(tenant.orgKey, (tx) => tx.users.erase(user, digests));
    const removed = await erase();
    const byDigest = ['password_requests', 'throttle_hits', 'day_counts'];
    assert.deepEqual(
      removed,
      Object.fromEntries(
        deleting.filter(isBeside).map(([table]) => {
          // A wrong password is counted for its network, and for the group of the network.
          if (table === 'login_failures') return [table, 2 * digests.length];
          return [table, byDigest.includes(table) ? digests.length : 1];
        }),
      ),
    );
    assert.equal(await erase(), null);
    // What may be on another machine goes with the second pass.
    const trace = { userId: user.id, digests, destinations: digests };
    const later = await store.change(tenant.orgKey, (tx) => tx.erasures.eraseRows(trace));
    assert.deepEqual(later, { message_hits: digests.length });

    for (const table of await rows.tables()) {
      const kept = table === 'audit_events' ? 1 : 0;
      assert.equal(await naming(table, [user.id]), kept, `${table} names the user`);
    }
    for (const [table] of deleting) {
      assert.equal(await naming(table, others), before.get(table), `${table} keeps the rows of others`);
      const ours = (await rows.all(table)).filter((row) => row['org_key'] === tenant.orgKey);
      assert.ok(!ours.some((row) => digests.some((digest) => Object.values(row).includes(digest))), table);
    }
    assert.deepEqual(await countStrangers(), strangers);
  });
}
