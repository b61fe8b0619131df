/**
 * Sign-in with email and password. The answer and the work are the same whether or not the account
 * exists. Wrong passwords in a row are counted by address and delay the next attempts. A caller with a session of the
 * account is exempt, so that a stranger cannot lock its owner out.
 */
import type { Core } from '../core.ts';
import { earlierEmailKey } from '../directory/email-address.ts';
import type { User } from '../directory/user.ts';
import { changeUser } from '../directory/user-change.ts';
import { FieldReader, readText } from '../directory/user-fields.ts';
import { type FieldFault, isRefusal, refuse, refuseFaults } from '../errors.ts';
import { newPrefixedId, type OrgKey } from '../ids.ts';
import { notify } from '../messaging/notify.ts';
import { findStartWait, recordOwnSession } from '../record/own-acts.ts';
import { countRefusal } from '../record/refusals.ts';
import { noSubject } from '../record/tally.ts';
import { digestOf, newToken } from '../secret.ts';
import { dayMs } from '../time.ts';
import type { Tx } from '../unit-of-work.ts';
import type { Arrival } from './arrival.ts';
import { requireApp } from './authentication.ts';
import { leastUnitsOf } from './hash-cost.ts';
import { type HashTurn, hashTyped, matchPassword, type PasswordMatch } from './password.ts';
import {
  digestOfNetwork,
  findAccount,
  type GuessedAccount,
  type GuessTarget,
  guardByNetwork,
  guardBySession,
} from './password-guesses.ts';
import type { Principal, PublicPrincipal, UserPrincipal } from './principal.ts';
import { sessionsMax } from './session.ts';
import { findFamiliarity, noteNetwork } from './sign-in-network.ts';
import { emailSubject, userSubject } from './subject.ts';
import type { Quota } from './throttle.ts';

const newNetworkQuotas: readonly Quota[] = [{ limit: 1, windowMs: dayMs }];

export interface SignedIn {
  readonly user: User;
  /** The session token in plain text: shown now and never again. */
  readonly token: string;
}

/**
 * Starts a session. `caller` is null where the call names an app that does not exist; `email` and `password` are
 * unchecked input; `owner` is the principal of a session that came with the call. Refuses with
 * `invalid_fields`, `not_found` (app), `invalid_credentials`, `rate_limited`, and `unavailable` when the hashing queue is full.
 */
export async function signIn(
  core: Core,
  caller: PublicPrincipal | null,
  input: {
    readonly email: unknown;
    readonly password: unknown;
    readonly owner: UserPrincipal | null;
    readonly arrival: Arrival;
  },
): Promise<SignedIn> {
  const { email, password } = readCredentials(input);
  const { arrival } = input;
  const { network } = arrival;
  const principal = requireApp(caller);
  const { orgKey } = principal;
  const subject = emailSubject(core.secrets, orgKey, email);
  const owner = ownerOf(input.owner, orgKey, email);
  const target = { orgKey, email, network };
  // By address, so that one without an account waits for the same turns.
  const turn = { arrival, account: subject };
  for (;;) {
    const checked = await checkPassword(core, principal, owner, { target, password, turn });
    if (checked === null) throw refuse('invalid_credentials', {});
    const { user } = checked;
    const freshHash = await renewHash(core, checked, password, turn);
    const signedIn = await core.work.change(orgKey, async (tx) => {
      // The look-ups are sent right behind the lock, so that on PostgreSQL all are one round trip.
      const [present, surplus, startWait] = await Promise.all([
        tx.users.lock({ id: user.id }),
        tx.sessions.listSurplus(user.id, sessionsMax - 1),
        findStartWait(core, tx, user.id),
      ]);
      // Between the check and this transaction the account may have been cancelled or erased.
      if (present === null || present.status === 'inactive') throw refuse('invalid_credentials', {});
      if (present.passwordHash !== user.passwordHash || present.email !== user.email) return null;
      if (owner === null && checked.wrongPasswords > 0) {
        await tx.throttles.clearFailures(subject, digestOfNetwork(core, subject, network));
      }
      const now = core.clock.now();
      const changed = await noteLogin(core, tx, present, now, freshHash);
      await noteArrival(core, tx, changed, network, { ...checked, now });
      for (const id of surplus) {
        await tx.sessions.end(id);
        await recordOwnSession(core, tx, principal, 'session.ended', user.id);
      }
      return { user: changed, token: await startSession(core, tx, principal, changed, startWait) };
    });
    if (signedIn !== null) return signedIn;
    // The password, its hash or the address was changed during the check, so the check is repeated.
  }
}

