/** The export of the people who match a text and filters, as CSV: who is in it, what a cell is, for whom, and its record. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { NewUser, User } from '../../../src/core/directory/user.ts';
import { newUserOf } from '../../../src/core/directory/user-lifecycle.ts';
import { isRefusal, refuse } from '../../../src/core/errors.ts';
import { toUserIdText } from '../../../src/core/ids.ts';
import { exportPeople } from '../../../src/core/people/export-people.ts';
import { readSearchText } from '../../../src/core/search/search-query.ts';
import type { SearchFilter } from '../../../src/core/search/user-search-store.ts';
import { minuteMs } from '../../../src/core/time.ts';
import { splitCsv } from '../../../src/core/transfer/csv.ts';
import type { UnitOfWork } from '../../../src/core/unit-of-work.ts';
import { staffOf } from '../../people/people.ts';
import { addPerson } from '../../support/contracts/people.ts';
import { setUp, setUpLedger, setUpRoster } from '../../support/server/set-up.ts';
import { expectRoles } from './roles.ts';

const roster = setUpRoster();
const privacy = setUp(() => roster.organization.staff('privacy'));
const ledger = setUpLedger(roster);
const path = '/console/api/v1/people-export';
const header =
  'id,number,appId,externalId,email,name,phone,status,role,isClinicalApproved,confirmedAt,emailProvedAt,phoneProvedAt,createdAt,lastLoginAt';

const get = (query = '', ask = privacy.ask) =>
  fetch(`${roster.baseUrl}${path}${query}`, { headers: ask.headers });

/** The lines of a file without the header, as cells. Only for files without a line break in a cell. */
async function linesOf(query: string, ask = privacy.ask): Promise<readonly string[][]> {
  const reply = await get(query, ask);
  assert.equal(reply.status, 200);
  const [first, ...rest] = (await reply.text()).split('\r\n');
  assert.equal(first, header);
  assert.equal(rest.pop(), '', 'the last line has an end');
  return rest.map((line) => splitCsv(line) ?? assert.fail(line));
}

/** Adds many people of one last name, each a minute older than the next. */
async function addMany(count: number, lastName: string): Promise<readonly string[]> {
  const { key, app } = roster.organization;
  const now = roster.clock.now();
  const people = Array.from({ length: count }, (_, at): NewUser => {
    const createdAt = now - (count - Math.floor(at / 2)) * minuteMs;
    return { ...newUserOf(app.appId, createdAt), lastName, role: at % 3 === 0 ? 'member' : 'parent' };
  });
  await roster.core.work.change(key, (tx) => tx.users.insertAll(people));
  return people.map(({ id }) => id);
}

