/** A list with a filter is read part by part to its end: each user once and none missing, also while users come and go. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { UserRole } from '../../../src/core/directory/user.ts';
import type { UserId } from '../../../src/core/ids.ts';
import type {
  ListedUsers,
  SearchFilter,
  SearchLimits,
  WalkPosition,
} from '../../../src/core/search/user-search-store.ts';
import { addTenant, databases, newUser, type OwnStore, type Tenant } from '../harness.ts';

const members = 1_200;
const limits: SearchLimits = { matchesMax: 500, examinedMax: 10_000 };

for (const { name, make } of databases) {
  describe(`a list with a filter on ${name}`, () => {
    let own: OwnStore;
    let tenant: Tenant;
    before(async () => {
      own = await make();
      tenant = await addTenant(own.store);
      const other = await addTenant(own.store);
      await add(other, 'member', 300, 1_000);
      for (let at = 0; at < members; at += 300) {
        await add(tenant, 'member', 300, 1_000 + at);
        await add(tenant, 'parent', 100, 1_000 + at);
        await add(tenant, 'admin', 20, 1_000 + at);
      }
    });
    after(() => own.dispose());

    /** Five of them have the same instant. */
    async function add(to: Tenant, role: UserRole, count: number, createdAt: number): Promise<void> {
      const users = Array.from({ length: count }, (_, at) =>
        newUser(to, { role, createdAt: createdAt + Math.floor(at / 5) }),
      );
      await own.store.change(to.orgKey, (tx) => tx.users.insertAll(users));
    }

    async function idsOf(filter: SearchFilter): Promise<readonly UserId[]> {
      const { items } = await own.store.read(tenant.orgKey, (tx) =>
        tx.users.listOldestFirst(null, null, 10_000),
      );
      return items.filter(({ role }) => role === filter.role).map(({ id }) => id);
    }

    async function* parts(
      filter: SearchFilter,
      size: number,
      examinedMax = limits.examinedMax,
    ): AsyncGenerator<ListedUsers> {
      let from: WalkPosition | null = null;
      do {
        const begin: WalkPosition | null = from;
        const part: ListedUsers = await own.store.read(tenant.orgKey, (tx) =>
          tx.userSearch.list(filter, { matchesMax: size, examinedMax }, begin),
        );
        yield part;
        from = part.next;
      } while (from !== null);
    }

    async function readAll(...of: Parameters<typeof parts>): Promise<readonly UserId[]> {
      const read = await Array.fromAsync(parts(...of));
      return read.flatMap(({ users }) => users.map(({ id }) => id));
    }

    test('has everyone once, newest first, however large its parts are', async () => {
      for (const role of ['member', 'admin'] as const) {
        const wanted = (await idsOf({ role })).toReversed();
        assert.equal(wanted.length, role === 'member' ? members : 80);
        for (const filter of [{ role }, { role, status: 'active' }, { role, appId: tenant.appId }] as const) {
          assert.deepEqual(await readAll(filter, 100), wanted, JSON.stringify(filter));
          assert.deepEqual(await readAll(filter, 37, 73), wanted, JSON.stringify(filter));
        }
      }
    });

    test('goes on where the work of a part is done, and tells how far it has come', async () => {
      const { items } = await own.store.read(tenant.orgKey, (tx) =>
        tx.users.listOldestFirst(null, null, 10_000),
      );
      const all = items.length;
      let looked = 0;
      let found = 0;
      for await (const { users, next } of parts({ role: 'parent' }, 500, 250)) {
        found += users.length;
        looked = Math.min(all, looked + 250);
        if (next === null) assert.equal(looked, all);
        else {
          const progress = await own.store.read(tenant.orgKey, (tx) => tx.userSearch.progressAt(next));
          assert.deepEqual(progress, { looked, all });
        }
      }
      assert.equal(found, 400);
    });

    test('has everyone who stays once, while users are added and deleted', async () => {
      const present = await idsOf({ role: 'member' });
      const read: UserId[] = [];
      const gone = new Set<UserId>();
      let step = 0;
      for await (const { users } of parts({ role: 'member' }, 100)) {
        read.push(...users.map(({ id }) => id));
        step++;
        await add(tenant, 'member', 7, 900 + step * 100);
        // The next one, where the list goes on, one that was read, and one that is far from it.
        const unread = present.filter((id) => !read.includes(id) && !gone.has(id));
        const leaving = [unread.at(-1), unread[0], users[3]?.id].filter((id) => id !== undefined);
        for (const id of new Set(leaving)) {
          gone.add(id);
          await own.store.change(tenant.orgKey, async (tx) => {
            const user = await tx.users.find({ id });
            assert.ok(user !== null && (await tx.users.erase(user, [])) !== null);
          });
        }
      }
      assert.ok(step >= 12, String(step));
      assert.equal(new Set(read).size, read.length);
      const readOnes = new Set(read);
      assert.deepEqual(
        present.filter((id) => !gone.has(id) && !readOnes.has(id)),
        [],
      );
    });
  });
}
