/**
 * Two organizations whose users have the same addresses and the same external ids. Neither is ever shown, counted
 * or hinted at to the other: whatever is asked of the other's user is answered as for a user who never was.
 */
import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { createApp } from '../../src/core/directory/organization-lifecycle.ts';
import type { Ask, Reply } from '../support/http.ts';
import { bareId } from '../support/people.ts';
import { setUp, setUpLedger, setUpRoster } from '../support/set-up.ts';
import { testDoor } from '../support/start.ts';
import { type Doors, doorNames, type Handles, openDoors, strongPassword } from './doors.ts';

/** A user who never was, in every spelling. */
const nobody: Handles = {
  userId: `usr_${'0123456789abcdef'.repeat(2)}`,
  humanId: '0123456789abcdef'.repeat(2),
  number: 1_234_567_890_123,
};

/** Every operation on one user, by the contract that has it. */
const operations: readonly {
  readonly title: string;
  readonly line: (user: Handles, doors: Doors) => string;
  readonly ask: (doors: Doors) => Ask;
}[] = [
  ...['GET', 'PATCH', 'DELETE'].map((method) => ({
    title: `sonar: ${method}`,
    line: ({ userId }: Handles) => `${method} /sonar/v1/users/${userId}`,
    ask: ({ tenant }: Doors) => ({
      bearer: tenant.apiKeys.admin,
      ...(method === 'PATCH' ? { json: { timezone: 'Europe/London', status: 'inactive' } } : {}),
    }),
  })),
  ...['syncs', 'scores'].map((report) => ({
    title: `sonar: report of ${report}`,
    line: ({ userId }: Handles) => `POST /sonar/v1/users/${userId}/${report}`,
    ask: ({ tenant }: Doors) => ({ bearer: tenant.apiKeys.admin }),
  })),
  ...['GET', 'PUT', 'DELETE'].map((method) => ({
    title: `general: ${method}`,
    line: ({ number }: Handles) => `${method} /general/v1/users/${number}`,
    ask: ({ admin }: Doors) => ({
      session: admin.session,
      ...(method === 'PUT' ? { json: { user: { first_name: 'Eve', role: 'parent' } } } : {}),
    }),
  })),
  {
    title: 'general: cancel',
    line: ({ number }) => `POST /general/v1/users/${number}/cancel`,
    ask: ({ admin }) => ({ session: admin.session }),
  },
  ...['GET', 'DELETE'].map((method) => ({
    title: `humanapi: ${method}`,
    line: ({ humanId }: Handles, { tenant }: Doors) =>
      `${method} /humanapi/v1/apps/${tenant.app.appId}/users/${humanId}`,
    ask: ({ tenant }: Doors) => ({ appKey: tenant.app.appKey }),
  })),
  ...['GET', 'DELETE'].map((method) => ({
    title: `organization: ${method}`,
    line: ({ userId }: Handles) => `${method} /organization/api/v1/users/${userId}`,
    ask: ({ tenant }: Doors) => ({ bearer: tenant.apiKeys.admin }),
  })),
];

