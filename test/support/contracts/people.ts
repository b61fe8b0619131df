/** Users in any role and state, created directly in the directory, for tests of access rules. */
import assert from 'node:assert/strict';
import { operatorAt } from '../../../src/core/access/principal.ts';
import { startSession } from '../../../src/core/access/sign-in.ts';
import type { NewUser } from '../../../src/core/directory/user.ts';
import { newUserOf } from '../../../src/core/directory/user-lifecycle.ts';
import { parseUserIdText, toUserIdText, type UserId } from '../../../src/core/ids.ts';
import { type Roster, type Tenant, testDoor } from '../server/start.ts';

export interface Person {
  /** `usr_` and 32 hex digits. */
  readonly userId: string;
  readonly number: number;
  /** A session token. */
  readonly session: string;
}

/** Creates a user of the tenant's first app with the defaults of the directory and `traits`, and a session of that user. */
export async function addPerson(
  roster: Roster,
  traits: Partial<NewUser> = {},
  tenant: Tenant = roster.organization,
): Promise<Person> {
  const now = roster.clock.now();
  return roster.core.work.change(tenant.key, async (tx) => {
    const user = await tx.users.insert({ ...newUserOf(tenant.app.appId, now), ...traits });
    const session = await startSession(roster.core, tx, operatorAt(testDoor, tenant.key), user);
    return { userId: toUserIdText(user.id), number: user.number, session };
  });
}

/** The user id without `usr_`; fails the test if the text is not a user id. */
export function bareId(userId: string): UserId {
  const id = parseUserIdText(userId);
  assert.ok(id !== null, `${userId} is a user id`);
  return id;
}

/** A well-formed user id that no user has. */
export const unknownUserId = toUserIdText('0'.repeat(32));
