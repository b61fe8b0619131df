/** One user, a view for each contract: made through any of them, a user has the same facts in all. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Facts, Handles } from '../support/contracts/door.ts';
import { setUp, setUpRoster } from '../support/server/set-up.ts';
import { doorNames, doorOf, openDoors } from './doors.ts';

/** A user of whom a test has said nothing. */
const unsaid: Facts = {
  reference: null,
  timezone: 'UTC',
  email: null,
  firstName: null,
  lastName: null,
  name: null,
  phone: null,
  dateOfBirth: null,
  language: 'en',
  role: 'parent',
  status: 'active',
  isClinical: false,
  isConfirmed: false,
  scoreStatus: 'calibrating',
};

describe('one user, four views', () => {
  const roster = setUpRoster();
  const doors = setUp(() => openDoors(roster, roster.organization));

  /** Fails where a contract shows another user than the one that was described. */
  async function assertViews(user: Handles, said: Partial<Facts>): Promise<void> {
    const publicUrl = roster.baseUrl.replace('127.0.0.1', 'localhost');
    for (const door of doors.all) {
      const view = door.view(user, { ...unsaid, ...said }, { tenant: doors.tenant, publicUrl });
      assert.deepEqual(Object.entries(await door.show(user)), Object.entries(view), door.name);
    }
  }

  test('a user of sonar', async () => {
    const json = { reference_id: 'partner 7', timezone: 'America/New_York' };
    const bearer = doors.tenant.apiKeys.member;
    const made = await roster.call('POST /sonar/v1/users', { bearer, json });
    const user = await doors.identify(made.string('data.id'));
    await assertViews(user, { reference: 'partner 7', timezone: 'America/New_York' });
  });

  test('a user of general', async () => {
    const json = {
      user: {
        email: ' John@Example.com ',
        password: 'securepassword123',
        first_name: 'John',
        last_name: 'van Doe',
        phone: '+1-555-123-4567',
        date_of_birth: '1990-05-15',
        language: 'es-MX',
      },
      clinical: true,
      native_signup: false,
    };
    const headers = { 'x-app-id': doors.tenant.app.appId };
    const made = await roster.call('POST /general/v1/users', { headers, json });
    const user = await doors.identify(String(made.number('id')));
    await assertViews(user, {
      email: 'John@Example.com',
      firstName: 'John',
      lastName: 'van Doe',
      name: 'John van Doe',
      phone: '+1-555-123-4567',
      dateOfBirth: '1990-05-15',
      language: 'es-MX',
      status: 'pending',
      isClinical: true,
    });
  });

  test('a user of humanapi', async () => {
    const { appId, appKey } = doors.tenant.app;
    const ask = { appKey, json: { externalId: 'connect@example.com' } };
    const made = await roster.call(`POST /humanapi/v1/apps/${appId}/users`, ask);
    const user = await doors.identify(made.string('humanId'));
    await assertViews(user, { reference: 'connect@example.com' });
  });

  test('a user of organization', async () => {
    const json = { email: 'jane@example.com', name: 'Jane Q. Smith' };
    const bearer = doors.tenant.apiKeys.admin;
    const made = await roster.call('POST /organization/api/v1/users', { bearer, json });
    const user = await doors.identify(made.string('id'));
    await assertViews(user, {
      email: 'jane@example.com',
      firstName: 'Jane Q.',
      lastName: 'Smith',
      name: 'Jane Q. Smith',
      role: 'member',
      status: 'pending',
    });
  });

  test('an admin of the command line is confirmed', async () => {
    const user = await doors.identify(doors.admin.userId);
    const { email } = doors.admin;
    await assertViews(user, { email, role: 'admin', isConfirmed: true });
  });

  for (const maker of doorNames) {
    for (const remover of doorNames) {
      test(`every list has the user that ${maker} made; ${remover} deletes it, and no contract shows it again`, async () => {
        const make = async () => {
          return doors.identify(await doorOf(doors.all, maker).make(`${maker}-${remover}`));
        };
        const user = await make();
        for (const { name, list, idOf, isOldestFirst } of doors.all) {
          assert.equal((await list()).at(isOldestFirst ? -1 : 0), idOf(user), `${name} lists in its order`);
        }

        const gone = await doorOf(doors.all, remover).remove(user);
        assert.equal(gone.status, 204);
        assert.equal(gone.text, '');
        for (const { name, read, remove, list, idOf } of doors.all) {
          assert.equal((await read(user)).status, 404, name);
          assert.equal((await remove(user)).status, 404, name);
          assert.ok(!(await list()).includes(idOf(user)), name);
        }
        await assert.rejects(doors.identify(user.userId), {
          code: 'not_found',
          details: { noun: 'user', id: user.userId },
        });
        // The email and the external id of the deleted user are free again.
        const next = await make();
        assert.notEqual(next.userId, user.userId);
        assert.notEqual(next.number, user.number);
      });
    }
  }
});
