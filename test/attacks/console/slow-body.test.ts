/** A call whose body comes late: what happened to the account meanwhile counts. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { request } from 'node:http';
import { describe, test } from 'node:test';
import { operatorAt } from '../../../src/core/access/principal.ts';
import { changeStaffRole, removeStaff } from '../../../src/core/staff/manage-staff.ts';
import { setUp, setUpRoster } from '../../support/server/set-up.ts';
import type { SignedInStaff } from '../../support/server/staff.ts';
import { testDoor } from '../../support/server/start.ts';

describe('a call whose body comes late', () => {
  const roster = setUpRoster();
  // An organization keeps an owner.
  setUp(() => roster.organization.staff('owner'));
  const operator = () => operatorAt(testDoor, roster.organization.key);
  const accounts = async () => (await roster.rows.all('staff_accounts')).length;

  /** Adds an owner. The server asks for the body once it has seen the session, and gets it after `meanwhile`. */
  async function addOwner({ ask }: SignedInStaff, meanwhile: () => Promise<unknown>) {
    const body = JSON.stringify({
      email: `${crypto.randomUUID()}@staff.example.com`,
      name: 'Back',
      role: 'owner',
    });
    const call = request(`${roster.baseUrl}/console/api/v1/staff`, {
      method: 'POST',
      headers: {
        ...ask.headers,
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(body),
        expect: '100-continue',
      },
    });
    call.flushHeaders();
    await once(call, 'continue');
    await meanwhile();
    call.end(body);
    const [reply] = await once(call, 'response');
    reply.resume();
    await once(reply, 'end');
    return reply.statusCode;
  }

  test('adds no account for an owner who was removed meanwhile', async () => {
    const thief = await roster.organization.staff('owner');
    const before = await accounts();
    const status = await addOwner(thief, () =>
      removeStaff(roster.core, operator(), { staffId: thief.staffId }),
    );
    assert.deepEqual([status, await accounts()], [401, before - 1]);
  });

  test('has the role of the moment', async () => {
    const lowered = await roster.organization.staff('owner');
    const before = await accounts();
    const change = { staffId: lowered.staffId, role: 'engineer' };
    const status = await addOwner(lowered, () => changeStaffRole(roster.core, operator(), change));
    assert.deepEqual([status, await accounts()], [403, before]);
  });

  test('is done for an owner who stays one', async () => {
    const owner = await roster.organization.staff('owner');
    assert.equal(await addOwner(owner, async () => {}), 201);
  });
});
