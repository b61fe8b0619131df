/** Users are found as one types an id or a number, whatever else matches, and the result says where there are more of them. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { NewUser } from '../../../src/core/directory/user.ts';
import type { UserId } from '../../../src/core/ids.ts';
import { readSearchText } from '../../../src/core/search/search-query.ts';
import type {
  SearchFilter,
  SearchLimits,
  SearchResult,
  WalkedUsers,
  WalkPosition,
} from '../../../src/core/search/user-search-store.ts';
import { addTenant, newUser, suiteOnEveryDatabase, type Tenant } from '../harness.ts';

const limits: SearchLimits = { matchesMax: 500, examinedMax: 1_000 };
const mostOf = 400;

const id = (start: string): UserId => start.padEnd(32, '7');

suiteOnEveryDatabase('a search by the beginning of an id or a number', (own) => {
  const find = (tenant: Tenant, text: string, filter: SearchFilter = {}): Promise<SearchResult> => {
    const { query } = readSearchText(text, 'text');
    return own().read(tenant.orgKey, (tx) => tx.userSearch.find(query, filter, [], limits));
  };
  const add = (tenant: Tenant, ...users: Partial<NewUser>[]): Promise<unknown> =>
    own().change(tenant.orgKey, (tx) => tx.users.insertAll(users.map((fields) => newUser(tenant, fields))));

  async function walk(tenant: Tenant, text: string): Promise<readonly UserId[]> {
    const { query } = readSearchText(text, 'text');
    const found: UserId[] = [];
    let from: WalkPosition | null = null;
    do {
      const begin: WalkPosition | null = from;
      const part: WalkedUsers = await own().read(tenant.orgKey, (tx) =>
        tx.userSearch.walk({ query, filter: {}, named: [] }, begin, 7),
      );
      found.push(...part.ids);
      from = part.next;
    } while (from !== null);
    return found;
  }

  test('finds an id in every spelling, from four digits on', async () => {
    const tenant = await addTenant(own());
    const wanted = id('d8b61b7f00c3');
    await add(tenant, { id: wanted }, { id: id('d8b7') });
    for (const text of [
      ...['d8b6', 'D8B61', 'd8b61b7', 'usr_d8b6', 'USR_D8B61B7f0', 'd8b61b7f-', 'D8B61B7F-00c3-7'],
      wanted.slice(0, 31),
    ]) {
      assert.deepEqual(await find(tenant, text), { ids: [wanted], isExact: true }, text);
      assert.deepEqual(await walk(tenant, text), [wanted], `a walk: ${text}`);
    }
    for (const text of ['d8b', 'usr_d8b', 'd8b61b8', '8b61']) {
      assert.deepEqual(await find(tenant, text), { ids: [], isExact: true }, text);
    }
  });

  test('finds a number of any length, from four digits on', async () => {
    const tenant = await addTenant(own());
    const numbers = [7624902047317422, 762491000000000, 7624910, 76249, 7624, Number.MAX_SAFE_INTEGER];
    const ids = numbers.map((_, at) => id(`a${at}`));
    await add(tenant, ...numbers.map((number, at) => ({ number, id: id(`a${at}`) })));
    for (let digits = 4; digits < 16; digits++) {
      for (const number of numbers) {
        const text = String(number).slice(0, digits);
        const wanted = ids.filter((_, at) => String(numbers[at]).startsWith(text)).sort();
        const { ids: found, isExact } = await find(tenant, text);
        assert.deepEqual([[...found].sort(), isExact], [wanted, true], text);
        assert.deepEqual([...(await walk(tenant, text))].sort(), wanted, `a walk: ${text}`);
      }
    }
    for (const text of ['762', '762492', '07624', '9007199254740992', '999999999999999']) {
      assert.deepEqual(await find(tenant, text), { ids: [], isExact: true }, text);
    }
  });

  test('puts every match of a text before an id that begins so', async () => {
    const tenant = await addTenant(own());
    const [byId, byNumber, byWord, byName] = [id('edda'), id('01'), id('02'), id('03')];
    await add(
      tenant,
      { id: byId, number: 21, firstName: 'Aaron' },
      { id: byNumber, number: 1234567, firstName: 'Aaron' },
      { id: byWord, number: 22, email: 'zoe@edda.example', phoneE164: '+4912345', phone: '+4912345' },
      { id: byName, number: 23, firstName: 'Edda' },
    );
    assert.deepEqual(await find(tenant, 'edda'), { ids: [byName, byWord, byId], isExact: true });
    assert.deepEqual(await find(tenant, '12345'), { ids: [byWord, byNumber], isExact: true });
  });

  test('finds no user of another organization', async () => {
    const [tenant, other] = [await addTenant(own()), await addTenant(own())];
    await add(other, { id: id('beef1'), number: 5_555_000 });
    for (const text of ['beef1', '5555']) {
      assert.deepEqual(await find(tenant, text), { ids: [], isExact: true }, text);
    }
  });

  test('finds some of very many, and says that there are more, also where a filter rules out all of those', async () => {
    const tenant = await addTenant(own());
    const many = Array.from(
      { length: mostOf },
      (_, at) =>
        ({
          id: id(`cafe${String(at).padStart(5, '0')}`),
          number: 6_000_000 + at,
          role: at === mostOf - 1 ? 'member' : 'parent',
        }) satisfies Partial<NewUser>,
    );
    await add(tenant, ...many);
    for (const text of ['cafe', '6000']) {
      const { ids, isExact } = await find(tenant, text);
      assert.deepEqual([ids.length < mostOf, ids.length >= 100, isExact], [true, true, false], text);
      assert.equal((await find(tenant, text, { role: 'member' })).isExact, false, text);
      assert.equal((await walk(tenant, text)).length, mostOf, text);
    }
    const last = many.at(-1);
    for (const text of ['cafe00399', '6000399']) {
      assert.deepEqual(await find(tenant, text), { ids: [last?.id], isExact: true }, text);
    }
  });
});
