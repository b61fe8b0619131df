/** One user, four views: made through any door, a user has the same facts behind all of them. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setUp, setUpRoster } from '../support/set-up.ts';
import { type DoorName, doorNames, type Handles, openDoors } from './doors.ts';

/** What the document of each contract shows of a user; the values that nobody said. */
const unsaid = {
  reference: null as string | null,
  timezone: 'UTC',
  email: null as string | null,
  firstName: null as string | null,
  lastName: null as string | null,
  name: null as string | null,
  phone: null as string | null,
  dateOfBirth: null as string | null,
  language: 'en',
  role: 'parent',
  status: 'active',
  isClinical: false,
  isConfirmed: false,
  scoreStatus: 'calibrating',
};
type Facts = typeof unsaid;

describe('one user, four views', () => {
  const roster = setUpRoster();
  const doors = setUp(() => openDoors(roster, roster.organization));

  /** The four views of a user made at 12:00:00.123, keys in the order of the documents. */
  function viewsOf(user: Handles, said: Partial<Facts>): Record<DoorName, object> {
    const facts = { ...unsaid, ...said };
    const second = '2026-03-02T12:00:00Z';
    const millisecond = '2026-03-02T12:00:00.123Z';
    return {
      sonar: {
        id: user.userId,
        reference_id: facts.reference,
        timezone: facts.timezone,
        status: facts.status,
        score_status: facts.scoreStatus,
        last_sync_at: null,
        last_score_at: null,
        created_at: second,
      },
      general: {
        id: user.number,
        email: facts.email,
        first_name: facts.firstName,
        last_name: facts.lastName,
        phone: facts.phone,
        date_of_birth: facts.dateOfBirth,
        language: facts.language,
        role: facts.role,
        active: facts.status !== 'inactive',
        clinical: facts.isClinical,
        confirmed: facts.isConfirmed,
        created_at: millisecond,
        updated_at: millisecond,
      },
      humanapi: {
        humanId: user.humanId,
        externalId: facts.reference,
        appId: doors.tenant.app.appId,
        createdAt: millisecond,
        updatedAt: millisecond,
      },
      organization: {
        id: user.userId,
        email: facts.email,
        name: facts.name,
        role: facts.role,
        status: facts.status,
        created_at: second,
        last_login: null,
      },
    };
  }

  async function assertViews(user: Handles, said: Partial<Facts>): Promise<void> {
    for (const [name, view] of Object.entries(viewsOf(user, said))) {
      const shown = await doors[nameOf(name)].show(user);
      assert.deepEqual(Object.entries(shown), Object.entries(view), name);
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
      test(`what ${maker} made, every list has, ${remover} deletes, and no door shows again`, async () => {
        const user = await doors.identify(await doors[maker].make(`${maker}-${remover}`));
        for (const name of doorNames) {
          const { list, idOf } = doors[name];
          const place = name === 'humanapi' ? -1 : 0;
          assert.equal((await list()).at(place), idOf(user), `${name} lists newest first, humanapi last`);
        }

        const gone = await doors[remover].remove(user);
        assert.equal(gone.status, 204);
        assert.equal(gone.text, '');
        for (const name of doorNames) {
          assert.equal((await doors[name].read(user)).status, 404, name);
          assert.equal((await doors[name].remove(user)).status, 404, name);
          assert.ok(!(await doors[name].list()).includes(doors[name].idOf(user)), name);
        }
        await assert.rejects(doors.identify(user.userId), {
          code: 'not_found',
          details: { noun: 'user' },
        });
        // What was said of the deleted one is free again.
        const next = await doors.identify(await doors[maker].make(`${maker}-${remover}`));
        assert.notEqual(next.userId, user.userId);
        assert.notEqual(next.number, user.number);
      });
    }
  }
});

function nameOf(text: string): DoorName {
  const name = doorNames.find((each) => each === text);
  assert.ok(name);
  return name;
}