/** A step: stores the time of the sign-in, and the hash that replaces the present one. */
function noteLogin(core: Core, tx: Tx, user: User, now: number, freshHash: string | null): Promise<User> {
  if (freshHash === null) return tx.users.noteLogin(user, now);
  const changes = { lastLoginAt: now, passwordHash: freshHash };
  return changeUser(core, tx, user, changes, { isSamePassword: true });
}

/** A step: stores the network of the sign-in, and tells the owner of a new site. A network that was known before the check still is. */
async function noteArrival(
  core: Core,
  tx: Tx,
  user: User,
  network: string,
  { isKnownNetwork, now }: Pick<Checked, 'isKnownNetwork'> & { readonly now: number },
): Promise<void> {
  if (isKnownNetwork) return noteNetwork(core, tx, user.id, network, { isNew: false });
  const { isKnown, isSiteKnown } = await findFamiliarity(core, tx, user.id, network);
  await noteNetwork(core, tx, user.id, network, { isNew: !isKnown });
  if (!isSiteKnown) await tellNewNetwork(core, tx, user, now);
}

/** A step: tells the owner of a sign-in from a new site, in a message that is sent after the answer; at most one a day. */
async function tellNewNetwork(core: Core, tx: Tx, user: User, now: number): Promise<void> {
  if (user.emailProvedAt === null && user.phoneProvedAt === null) return;
  const subject = userSubject(core.secrets, tx.orgKey, user.id);
  if ((await tx.throttles.hit('new_network', subject, newNetworkQuotas, now)) !== null) return;
  await notify(core, tx, user, 'new_network');
}

/** The principal of the session, where it is of the account with that address. */
function ownerOf(session: UserPrincipal | null, orgKey: OrgKey, email: string): UserPrincipal | null {
  if (session?.orgKey !== orgKey || session.user.email === null) return null;
  // Two users may have one mailbox since before A-labels were compared. Only the own spelling is the own account.
  return earlierEmailKey(session.user.email) === earlierEmailKey(email) ? session : null;
}

/** A password that came for an address. */
interface TypedPassword {
  readonly target: GuessTarget;
  readonly password: string;
  readonly turn: HashTurn;
}

/** Checks the password, counted by the owner's session while there is one, else by network; null for a wrong one. */
async function checkPassword(
  core: Core,
  caller: PublicPrincipal,
  owner: UserPrincipal | null,
  typed: TypedPassword,
): Promise<Checked | null> {
  if (owner !== null) {
    try {
      return await guardBySession(core, owner, async () =>
        findMatch(core, caller, typed, await findAccount(core, typed.target)),
      );
    } catch (error) {
      if (!isRefusal(error, 'unauthorized')) throw error;
    }
  }
  try {
    return await guardByNetwork(core, typed.target, async ({ familiarity, wrongPasswords, ...account }) => {
      const found = await findMatch(core, caller, typed, account);
      return found === null ? null : { ...found, wrongPasswords, isKnownNetwork: familiarity.isKnown };
    });
  } catch (error) {
    // Not by account: the search for it would be more work for each attempt of a flood.
    countRefusal(core, caller, error);
    throw error;
  }
}

