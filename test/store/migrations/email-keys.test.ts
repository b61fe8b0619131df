/** The upgrade to keys of emails that have A-labels. */
import assert from 'node:assert/strict';
import { after, before, describe } from 'node:test';
import type { NewUser } from '../../../src/core/directory/user.ts';
import { renewEmailKeys } from '../../../src/store/migrations/email-keys.ts';
import type { Store } from '../../../src/store/store.ts';
import { slowTest as test } from '../../support/effort.ts';
import { addTenant, databases, newUser, type OwnStore, type Tenant } from '../harness.ts';
import { onTarget } from './on-target.ts';

for (const { name, make } of databases) {
  describe(`the keys of emails on ${name}`, () => {
    let own: OwnStore;
    let store: Store;
    before(async () => {
      own = await make();
      store = own.store;
    });
    after(() => own.dispose());

    /** Adds users as an older program stored them: the key is the email in lower case. */
    async function addEarlier(tenant: Tenant, users: readonly (Partial<NewUser> & { email: string })[]) {
      const added = users.map((fields) => newUser(tenant, { ...fields, email: null }));
      await store.change(tenant.orgKey, (tx) => tx.users.insertAll(added));
      for (const [at, { id }] of added.entries()) {
        const email = users[at]?.email ?? '';
        const values = `email = '${email}', email_canonical = '${email.toLowerCase()}'`;
        await own.execute(`update users set ${values} where id = '${id}'`);
      }
      return added.map(({ id }) => id);
    }

    const upgrade = () => onTarget(own, renewEmailKeys);

    const find = async ({ orgKey }: Tenant, email: string) =>
      (await store.read(orgKey, (tx) => tx.users.findByEmail(email)))?.id;

    test('become those of A-labels, and every spelling finds the user', async () => {
      const tenant = await addTenant(store);
      const [id, plain] = await addEarlier(tenant, [
        { email: 'Ana@bücher.example' },
        { email: 'Bob@example.com' },
      ]);
      await upgrade();
      for (const email of ['ana@xn--bcher-kva.example', 'ANA@BÜCHER.example', 'ana@bu\u0308cher.example']) {
        assert.equal(await find(tenant, email), id);
      }
      assert.equal(await find(tenant, 'bob@example.com'), plain);
      assert.deepEqual(await store.listEmailPairs(tenant.orgKey), []);
      const double = newUser(tenant, { email: 'ana@xn--bcher-kva.example' });
      await assert.rejects(
        store.change(tenant.orgKey, (tx) => tx.users.insert(double)),
        { code: 'email_taken' },
      );
    });

    test('of two users with one mailbox the older has the key, and each is found by its spelling', async () => {
      const tenant = await addTenant(store);
      const [younger, older] = await addEarlier(tenant, [
        { email: 'ana@ｂücher.example', createdAt: 2_000 },
        { email: 'ana@bücher.example', createdAt: 1_000 },
      ]);
      await upgrade();
      await upgrade();
      assert.equal(await find(tenant, 'ana@bücher.example'), older);
      assert.equal(await find(tenant, 'ana@xn--bcher-kva.example'), older);
      assert.equal(await find(tenant, 'ana@ｂücher.example'), younger);
      assert.deepEqual(await store.listEmailPairs(tenant.orgKey), [{ holderId: older, otherId: younger }]);
    });

    test('a user whose spelling is the key keeps it, because it is found by nothing else', async () => {
      const tenant = await addTenant(store);
      const [older, younger] = await addEarlier(tenant, [
        { email: 'ana@bücher.example', createdAt: 1_000 },
        { email: 'ana@xn--bcher-kva.example', createdAt: 2_000 },
      ]);
      await upgrade();
      assert.equal(await find(tenant, 'ana@bücher.example'), older);
      assert.equal(await find(tenant, 'ana@xn--bcher-kva.example'), younger);
      assert.deepEqual(await store.listEmailPairs(tenant.orgKey), [{ holderId: younger, otherId: older }]);
    });

    test('of another organization do not matter', async () => {
      const tenants = [await addTenant(store), await addTenant(store)];
      const ids: (string | undefined)[] = [];
      for (const tenant of tenants) ids.push(...(await addEarlier(tenant, [{ email: 'x@straße.example' }])));
      await upgrade();
      for (const [at, tenant] of tenants.entries()) {
        assert.equal(await find(tenant, 'x@xn--strae-oqa.example'), ids[at]);
      }
    });

    test('are all renewed after a stop between two batches', async () => {
      const tenant = await addTenant(store);
      const users = Array.from({ length: 1_200 }, () => newUser(tenant));
      await store.change(tenant.orgKey, (tx) => tx.users.insertAll(users));
      const email = "'u' || number || '@bücher.example'";
      await own.execute(
        `update users set email = ${email}, email_canonical = ${email} where org_key = ${tenant.orgKey}`,
      );
      await onTarget(own, async (target) => {
        let batches = 0;
        const inBatch = target.inBatch.bind(target);
        target.inBatch = (work) => {
          if (++batches === 3) throw new Error('stopped');
          return inBatch(work);
        };
        await assert.rejects(renewEmailKeys(target), /stopped/);
      });
      await upgrade();
      for (const { number, id } of [users.at(0), users.at(600), users.at(-1)].filter(
        (each) => each !== undefined,
      )) {
        assert.equal(await find(tenant, `u${number}@xn--bcher-kva.example`), id);
      }
    });
  });
}
