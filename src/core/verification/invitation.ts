/** Invites a person to an organization: creates a pending user and sends a link by email to set a password. */
import { authorize, type Principal } from '../access/principal.ts';
import { userSubject } from '../access/subject.ts';
import { refuseWait } from '../access/throttle.ts';
import type { Core } from '../core.ts';
import type { User } from '../directory/user.ts';
import {
  FieldReader,
  readChoice,
  readFullName,
  readNewEmail,
  readOptional,
} from '../directory/user-fields.ts';
import { type EchoCheck, newUserOf } from '../directory/user-lifecycle.ts';
import { refuse, refuseFaults } from '../errors.ts';
import { untilTomorrowMs } from '../messaging/budget-store.ts';
import type { SpentBudget } from '../messaging/message-budget.ts';
import { record } from '../record/audit-event.ts';
import type { Tx } from '../unit-of-work.ts';
import { releaseClaimedEmail } from './claimed-email.ts';
import { sendPasswordToken } from './password-reset.ts';

/** The roles that an invitation can give. */
export const invitedRoles = ['member', 'admin'] as const;

/**
 * Creates a pending user and sends the invitation. Values are unchecked input; the default role is `member`.
 * Refuses with `forbidden` (only an admin invites an admin), `invalid_fields` (in the order email, name, role),
 * `email_taken`, and `rate_limited` where the caller has sent too many invitations in this day, or the address has got too
 * many messages.
 * A claimed email is taken from its user.
 */
export async function inviteUser(
  core: Core,
  principal: Principal,
  input: {
    readonly email?: unknown;
    readonly name?: unknown;
    readonly role?: unknown;
    readonly echoes: EchoCheck;
  },
): Promise<User> {
  authorize(principal, 'staff.invite');
  if (input.role === 'admin') authorize(principal, 'staff.invite_admin');
  const fields = new FieldReader();
  const email = fields.take('email', readNewEmail(input.email, core.takesUnicodeAddresses()));
  const name = fields.take('name', readFullName(input.name));
  const role = fields.take(
    'role',
    readOptional(input.role, (value) => readChoice(value, invitedRoles)),
  );
  refuseFaults([...fields.faults, ...input.echoes(null)]);
  if (email === undefined || name === undefined) throw refuse('internal', {});

  return core.work.change(principal.orgKey, async (tx) => {
    const now = core.clock.now();
    const [appId] = await Promise.all([
      tx.apps.getFirstId(),
      spendInvitation(core, tx, principal),
      releaseClaimedEmail(core, tx, principal, email),
    ]);
    const user = await tx.users.insert({
      ...newUserOf(appId, now),
      email,
      ...name,
      role: role ?? 'member',
      status: 'pending',
    });
    await sendInvitation(core, tx, principal, user, email);
    await record(tx, principal, 'user.created', { kind: 'user', id: user.id }, now);
    return user;
  });
}

/** A step: sends an invitation in the name of the principal. */
async function sendInvitation(
  core: Core,
  tx: Tx,
  principal: Principal,
  user: User,
  to: string,
): Promise<SpentBudget | null> {
  const inviter = inviterName(principal);
  const link = { purpose: 'invitation', to, ...(inviter === null ? {} : { inviter }) } as const;
  return sendPasswordToken(core, tx, user, link);
}

/** Whether the user was invited and has not accepted: there is an email, and no password yet. */
export function waitsForInvitation(
  user: Pick<User, 'status' | 'email' | 'passwordHash' | 'confirmedAt'>,
): boolean {
  const { status, email, passwordHash, confirmedAt } = user;
  return status === 'pending' && email !== null && passwordHash === null && confirmedAt === null;
}

/**
 * A step: sends another invitation to a user who waits for one, in place of an earlier one. Refuses with `rate_limited` as
 * `inviteUser`.
 */
export async function inviteAgain(core: Core, tx: Tx, principal: Principal, user: User): Promise<void> {
  if (user.email === null) throw refuse('internal', {});
  await spendInvitation(core, tx, principal);
  await tx.passwordTokens.drop(user.id, 'invitation');
  const spent = await sendInvitation(core, tx, principal, user, user.email);
  if (spent !== null) refuseWait(spent.waitMs);
  await record(tx, principal, 'invitation.sent', { kind: 'user', id: user.id }, core.clock.now());
}

/** A step: counts an invitation of the key, the member of staff or the staff account. Refuses with `rate_limited` beyond the budget of a day. */
async function spendInvitation(core: Core, tx: Tx, principal: Principal): Promise<void> {
  const budget = inviterBudget(core, principal);
  if (budget === null) return;
  const now = core.clock.now();
  const limit = core.policy.messageLimits.invitationsDay;
  const isUsed = await tx.messageBudgets.use({ scope: 'organization', budget, amount: 1, limit }, now);
  if (!isUsed) refuseWait(untilTomorrowMs(now));
}

/** The name of the budget of a key, of a member of staff, and of a staff account. */
export const invitationBudget = {
  ofKey: (keyId: string): string => `invitation ${keyId}`,
  ofUser: userSubject,
  ofStaff: (staffId: string): string => `invitation ${staffId}`,
  /** The id of the key whose budget it is; null for another budget. */
  keyOf: (budget: string): string | null => /^invitation (key_\w+)$/.exec(budget)?.[1] ?? null,
} as const;

/** Null for the operator. */
function inviterBudget({ secrets }: Core, principal: Principal): string | null {
  if (principal.kind === 'api_key') return invitationBudget.ofKey(principal.keyId);
  if (principal.kind === 'staff') return invitationBudget.ofStaff(principal.staffId);
  if (principal.kind !== 'user') return null;
  return invitationBudget.ofUser(secrets, principal.orgKey, principal.userId);
}

/** A name that a mail program could turn into a link or an address of the writer's choice. */
const linkLike = /[@/\\]|\p{L}\.\p{L}{2}/u;
const inviterCharactersMax = 100;

/**
 * The name of the person who invites, for the invitation; null for a key, and for a person without a name. People choose
 * their names, and the mail goes to a stranger: a name that looks like a link or an address is not shown.
 */
function inviterName(principal: Principal): string | null {
  if (principal.kind !== 'user') return null;
  const { firstName, lastName } = principal.user;
  const name = [firstName, lastName].filter((each) => each !== null && each !== '').join(' ');
  return name === '' || name.length > inviterCharactersMax || linkLike.test(name) ? null : name;
}
