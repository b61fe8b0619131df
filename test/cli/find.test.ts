/** The command `user find`, on the data folder of a running server. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { toUserIdText } from '../../src/core/ids.ts';
import {
  type Json,
  makeFolder,
  refused,
  removeFolder,
  roster,
  rosterJson,
  type Serving,
  serve,
} from './program.ts';

let folder: string;
let server: Serving;
let org: string;
/** The newest first. */
let people: readonly Found[];

interface Found {
  readonly id: string;
  readonly number: number;
  readonly externalId: string | null;
}

before(async () => {
  folder = await makeFolder();
  server = await serve(folder);
  org = server.output.text('organization.id');
  const key = server.output.text('apiKey');
  const make = async (reference: string): Promise<void> => {
    const answer = await fetch(`${server.url}/sonar/v1/users`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${key}` },
      body: JSON.stringify({ reference_id: reference }),
    });
    assert.equal(answer.status, 201, await answer.text());
  };
  const register = async (email: string, first: string, last: string, phone: string): Promise<void> => {
    const user = { email, password: 'a-quiet-harbour-41', first_name: first, last_name: last, phone };
    const answer = await fetch(`${server.url}/general/v1/users`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ user }),
    });
    assert.equal(answer.status, 201, await answer.text());
  };
  await register('anna.weiss@example.com', 'Anna', 'Weiß', '+49 151 12340987');
  await register('ben@anna.example', 'Ben', 'Šimůnek', '+1 201 555 0123');
  await make('Case/ANNA-77');
  people = usersOf(await find());
});

after(async () => {
  await server.stop('SIGTERM');
  await removeFolder(folder);
});

const find = (...words: string[]): Promise<Json> => rosterJson(folder, ['user', 'find', ...words]);
const usersOf = (found: Json): readonly Found[] => found.list('users') as readonly Found[];
const idsOf = (found: Json): readonly string[] => usersOf(found).map(({ id }) => id);

describe('user find', () => {
  test('lists the newest users without a text, with the exact total', async () => {
    const found = await find('--limit', '2');
    assert.deepEqual([found.at('total'), found.at('isExact')], [3, true]);
    assert.deepEqual(found.names('users.0'), [
      ...['id', 'number', 'externalId', 'email', 'name', 'phone', 'status', 'role', 'createdAt'],
    ]);
    assert.deepEqual(
      people.map(({ externalId }) => externalId),
      ['Case/ANNA-77', null, null],
    );
    assert.deepEqual(idsOf(await find('--limit', '2', '--page', '2')), [people[2]?.id]);
  });

  test('finds a person by each identifier, as people write it', async () => {
    const [, ben, anna] = people;
    assert.ok(anna !== undefined && ben !== undefined);
    const { id, number } = anna;
    const texts = [id.slice(4).toUpperCase(), String(number), 'ANNA.WEISS@example.com', '0151 1234 0987'];
    const all = await Promise.all(texts.map((text) => find(text)));
    for (const [at, found] of all.entries()) {
      assert.deepEqual(idsOf(found), [id], String(texts[at]));
      assert.equal(found.at('isExact'), true);
    }
    assert.deepEqual(idsOf(await find('simunek')), [ben.id]);
    assert.deepEqual(idsOf(await find('nobody-of-that-name')), []);
  });

  test('finds a person by the beginning of the id and of the number', async () => {
    const anna = people[2] ?? assert.fail();
    for (const text of [anna.id.slice(4, 11), anna.id.slice(0, 11), String(anna.number).slice(0, 11)]) {
      const found = await find(text);
      assert.equal(found.at('isExact'), true);
      assert.ok(idsOf(found).includes(anna.id), text);
    }
  });

  test('puts a first name before a word inside of an address, and finds that too', async () => {
    const found = idsOf(await find('anna'));
    assert.equal(found[0], people[2]?.id);
    assert.deepEqual([...found].sort(), people.map(({ id }) => id).sort());
  });

  test('filters combine and are counted', async () => {
    assert.deepEqual((await find('anna', '--status', 'pending', '--confirmed', 'no')).at('total'), 2);
    assert.deepEqual((await find('--created-since', '2020-01-01', '--proved', 'no')).at('total'), 3);
    const { stderr, exitCode } = await roster(folder, ['user', 'find', '--seen-since', 'soon']);
    assert.equal(exitCode, 1);
    assert.match(stderr, /--seen-since must be a time/);
  });

  test('is recorded with how many users it showed, and without the text', async () => {
    await find('ben@anna');
    const listed = await rosterJson(folder, ['audit', 'list', '--action', 'user.listed']);
    assert.deepEqual([listed.at('events.0.users'), listed.at('events.0.door')], [1, 'cli']);
    const all = await roster(folder, ['audit', 'list', '--json']);
    assert.match(all.stdout, /"id":"user find"/);
    assert.ok(!all.stdout.includes('ben@anna'));
  });

  test('says for people how many there are', async () => {
    const { stdout } = await roster(folder, ['user', 'find', 'anna']);
    assert.match(stdout, /3 users in all; page 1$/m);
  });

  test('needs the organization where there are several, and shows no user of another one', async () => {
    const second = await rosterJson(folder, ['org', 'create', '--name', 'Second']);
    const { lines } = await refused(folder, ['user', 'find', 'anna']);
    assert.match(lines.join('\n'), /add --org ID/);
    assert.equal((await find('anna', '--org', second.text('organization.id'))).at('total'), 0);
    assert.equal((await find('anna', '--org', org)).at('total'), 3);
  });
});

describe('user show', () => {
  test('finds by an external id, and by a phone in any way of writing it', async () => {
    const shown = await rosterJson(folder, ['user', 'show', 'Case/ANNA-77']);
    assert.equal(shown.at('sonar.id'), people[0]?.id);
    const byPhone = await rosterJson(folder, ['user', 'show', '0151 1234 0987']);
    assert.equal(toUserIdText(byPhone.text('humanapi.humanId')), people[2]?.id);
  });
});