describe('the export of the people who match', () => {
  test('is a CSV file with what the list shows, and is recorded once, with names of filters alone', async () => {
    const { userId } = await addPerson(roster, { firstName: 'Zoë', lastName: 'Fennimore', status: 'active' });
    await addPerson(roster, { firstName: 'Ada', lastName: 'Fennimore', status: 'inactive' });
    await ledger.mark();
    const reply = await get('?q=Fennimore&status=active&role=&seenTo=');
    assert.equal(reply.status, 200);
    assert.equal(reply.headers.get('content-type'), 'text/csv; charset=utf-8');
    assert.equal(reply.headers.get('content-disposition'), 'attachment; filename="people.csv"');
    assert.equal(reply.headers.get('cache-control'), 'no-store');
    const [first, line, ...rest] = Buffer.from(await reply.arrayBuffer())
      .toString('utf8')
      .split('\r\n');
    assert.equal(first, header);
    assert.deepEqual(rest, ['']);
    await ledger.expect({
      audit: [
        {
          ...{ action: 'user.exported', door: 'console', actor_kind: 'staff', actor_id: privacy.staffId },
          ...{ subject_kind: 'users', subject_id: 'organization', users: 1, fields: 'status,q' },
        },
      ],
    });
    const listed = await roster.call('GET /console/api/v1/people?q=Fennimore&status=active', privacy.ask);
    const shown = Object(listed.at('items.0'));
    assert.equal(shown.id, userId);
    assert.deepEqual(
      splitCsv(line ?? ''),
      header.split(',').map((name) => (shown[name] === null ? '' : String(shown[name]))),
    );
    await ledger.mark();
    assert.deepEqual(await linesOf('?q=nobody%20is%20called%20so'), []);
    assert.deepEqual(await linesOf('?appId=app_unknown'), []);
    const none = { action: 'user.exported', users: 0 };
    await ledger.expect({
      audit: [
        { ...none, fields: 'q' },
        { ...none, fields: 'appId' },
      ],
    });
  });

  test('makes formulas harmless, and quotes commas, quotes and line breaks', async () => {
    const names = [
      ...['=HYPERLINK("http://x.example";"a")', '+1+1', '-2', '@SUM(1)', '\tx', ' =1', '＝1'],
      ...['a,b', 'say "no"', 'one\r\ntwo', "'=1", "O'Neil", 'Zoë'],
    ];
    const added = new Map<string, string>();
    for (const firstName of names) {
      const { userId } = await addPerson(roster, { firstName, externalId: firstName });
      added.set(userId, firstName);
    }
    const text = await (await get()).text();
    const whole = text.replace('one\r\ntwo', 'one\ntwo').replace('one\r\ntwo', 'one\ntwo');
    const cells = whole.split('\r\n').map((line) => splitCsv(line) ?? assert.fail(line));
    for (const [userId, name] of added) {
      const line = cells.find(([id]) => id === userId) ?? assert.fail(userId);
      const harmless = /^'?\s*[=+\-@＝]|^\t/.test(name) ? `'${name}` : name;
      assert.equal(line[3], harmless.replace('\r\n', '\n'), JSON.stringify(name));
      assert.doesNotMatch(line[5] ?? '', /^[=+\-@\t]/);
      assert.equal(line.length, 15);
    }
    assert.ok(text.includes('"say ""no"""') && text.includes('"one\r\ntwo"'));
  });

  test('has everyone who matches, once, more than a search finds, although people come and go meanwhile', async () => {
    const ids = await addMany(1_150, 'Wanderley');
    const cases: readonly (readonly [string, SearchFilter, (at: number) => boolean])[] = [
      ['wanderley', {}, () => true],
      ['', { role: 'member' }, (at) => at % 3 === 0],
      ['wander', { role: 'member', appId: roster.organization.app.appId }, (at) => at % 3 === 0],
    ];
    for (const [typed, filter, accepts] of cases) {
      const seen = await exported(typed, filter, async (part) => {
        if (part !== 1) return;
        await addMany(3, 'Wanderley-Late');
        await addPerson(roster, { lastName: 'Wanderley', role: 'member' });
      });
      const ours = seen.filter((id) => ids.includes(id));
      assert.deepEqual(ours, ids.filter((_, at) => accepts(at)).reverse(), typed);
      assert.equal(new Set(seen).size, seen.length, typed);
    }
    const overHttp = (await linesOf('?q=wanderley&role=parent')).map(([id]) => id);
    const wanted = new Set(ids.filter((_, at) => at % 3 !== 0).map((id) => toUserIdText(id)));
    assert.equal(overHttp.filter((id) => wanted.has(id ?? '')).length, wanted.size);
    assert.equal(new Set(overHttp).size, overHttp.length);
  });

  test('finds whom the list finds by an id, a number, an email or the beginning of an id', async () => {
    const email = 'only.this@example.com';
    const { userId, number } = await addPerson(roster, { email });
    const hex = userId.replace('usr_', '');
    for (const text of [userId, hex, hex.slice(0, 12), String(number), email, email.toUpperCase()]) {
      const found = (await linesOf(`?q=${encodeURIComponent(text)}`)).map(([id]) => id);
      assert.ok(found.includes(userId), text);
    }
    assert.deepEqual(await linesOf(`?q=${userId}&status=inactive`), []);
  });

  test('is recorded before the first person leaves, and hands out nobody where that fails', async () => {
    await addMany(1_001, 'Leavable');
    const input = { query: readSearchText('leavable', 'q').query, filter: {}, filterNames: ['q'] };
    const owner = staffOf(roster, 'owner');
    await ledger.mark();
    const people = exportPeople(roster.core, owner, input);
    for await (const part of people) {
      assert.ok(part.length <= 500, 'a part has a bound');
      if (part.length > 0) break;
    }
    await ledger.expect({ audit: [{ action: 'user.exported', users: 1_001, fields: 'q' }] });

    const failing = exportPeople({ ...roster.core, work: unwritable() }, owner, input);
    let handedOut = 0;
    await assert.rejects(
      async () => {
        for await (const part of failing) handedOut += part.length;
      },
      (error) => isRefusal(error, 'unavailable'),
    );
    assert.equal(handedOut, 0);
    await ledger.expect({});
  });

  test('is for owners and privacy staff with a fresh factor, and for their own organization', async () => {
    await expectRoles({ roster }, ['owner', 'privacy'], `GET ${path}`);
    await addPerson(roster, { email: 'ours@example.com' });
    const stranger = await (await roster.addOrganization()).staff('owner');
    assert.deepEqual(await linesOf('?q=ours@example.com', stranger.ask), []);
    const theirs = (await linesOf('', stranger.ask)).map(([, , appId]) => appId);
    assert.ok(!theirs.includes(roster.organization.app.appId));
    const ofApp = `?appId=${roster.organization.app.appId}`;
    assert.deepEqual(await linesOf(ofApp, stranger.ask), []);
    await ledger.mark();
    const faulty = await roster.call(`GET ${path}?role=king&createdFrom=soon`, privacy.ask);
    assert.equal(faulty.status, 422);
    assert.deepEqual(Object.keys(Object(faulty.at('error.fields'))).sort(), ['createdFrom', 'role']);
    const anonymous = await roster.call(`GET ${path}`);
    assert.deepEqual([anonymous.status, anonymous.at('error.code')], [401, 'unauthorized']);
    await ledger.expect({});
    roster.clock.advance(6 * minuteMs);
    const late = await roster.call(`GET ${path}`, privacy.ask);
    assert.deepEqual([late.status, late.at('error.code')], [403, 'fresh_factor_required']);
  });

  /** Reads as ever, and refuses every change, as with a full disk. */
  function unwritable(): UnitOfWork {
    return new Proxy(roster.core.work, {
      get(work, name) {
        if (name === 'change') return () => Promise.reject(refuse('unavailable', { retryAfterSeconds: 1 }));
        const value = Reflect.get(work, name);
        return typeof value === 'function' ? value.bind(work) : value;
      },
    });
  }

  async function exported(
    typed: string,
    filter: SearchFilter,
    between: (part: number) => Promise<void>,
  ): Promise<readonly User['id'][]> {
    const { query } = readSearchText(typed, 'q');
    const seen: User['id'][] = [];
    let part = 0;
    for await (const people of exportPeople(roster.core, staffOf(roster, 'owner'), {
      ...{ query, filter, filterNames: [] },
    })) {
      seen.push(...people.map(({ id }) => id));
      if (people.length > 0) await between(++part);
    }
    assert.ok(part > 2, 'there are several parts');
    return seen;
  }
});
