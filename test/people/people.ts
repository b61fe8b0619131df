/** What the tests of people share: the principals of staff, and people in every state. */
import { operatorAt, type Principal, type StaffRole, staffRoles } from '../../src/core/access/principal.ts';
import type { User } from '../../src/core/directory/user.ts';
import { noEchoes } from '../../src/core/directory/user-lifecycle.ts';
import type { OrgKey } from '../../src/core/ids.ts';
import { parseUserIdText } from '../../src/core/ids.ts';
import { type ActOutcome, type ActValues, actOnPerson } from '../../src/core/people/acts-on-person.ts';
import { getPerson, type Person } from '../../src/core/people/person.ts';
import type { DoneAct } from '../../src/core/people/person-act.ts';
import { inviteUser } from '../../src/core/verification/invitation.ts';
import { type SignedUp, signUp } from '../contracts/general/sign-up.ts';
import type { Roster } from '../support/server/start.ts';

export { staffRoles };

/** A staff account of that role, with a fresh second factor. */
export function staffOf({ organization, clock }: Roster, role: StaffRole, orgKey?: OrgKey): Principal {
  return {
    kind: 'staff',
    door: 'console',
    orgKey: orgKey ?? organization.key,
    staffId: `stf_${'0'.repeat(31)}${staffRoles.indexOf(role)}`,
    role,
    sessionId: 'a session',
    freshUntil: clock.now() + 1_000,
  };
}

export const operatorOf = ({ organization }: Roster): Principal => operatorAt('cli', organization.key);

const arrival = { network: 'test', arrivedAt: performance.now() };

export function act(
  { core }: Roster,
  principal: Principal,
  id: string,
  name: DoneAct,
  values: ActValues = {},
): Promise<ActOutcome> {
  return actOnPerson(core, principal, { ref: { id }, act: name, values, arrival });
}

export function look({ core }: Roster, principal: Principal, id: string): Promise<Person> {
  return getPerson(core, principal, { ref: { id } });
}

/** A person who signed up, with the id as the core knows it. */
export async function signUpPerson(
  roster: Roster,
  ...input: Parameters<typeof signUp> extends [unknown, ...infer Rest] ? Rest : never
): Promise<SignedUp & { readonly id: string }> {
  const person = await signUp(roster, ...input);
  const user = await roster.core.work.read(roster.organization.key, (tx) =>
    tx.users.find({ number: person.number }),
  );
  return { ...person, id: user?.id ?? '' };
}

/** A person who was invited and has not answered. */
export function invitePerson(roster: Roster, email: string): Promise<User> {
  return inviteUser(roster.core, operatorOf(roster), { email, name: 'Ivy Park', echoes: noEchoes });
}

/** The id of an admin as the core knows it. */
export function idOf({ userId }: { readonly userId: string }): string {
  return parseUserIdText(userId) ?? '';
}
