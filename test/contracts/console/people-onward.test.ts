/** A list of people with a filter leads to everyone who matches, page by page. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Principal } from '../../../src/core/access/principal.ts';
import { newUserOf } from '../../../src/core/directory/user-lifecycle.ts';
import { findPeople } from '../../../src/core/people/find-people.ts';
import { readSearchText } from '../../../src/core/search/search-query.ts';
import { setUp, setUpRoster } from '../../support/server/set-up.ts';
import type { Tenant } from '../../support/server/start.ts';

const members = 1_200;
const roster = setUpRoster();
const tenant = setUp(async () => {
  const added = await roster.addOrganization();
  await addMembers(added);
  return added;
});
const support = setUp(() => tenant.staff('support'));
const engineer = setUp(() => tenant.staff('engineer'));
const stranger = setUp(() => roster.organization.staff('owner'));
const path = 'GET /console/api/v1/people';

function addMembers({ key, app }: Tenant): Promise<unknown> {
  const now = roster.clock.now();
  const users = Array.from({ length: members }, (_, at) => ({
    ...newUserOf(app.appId, now - Math.floor(at / 5)),
    ...({ role: 'member', status: at % 3 === 0 ? 'active' : 'pending' } as const),
  }));
  return roster.core.work.change(key, (tx) => tx.users.insertAll(users));
}

describe('GET /people with a filter', () => {
  test('leads to everyone who matches, once, and tells the exact number at the end', async () => {
    for (const { filter, ask, count } of [
      { filter: 'role=member', ask: support.ask, count: members },
      { filter: 'role=member', ask: engineer.ask, count: members },
      { filter: 'proved=no&status=pending', ask: support.ask, count: 800 },
    ]) {
      const found = new Set<string>();
      let query = `${filter}&pageSize=100`;
      for (let page = 1; ; page++) {
        const reply = await roster.call(`${path}?${query}`, ask);
        assert.equal(reply.status, 200, reply.text);
        const items = reply.at('items') as { id: string }[];
        assert.deepEqual([reply.at('page'), reply.at('offset'), items.length], [page, found.size, 100]);
        for (const { id } of items) found.add(id);
        const isNear = count - (page - 1) * 100 <= 500;
        assert.equal(reply.at('isExact'), isNear, String(page));
        assert.equal(reply.at('total'), isNear ? count : (page - 1) * 100 + 500);
        assert.equal(reply.at('progress'), null);
        const next = reply.at('next');
        if (next === null) break;
        query = `${filter}&pageSize=100&after=${encodeURIComponent(String(next))}`;
      }
      assert.equal(found.size, count);
    }
  });

  test('goes on after any page by its number, and past the last of these', async () => {
    const after = async (page: number) => {
      const first = await roster.call(`${path}?role=member&pageSize=100&page=${page}`, support.ask);
      const next = encodeURIComponent(first.string('next'));
      return roster.call(`${path}?role=member&pageSize=100&after=${next}`, support.ask);
    };
    for (const [page, offset] of [
      [1, 100],
      [5, 500],
      [9, 500],
    ] as const) {
      assert.equal((await after(page)).at('offset'), offset, String(page));
    }
  });

  test('takes only what a page of the same filters and organization has given', async () => {
    const next = (await roster.call(`${path}?role=member`, support.ask)).string('next');
    const given = encodeURIComponent(next);
    assert.doesNotMatch(next, /member|createdAt/);
    const refused = [
      ...[`role=parent&after=${given}`, `after=${given}`, `status=pending&after=${given}`],
      ...[`role=member&q=jane&after=${given}`, `role=member&page=2&after=${given}`],
      ...[`role=member&after=${given}x`, 'role=member&after=1', `role=member&after=${given}&after=${given}`],
    ];
    for (const query of refused) {
      const reply = await roster.call(`${path}?${query}`, support.ask);
      assert.deepEqual([reply.status, reply.at('error.fields.after.fault')], [422, 'invalid'], query);
    }
    const foreign = await roster.call(`${path}?role=member&after=${given}`, stranger.ask);
    assert.equal(foreign.status, 422);
    const counted = await roster.call(`${path}?status=pending`, support.ask);
    assert.deepEqual([counted.at('total'), counted.at('isExact'), counted.at('next')], [800, true, null]);
  });

  test('says how many it has looked at where few match, and goes on from there', async () => {
    const { key } = tenant;
    const { staffId } = support;
    const principal: Principal = {
      ...({ kind: 'staff', door: 'console', role: 'support' } as const),
      ...{ orgKey: key, staffId, sessionId: '0'.repeat(32), freshUntil: 0 },
    };
    const { query } = readSearchText('', 'q');
    let after: string | undefined;
    const looked: (number | undefined)[] = [];
    for (;;) {
      const found = await findPeople(roster.core, principal, {
        ...{ query, filter: { role: 'parent', isConfirmed: true } as const, page: { page: 1, size: 50 } },
        ...{ limits: { matchesMax: 500, examinedMax: 500 }, after },
      });
      looked.push(found.progress?.looked);
      if (found.next === null) {
        assert.deepEqual([found.total, found.isExact], [0, true]);
        break;
      }
      assert.equal(found.progress?.all, members);
      after = found.next;
    }
    assert.deepEqual(looked, [500, 1_000, undefined]);
  });
});
