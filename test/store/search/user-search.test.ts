/** The search finds exactly the users that a comparison with every user finds, whatever is in a block and whatever has changed. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { NewUser, User } from '../../../src/core/directory/user.ts';
import { newPrefixedId, type UserId } from '../../../src/core/ids.ts';
import { connectionStates } from '../../../src/core/providers/connection.ts';
import { searchTextOf } from '../../../src/core/search/folding.ts';
import { rankOf, readSearchText } from '../../../src/core/search/search-query.ts';
import type {
  SearchFilter,
  SearchLimits,
  SearchResult,
  WalkedUsers,
  WalkPosition,
} from '../../../src/core/search/user-search-store.ts';
import { SqlUserSearchStore } from '../../../src/store/search/user-search-store.ts';
import { addTenant, databases, newUser, type OwnStore, type Tenant } from '../harness.ts';

const unlimited: SearchLimits = { matchesMax: 100_000, examinedMax: 100_000 };
const count = 450;
const firstNames = [
  'Anna',
  'Änne',
  'Zoë',
  'Łukasz',
  'Søren',
  'Li',
  '明',
  'Đặng',
  "D'Arcy",
  'Anna Maria',
  'Nañez',
];
const lastNames = [
  'Weiß',
  'Müller',
  'García',
  'O’Neill',
  'ŻółĆ',
  'Smith-Jones',
  'Li',
  '小明',
  'Straße',
  null,
];
const domains = ['example.com', 'mail.example.com', 'müller.example', 'COM.example.org'];
const queries = [
  ...[
    'a',
    'an',
    'ann',
    'anna',
    'ANNA',
    'änn',
    'zoe',
    'lukasz',
    'soren',
    'li',
    '明',
    '小明',
    'dang',
    "d'arc",
    'weiss',
  ],
  ...[
    'muller',
    'garcia',
    'neil',
    'zolc',
    'jones',
    'smith-j',
    'com',
    'example',
    '@mail',
    'mail.ex',
    'e',
    'strasse',
    'x',
  ],
  ...[
    'anna muller',
    'muller anna',
    'an mu',
    'anna maria',
    'maria garcia com',
    'anna  weiss',
    'qqqq',
    'zzz zzz',
  ],
  ...[
    '0151',
    '+49 151',
    '0049151',
    '(0151) 20',
    '+49 (0)151 2000',
    '151',
    '15',
    '4',
    '+1',
    'ext-1',
    'ext',
    'e-1',
    'EXT-00',
  ],
];

function peopleOf(tenant: Tenant, count: number): NewUser[] {
  return Array.from({ length: count }, (_, at) => {
    const phone = at % 3 === 0 ? null : `+49151${String(20_000_000 + at * 7_919)}`;
    return newUser(tenant, {
      firstName: firstNames[at % firstNames.length] ?? null,
      lastName: lastNames[(at * 7) % lastNames.length] ?? null,
      email: at % 5 === 4 ? null : `User.${at}.of${at % 13}@${domains[at % domains.length]}`,
      externalId: at % 4 === 0 ? `Ext-${String(at).padStart(4, '0')}` : null,
      ...{ phone, phoneE164: phone },
      status: at % 11 === 0 ? 'pending' : at % 7 === 0 ? 'inactive' : 'active',
      role: at % 50 === 0 ? 'member' : 'parent',
      createdAt: 1_000 + (at % 17) * 10,
      confirmedAt: at % 2 === 0 ? 5 : null,
    });
  });
}

for (const { name, make } of databases) {
  describe(`the search of users on ${name}`, () => {
    let own: OwnStore;
    let tenant: Tenant;
    let other: Tenant;
    before(async () => {
      own = await make();
      tenant = await addTenant(own.store);
      other = await addTenant(own.store);
      // The users of two organizations come in turn, so that the numbers of one are not successive.
      const [ours, theirs] = [peopleOf(tenant, count), peopleOf(other, count)];
      for (let at = 0; at < count; at += 50) {
        for (const [where, people] of [
          [tenant, ours],
          [other, theirs],
        ] as const) {
          await own.store.change(where.orgKey, (tx) => tx.users.insertAll(people.slice(at, at + 50)));
        }
      }
    });
    after(() => own.dispose());

    function allUsers(): Promise<readonly User[]> {
      return own.store.read(
        tenant.orgKey,
        async (tx) => (await tx.users.listOldestFirst(null, null, 10_000)).items,
      );
    }

    function find(text: string, filter: SearchFilter = {}, limits = unlimited): Promise<SearchResult> {
      const { query, faults } = readSearchText(text, 'text');
      assert.deepEqual(faults, []);
      return own.store.read(tenant.orgKey, (tx) => tx.userSearch.find(query, filter, [], limits));
    }

    /** Whom a walk finds, in parts whose ends are between users of one instant. */
    async function walk(text: string, filter: SearchFilter): Promise<readonly UserId[]> {
      const { query } = readSearchText(text, 'text');
      const found: UserId[] = [];
      let from: WalkPosition | null = null;
      do {
        const begin: WalkPosition | null = from;
        const part: WalkedUsers = await own.store.read(tenant.orgKey, (tx) =>
          tx.userSearch.walk({ query, filter, named: [] }, begin, 41),
        );
        found.push(...part.ids);
        from = part.next;
      } while (from !== null);
      return found;
    }

    /** By comparing every user: the ids by rank. */
    function compareAll(
      users: readonly User[],
      text: string,
      filter = (_: User): boolean => true,
    ): Map<number, UserId[]> {
      const { query } = readSearchText(text, 'text');
      const byRank = new Map<number, UserId[]>();
      for (const user of users) {
        const rank = filter(user) ? rankOf(searchTextOf(user), query) : null;
        if (rank !== null) byRank.set(rank, [...(byRank.get(rank) ?? []), user.id]);
      }
      return byRank;
    }

    async function assertRight(): Promise<void> {
      const users = await allUsers();
      const filters = [
        [{}, () => true],
        [
          { status: 'active', isConfirmed: true },
          (user: User) => user.status === 'active' && user.confirmedAt !== null,
        ],
      ] as const;
      const cases = queries.flatMap((text) =>
        filters.map(([filter, accepts]) => ({ text, filter, accepts })),
      );
      await Promise.all(
        cases.map(async ({ text, filter, accepts }) => {
          const wanted = compareAll(users, text, accepts);
          const { ids, isExact } = await find(text, filter);
          assert.equal(isExact, true, text);
          const rankOfId = new Map(
            [...wanted].flatMap(([rank, own]) => own.map((id) => [id, rank] as const)),
          );
          const found = ids.map((id) => rankOfId.get(id));
          assert.deepEqual(found, [...rankOfId.values()].sort(), `${text} ${JSON.stringify(filter)}`);
          assert.equal(new Set(ids).size, rankOfId.size, text);
          const newestFirst = users.filter(({ id }) => rankOfId.has(id)).reverse();
          assert.deepEqual(
            await walk(text, filter),
            newestFirst.map(({ id }) => id),
            `a walk: ${text}`,
          );
        }),
      );
    }

    const inSearch = <T>(work: (search: SqlUserSearchStore) => Promise<T>): Promise<T> =>
      own.store.change(tenant.orgKey, (tx) => {
        assert.ok(tx.userSearch instanceof SqlUserSearchStore);
        return work(tx.userSearch);
      });

    const change = (user: User, changes: Partial<User>): Promise<User> => applied(own, user, changes);

    test('is right while no block is built', assertRight);

    test('is right with users in blocks and outside of them', async () => {
      while ((await inSearch((search) => search.seal(70))) === 0) {
        // Until too few are outside.
      }
      const rows = own.openRows();
      const blocks = (await rows.all('search_blocks')).filter((row) => row['org_key'] === tenant.orgKey);
      await rows.close();
      assert.equal(blocks.length, Math.floor(count / 70));
      await assertRight();
    });

    test('is right after changes, before they are settled and after it', async () => {
      for (const [at, user] of (await allUsers()).entries()) {
        if (at % 9 === 0)
          await change(user, { firstName: 'Quirin', lastName: null, email: `zed${at}@example.net` });
        if (at % 23 === 0)
          await change(user, { phone: '+43 660 1', phoneE164: `+43660${at}`, externalId: `e-${at}` });
      }
      await assertRight();
      while ((await inSearch((search) => search.settle(40))) > 0) {
        // Until all are settled.
      }
      await assertRight();
    });

    test('is right once blocks are joined', async () => {
      const plan = await own.store.read(tenant.orgKey, async (tx) => {
        assert.ok(tx.userSearch instanceof SqlUserSearchStore);
        return tx.userSearch.planMerge(5);
      });
      assert.ok(plan);
      assert.equal(await inSearch((search) => search.merge(plan)), true);
      assert.equal(await inSearch((search) => search.merge(plan)), false);
      await assertRight();
    });

    test('gives the best matches where there are more than it may find, and says that there are more', async () => {
      const few: SearchLimits = { matchesMax: 10, examinedMax: 20 };
      await change((await allUsers())[0] ?? assert.fail(), { firstName: 'Exam', lastName: null });
      const exact = compareAll(await allUsers(), 'exam').get(0) ?? [];
      const { ids, isExact } = await find('exam', {}, few);
      assert.equal(isExact, false);
      assert.deepEqual(ids.slice(0, exact.length), exact);
      assert.ok(ids.length >= few.matchesMax);
    });

    test('combines filters, and lists by them alone, newest first', async () => {
      for (const [at, user] of (await allUsers()).entries()) {
        if (at % 4 === 0)
          await change(user, { lastLoginAt: 1_000 + at, emailProvedAt: at % 8 === 0 ? 9 : null });
        if (at % 10 === 0)
          await change(user, { isClinicalApproved: true, role: at % 20 === 0 ? 'admin' : 'member' });
      }
      const users = await allUsers();
      const connected = new Set<UserId>();
      await own.store.change(tenant.orgKey, async (tx) => {
        for (const [at, user] of users.entries()) {
          const status = connectionStates[at % 9];
          if (status === undefined) continue;
          const id = newPrefixedId('dev');
          const made = { ...{ id, userId: user.id, provider: 'demo', createdAt: 1 } };
          const connection = await tx.connections.insert(made);
          if (status !== 'pending') await tx.connections.update(connection, { status, updatedAt: 2 });
          if (status === 'active' || status === 'needs_user') connected.add(user.id);
        }
      });
      assert.ok(connected.size > 0);
      const cases: readonly (readonly [SearchFilter, (user: User) => boolean])[] = [
        [{ role: 'member' }, ({ role }) => role === 'member'],
        [
          { role: 'admin', isConfirmed: false },
          ({ role, confirmedAt }) => role === 'admin' && confirmedAt === null,
        ],
        [
          { isClinical: true, status: 'active' },
          (user) => user.isClinicalApproved && user.status === 'active',
        ],
        [{ isProved: true }, ({ emailProvedAt }) => emailProvedAt !== null],
        [{ isProved: false, appId: tenant.appId }, ({ emailProvedAt }) => emailProvedAt === null],
        [{ appId: other.appId }, () => false],
        [{ provider: 'demo' }, ({ id }) => connected.has(id)],
        [{ provider: 'fitbit' }, () => false],
        [
          { createdFrom: 1_040, createdUntil: 1_090 },
          ({ createdAt }) => createdAt >= 1_040 && createdAt < 1_090,
        ],
        [
          { seenFrom: 1_100, seenUntil: 1_300 },
          ({ lastLoginAt: at }) => at !== null && at >= 1_100 && at < 1_300,
        ],
        [{ seenUntil: 1_300 }, ({ lastLoginAt: at }) => at !== null && at < 1_300],
      ];
      for (const [filter, accepts] of cases) {
        const title = JSON.stringify(filter);
        const wanted = users.filter(accepts).reverse();
        const listed = await own.store.read(tenant.orgKey, (tx) => tx.userSearch.list(filter, unlimited));
        const ids = listed.users.map(({ id }) => id);
        assert.deepEqual([ids, listed.next], [wanted.map(({ id }) => id), null], title);
        assert.deepEqual(await walk('', filter), ids, title);
        const found = await find('e', filter);
        assert.deepEqual([...found.ids].sort(), [...compareAll(wanted, 'e').values()].flat().sort(), title);
        if (wanted.length < 5) continue;
        const few = await own.store.read(tenant.orgKey, (tx) =>
          tx.userSearch.list(filter, { ...unlimited, matchesMax: 4 }),
        );
        assert.deepEqual(
          [...few.users, few.next].map((each) => each?.seq),
          listed.users.slice(0, 5).map(({ seq }) => seq),
          title,
        );
      }
    });

    test('is checked against the users, and repaired', async () => {
      const check = (repairs: boolean) => own.store.checkSearch(tenant.orgKey, { repairs });
      const { blocks, ...sound } = await check(false);
      assert.ok(blocks > 1);
      assert.deepEqual(sound, { wrong: 0, isRepaired: true });
      // As a program would that does not know the search.
      const [user] = (await allUsers()).slice(60);
      assert.ok(user);
      await own.execute(`update users set last_name = 'Unheard' where id = '${user.id}'`);
      await own.execute(`delete from search_changes`);
      assert.deepEqual(await check(false), { blocks, wrong: 1, isRepaired: false });
      assert.deepEqual(await check(true), { blocks, wrong: 1, isRepaired: true });
      assert.deepEqual(await check(false), { blocks, wrong: 0, isRepaired: true });
      assert.deepEqual((await find('unheard')).ids, [user.id]);
    });

    test('finds no user of another organization', async () => {
      const ours = new Set((await allUsers()).map(({ id }) => id));
      for (const text of ['anna', 'com', 'a']) {
        for (const id of (await find(text)).ids) assert.ok(ours.has(id));
      }
    });
  });
}

function applied(own: OwnStore, user: User, changes: Partial<User>): Promise<User> {
  return own.store.change(user.orgKey, async (tx) => {
    const present = await tx.users.lock({ id: user.id });
    assert.ok(present);
    return tx.users.update(present, changes);
  });
}