describe('two organizations with the same people', () => {
  const roster = setUpRoster();
  const ours = setUp(() => openDoors(roster, roster.organization));
  let theirs: Doors;
  const people: { ours: Handles; theirs: Handles }[] = [];

  before(async () => {
    theirs = await openDoors(roster, await roster.addOrganization());
    for (const name of doorNames) {
      people.push({
        ours: await ours.identify(await ours[name].make(`twin-${name}`)),
        theirs: await theirs.identify(await theirs[name].make(`twin-${name}`)),
      });
    }
  });
  const ledger = setUpLedger(roster);

  test('each lists and counts its own users only', async () => {
    for (const [doors, side] of [
      [ours, 'ours'],
      [theirs, 'theirs'],
    ] as const) {
      const own = [doors.admin, ...people.map((pair) => pair[side])];
      for (const name of doorNames) {
        const { list, idOf } = doors[name];
        const expected = own.map((user) => idOf({ humanId: bareId(user.userId), ...user }));
        assert.deepEqual(new Set(await list()), new Set(expected), name);
      }
      const { bearer, session } = { bearer: doors.tenant.apiKeys.reader, session: doors.admin.session };
      const totals = [
        await roster.call('GET /sonar/v1/users', { bearer }),
        await roster.call('GET /general/v1/users', { session }),
        await roster.call('GET /organization/api/v1/users', { bearer }),
      ].map((reply) => reply.number('meta.total'));
      assert.deepEqual(totals, [own.length, own.length, own.length]);
    }
    await ledger.expect({});
  });

  test('a filter by external id finds the own user only', async () => {
    const bearer = ours.tenant.apiKeys.reader;
    const reply = await roster.call('GET /sonar/v1/users?reference_id=twin-sonar', { bearer });
    assert.equal(reply.number('meta.total'), 1);
    assert.equal(reply.at('data.0.id'), people[0]?.ours.userId);
  });

  for (const { title, line, ask } of operations) {
    test(`${title} of the other's user is answered as for a user who never was`, async () => {
      const unknown = await roster.call(line(nobody, ours), ask(ours));
      assert.equal(unknown.status, 404);
      for (const pair of people) {
        const foreign = await roster.call(line(pair.theirs, ours), ask(ours));
        assert.equal(foreign.status, 404);
        const admins = { ...pair.theirs, ...theirs.admin, humanId: bareId(theirs.admin.userId) };
        const admin = await roster.call(line(admins, ours), ask(ours));
        assert.equal(redacted(foreign, pair.theirs), redacted(unknown, nobody));
        assert.equal(redacted(admin, admins), redacted(unknown, nobody));
      }
      await ledger.expect({});
    });
  }

  test("an app key opens its own app's path only, whatever lies behind the others", async () => {
    const { app: second, appKey } = await createApp(roster.core, testDoor, {
      organization: ours.tenant,
      name: 'Second',
    });
    await ledger.mark();
    const [pair] = people;
    const bodies = new Set<string>();
    for (const appId of [ours.tenant.app.appId, theirs.tenant.app.appId, '0'.repeat(40), 'nowhere']) {
      for (const rest of ['', `/${pair?.ours.humanId}`]) {
        const reply = await roster.call(`GET /humanapi/v1/apps/${appId}/users${rest}`, { appKey });
        assert.equal(reply.status, 404);
        bodies.add(
          reply.text.replace(reply.header('x-request-id'), '-').replace(pair?.ours.humanId ?? '', ''),
        );
      }
    }
    assert.ok(bodies.size <= 2, `a list and a user, each one answer: ${[...bodies]}`);
    const own = await roster.call(`GET /humanapi/v1/apps/${second.id}/users`, { appKey });
    assert.deepEqual(own.body, []);
    const brother = await roster.call(`DELETE /humanapi/v1/apps/${second.id}/users/${pair?.ours.humanId}`, {
      appKey,
    });
    assert.equal(brother.status, 404);
    await ledger.expect({});
  });

  test("the other's app is an invalid field, as one that never was", async () => {
    const bearer = ours.tenant.apiKeys.admin;
    const attempt = async (app_id: string): Promise<string> => {
      const reply = await roster.call('POST /sonar/v1/users', { bearer, json: { app_id } });
      assert.equal(reply.status, 422);
      return reply.text;
    };
    assert.equal(await attempt(theirs.tenant.app.appId), await attempt('0'.repeat(40)));
    await ledger.expect({});
  });

  test('an address that only the other has is free, unknown, and opens nothing', async () => {
    await theirs.general.make('only-theirs');
    await ledger.mark();
    const headers = { 'x-app-id': ours.tenant.app.appId };
    const email = 'only-theirs@example.com';
    const known = await roster.call('POST /general/v1/users/email_has_account', { headers, json: { email } });
    assert.deepEqual(known.body, { has_account: false });
    const password = strongPassword;
    const login = await roster.call('POST /general/v1/sessions', { headers, json: { email, password } });
    assert.equal(login.status, 401);
    await ledger.mark();
    await roster.call('POST /general/v1/users/passwords', { headers, json: { email } });
    await ledger.expect({});
    const bearer = ours.tenant.apiKeys.admin;
    const json = { email, name: 'Only Ours' };
    assert.equal((await roster.call('POST /organization/api/v1/users', { bearer, json })).status, 201);
  });

  test('a session and a token work in their own organization, whatever app is named beside them', async () => {
    const headers = { 'x-app-id': ours.tenant.app.appId };
    const { session } = theirs.admin;
    const list = await roster.call('GET /general/v1/users?page_size=100', { session, headers });
    const expected = (await theirs.general.list()).length;
    assert.equal(list.number('meta.total'), expected);

    const user = await theirs.identify(await theirs.organization.make('invited-there'));
    const { token } = await roster.lastMessage('invited-there@example.com');
    const json = { token, password: strongPassword };
    const accepted = await roster.call('POST /general/v1/users/passwords/reset', { headers, json });
    assert.equal(accepted.at('id'), user.number);
    assert.equal(Object(await theirs.sonar.show(user)).status, 'active');
    await ledger.mark();
  });

  test("the other's code confirms nobody here", async () => {
    const theirUser = await theirs.identify(await theirs.general.make('code-theirs'));
    const { code } = await roster.lastMessage('code-theirs@example.com');
    await ledger.mark();
    const reply = await roster.call('POST /general/v1/users/confirmation', {
      headers: { 'x-app-id': ours.tenant.app.appId },
      json: { user_id: theirUser.number, confirmation_code: code },
    });
    assert.equal(reply.status, 401);
    assert.deepEqual(reply.body, { errors: 'Invalid Code' });
    await ledger.expect({});
  });
});

/** The answer without what names the request and the user that was asked for. */
function redacted(reply: Reply, user: Handles): string {
  return [reply.header('x-request-id'), user.userId, user.humanId, String(user.number)].reduce(
    (text, part) => text.replaceAll(part, '-'),
    `${reply.status} ${reply.text}`,
  );
}
