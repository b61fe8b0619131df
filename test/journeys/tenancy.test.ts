/**
 * Two organizations whose users have the same addresses and the same external ids. An answer to one never shows, counts
 * or hints at users of the other: a request for the other's user is answered as one for a user that does not exist.
 */
import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { createApp } from '../../src/core/directory/organization-lifecycle.ts';
import { describedDocuments } from '../support/contracts/documents.ts';
import {
  aProvider,
  fillPath,
  type Handles,
  handlesOf,
  loadAllDoors,
  strongPassword,
} from '../support/contracts/door.ts';
import { nameOf, type Operation, operationsOf } from '../support/contracts/operations.ts';
import { addPerson } from '../support/contracts/people.ts';
import type { Ask, Reply } from '../support/server/http.ts';
import { setUp, setUpLedger, setUpRoster } from '../support/server/set-up.ts';
import { testDoor } from '../support/server/start.ts';
import { type Doors, doorOf, openDoors } from './doors.ts';

/** A user that does not exist, in every spelling. */
const unknownUser: Handles = {
  userId: `usr_${'0123456789abcdef'.repeat(2)}`,
  humanId: '0123456789abcdef'.repeat(2),
  number: 1_234_567_890_123,
};

const descriptions = await loadAllDoors();

/** Every operation on one user, of every contract. */
const operations = operationsOf(describedDocuments()).filter(({ contract, parameters }) => {
  const { others = {}, scope } = descriptions.get(contract) ?? {};
  return parameters.some(
    (each) => each.in === 'path' && !(each.name in others) && each.name !== scope?.parameter,
  );
});

describe('two organizations with the same people', () => {
  const roster = setUpRoster({ env: aProvider });
  const ours = setUp(() => openDoors(roster, roster.organization));
  let theirs: Doors;
  const people: { ours: Handles; theirs: Handles }[] = [];

  before(async () => {
    theirs = await openDoors(roster, await roster.addOrganization());
    for (const door of ours.all) {
      const twin = doorOf(theirs.all, door.name);
      people.push({
        ours: await ours.identify(await door.make(`twin-${door.name}`)),
        theirs: await theirs.identify(await twin.make(`twin-${door.name}`)),
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
      for (const { name, list, idOf, total } of doors.all) {
        const expected = own.map((user) => idOf(handlesOf(user)));
        assert.deepEqual(new Set(await list()), new Set(expected), name);
        assert.ok([own.length, null].includes(await total()), name);
      }
      const totals = [
        await doors.sonar.total(),
        await doors.general.total(),
        await doors.organization.total(),
      ];
      assert.deepEqual(totals, [own.length, own.length, own.length]);
    }
    // In `general` each organization was listed three times by its admin.
    await ledger.expect({
      audit: Array(6).fill({ action: 'user.listed', door: 'general', users: people.length + 1 }),
    });
  });

  test("a filter by external id finds the organization's own user only", async () => {
    const bearer = ours.tenant.apiKeys.reader;
    const reply = await roster.call('GET /sonar/v1/users?reference_id=twin-sonar', { bearer });
    assert.equal(reply.number('meta.total'), 1);
    assert.equal(reply.at('data.0.id'), people[0]?.ours.userId);
  });

  const credentials = new Map<string, Ask>();

  /** Sends an operation on that user with a credential of our admin. */
  async function request(operation: Operation, user: Handles, known: Map<string, string>): Promise<Reply> {
    const door = descriptions.get(operation.contract);
    assert.ok(door);
    const context = { roster, tenant: ours.tenant, user, known };
    const line = `${operation.method} ${await fillPath(door, operation.path, context)}`;
    const json = door.bodies?.[operation.operationId] ?? operation.body?.example;
    const credential = credentials.get(operation.contract);
    return roster.call(line, { ...credential, ...(json === undefined ? {} : { json }) });
  }

  /** Values of the parameters that name something else than a user, made for a user of ours. */
  async function valuesFor({ contract, path }: Operation): Promise<Map<string, string>> {
    const known = new Map<string, string>();
    const door = descriptions.get(contract);
    assert.ok(door);
    credentials.set(contract, await door.credential(ours.tenant, async () => ours.admin));
    const user = await addPerson(roster, {}, ours.tenant);
    await fillPath(door, path, { roster, tenant: ours.tenant, user, known });
    await ledger.mark();
    return known;
  }

  for (const operation of operations) {
    test(`${nameOf(operation)} answers about the other's user as about one that does not exist`, async () => {
      const known = await valuesFor(operation);
      const unknown = await request(operation, unknownUser, known);
      assert.equal(unknown.status, 404);
      for (const pair of people) {
        const foreign = await request(operation, pair.theirs, known);
        assert.equal(foreign.status, 404);
        const theirAdmin = handlesOf(theirs.admin);
        const admin = await request(operation, theirAdmin, known);
        assert.equal(redacted(foreign, pair.theirs), redacted(unknown, unknownUser));
        assert.equal(redacted(admin, theirAdmin), redacted(unknown, unknownUser));
      }
      await ledger.expect({});
    });
  }

  test("an app key is valid on its own app's path only, whether or not another app exists", async () => {
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

  test("the other's app is an invalid field, like one that does not exist", async () => {
    const bearer = ours.tenant.apiKeys.admin;
    const attempt = async (app_id: string): Promise<string> => {
      const reply = await roster.call('POST /sonar/v1/users', { bearer, json: { app_id } });
      assert.equal(reply.status, 422);
      return reply.text;
    };
    assert.equal(await attempt(theirs.tenant.app.appId), await attempt('0'.repeat(40)));
    await ledger.expect({});
  });

  test('an address that only the other has is free and unknown, and signs no user in', async () => {
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

  test('a session and a token work in their own organization, also if the request names another app', async () => {
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

  test("the other's code confirms no user here", async () => {
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

/** The answer without the ids of the request and of the requested user. */
function redacted(reply: Reply, user: Handles): string {
  return [reply.header('x-request-id'), user.userId, user.humanId, String(user.number)].reduce(
    (text, part) => text.replaceAll(part, '-'),
    `${reply.status} ${reply.text}`,
  );
}