/** A step: a new session of the user; its token in plain text. `startWait` is as in `recordOwnSession`. */
export async function startSession(
  core: Core,
  tx: Tx,
  principal: Principal,
  user: User,
  startWait?: number | null,
): Promise<string> {
  const now = core.clock.now();
  const token = newToken('st', tx.orgKey);
  const session = { id: newPrefixedId('ses'), userId: user.id, startedAt: now, lastUsedAt: now };
  await tx.sessions.insert(session, digestOf(token));
  await recordOwnSession(core, tx, principal, 'session.started', user.id, startWait);
  return token;
}

/**
 * Whether an address has an account; always false where the deployment does not disclose accounts. `caller` is null
 * where the call names an app that does not exist. Refuses with `invalid_fields` and `not_found` (app).
 */
export async function emailHasAccount(
  core: Core,
  caller: PublicPrincipal | null,
  input: { readonly email: unknown },
): Promise<boolean> {
  const fields = new FieldReader();
  const email = fields.take('email', readText(input.email));
  refuseFaults(fields.faults);
  const { orgKey } = requireApp(caller);
  if (email === undefined || !core.policy.tellsAccounts) return false;
  const user = await core.work.read(orgKey, (tx) => tx.users.findByEmail(email));
  return user !== null;
}

/** A user whose password was right. */
interface Checked {
  readonly user: User;
  readonly match: PasswordMatch;
  /** What was counted before of the caller's network; 0 where it was counted by session. */
  readonly wrongPasswords: number;
  /** False where it was not looked up. */
  readonly isKnownNetwork: boolean;
}

/**
 * A hash with today's parameters, of the normal form, that replaces an imported or an earlier one, because only now the
 * password is known; null where the hash is not outdated. While the hashing queue is full, the replacement waits for
 * the next sign-in.
 */
async function renewHash(
  core: Core,
  { user, match }: Checked,
  password: string,
  turn: HashTurn,
): Promise<string | null> {
  const { passwordHash } = user;
  if (passwordHash === null || (match === 'right' && !core.hasher.isOutdated(passwordHash))) return null;
  try {
    return await hashTyped(core.hasher, password, turn);
  } catch (error) {
    if (isRefusal(error, 'unavailable') || isRefusal(error, 'rate_limited')) return null;
    throw error;
  }
}

function readCredentials(input: { readonly email: unknown; readonly password: unknown }): {
  email: string;
  password: string;
} {
  const faults: FieldFault[] = [];
  for (const field of ['email', 'password'] as const) {
    const value = input[field];
    if (value === undefined || value === null || value === '') faults.push({ field, fault: 'blank' });
    else if (!isText(value)) faults.push({ field, fault: 'invalid' });
  }
  refuseFaults(faults);
  return { email: String(input.email), password: String(input.password) };
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value.isWellFormed() && !value.includes('\0');
}

/** The user of the account, if the password is right; else null. */
async function findMatch(
  core: Core,
  caller: PublicPrincipal,
  { password, turn }: TypedPassword,
  { user, cost }: Pick<GuessedAccount, 'user' | 'cost'>,
): Promise<Checked | null> {
  const leastUnits = leastUnitsOf(cost);
  const hash = user?.passwordHash ?? null;
  // By address, so that one without an account shares its checks too.
  const match = await core.signInGate.share(`${turn.account} ${hash} ${password}`, () =>
    matchPassword(core.hasher, password, hash, { leastUnits, turn }),
  );
  // A deployment that tells no accounts refuses a sign-in by an address that another person may read.
  const isOpen = user !== null && (core.policy.tellsAccounts || user.emailProvedAt !== null);
  if (isOpen && match !== 'wrong' && user.status !== 'inactive') {
    return { user, match, wrongPasswords: 0, isKnownNetwork: false };
  }
  core.tally.add(caller, {
    action: 'session.refused',
    subject: user === null ? noSubject : { kind: 'user', id: user.id },
    at: core.clock.now(),
  });
  return null;
}
