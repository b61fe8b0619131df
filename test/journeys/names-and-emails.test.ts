/** Names and addresses that one contract sets, as the others show and compare them. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { confirm } from '../contracts/general/sign-up.ts';
import { strongPassword } from '../support/contracts/door.ts';
import { addPerson } from '../support/contracts/people.ts';
import { setUp, setUpRoster } from '../support/server/set-up.ts';
import { openDoors } from './doors.ts';

describe('names and emails between general and organization', () => {
  const roster = setUpRoster();
  const doors = setUp(() => openDoors(roster, roster.organization));

  const invite = (email: string, name = 'Jo Doe') =>
    roster.call('POST /organization/api/v1/users', {
      bearer: doors.tenant.apiKeys.admin,
      json: { email, name },
    });
  const register = (email: string) =>
    roster.call('POST /general/v1/users', {
      headers: { 'x-app-id': doors.tenant.app.appId },
      json: { user: { email, password: strongPassword, first_name: 'Jo', last_name: 'Doe' } },
    });

  const names: readonly (readonly [name: string, first: string, last: string | null])[] = [
    ['Jane Smith', 'Jane', 'Smith'],
    ['Jane', 'Jane', null],
    ['Jane van der Smith', 'Jane van der', 'Smith'],
    ['Jane  Smith', 'Jane ', 'Smith'],
    ['王 秀英', '王', '秀英'],
  ];
  for (const [name, first, last] of names) {
    test(`"${name}" is split at its last space, and joined again`, async () => {
      const made = await invite(`${crypto.randomUUID()}@example.com`, name);
      const user = await doors.identify(made.string('id'));
      const shown = Object(await doors.general.show(user));
      assert.deepEqual([shown.first_name, shown.last_name], [first, last]);
      assert.equal(Object(await doors.organization.show(user)).name, name);
    });
  }

  test('a first or a last name alone is the whole name', async () => {
    for (const traits of [{ firstName: 'Jo' }, { lastName: 'Doe' }]) {
      const { userId } = await addPerson(roster, traits);
      const shown = Object(await doors.organization.show(await doors.identify(userId)));
      assert.equal(shown.name, Object.values(traits)[0]);
    }
  });

  test('a name that was changed in general is changed in organization', async () => {
    const made = await invite('renamed@example.com', 'Jo Before');
    const user = await doors.identify(made.string('id'));
    const json = { user: { first_name: 'Jo Anne', last_name: 'After' } };
    await roster.call(`PUT /general/v1/users/${user.number}`, { session: doors.admin.session, json });
    assert.equal(Object(await doors.organization.show(user)).name, 'Jo Anne After');
  });

  test('an email that one contract took is taken for the other, in any case and with any blanks', async () => {
    const registered = await register('Ann@Example.com');
    assert.equal(registered.status, 201);
    // An invitation would take an unproved email.
    await confirm(roster, registered.number('id'), 'Ann@Example.com');
    const conflict = await invite('  aNN@eXample.COM ');
    assert.equal(conflict.status, 409);

    assert.equal((await invite('Bob@Example.com')).status, 201);
    const taken = await register(' bOB@example.com');
    assert.equal(taken.status, 422);
    assert.deepEqual(taken.body, { errors: { email: ['has already been taken'] } });
  });

  test('an email is shown as it was given, and found in any case', async () => {
    await invite(' Carol.King@Example.COM ');
    const user = await doors.identify('carol.king@example.com');
    assert.equal(Object(await doors.organization.show(user)).email, 'Carol.King@Example.COM');
    assert.equal(Object(await doors.general.show(user)).email, 'Carol.King@Example.COM');
    const known = await roster.call('POST /general/v1/users/email_has_account', {
      headers: { 'x-app-id': doors.tenant.app.appId },
      json: { email: 'CAROL.KING@EXAMPLE.COM ' },
    });
    assert.deepEqual(known.body, { has_account: true });
  });
});
