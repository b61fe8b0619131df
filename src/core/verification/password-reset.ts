/**
 * Sets a password by a token from an email: of a reset, or of an invitation, which also activates its user. Every
 * request for a reset gets the same answer; a job looks up the account afterwards.
 */

import type { Arrival } from '../access/arrival.ts';
import { requireApp } from '../access/authentication.ts';
import { isCommonInput, matchPassword, readPassword, readPasswordConfirmation } from '../access/password.ts';
import { PasswordChange } from '../access/password-change.ts';
import { digestOfNetwork } from '../access/password-guesses.ts';
import type { Door, PublicPrincipal } from '../access/principal.ts';
import { startSession } from '../access/sign-in.ts';
import { findFamiliarity, noteNetwork } from '../access/sign-in-network.ts';
import { emailSubject } from '../access/subject.ts';
import { endOpenPages } from '../connect-page/end-pages.ts';
import type { Core } from '../core.ts';
import type { App } from '../directory/organization.ts';
import { nextStatus, type User, type UserChanges } from '../directory/user.ts';
import { changeUser } from '../directory/user-change.ts';
import { FieldReader, readEmail } from '../directory/user-fields.ts';
import { refuse, refuseFaults } from '../errors.ts';
import { newPrefixedId, type OrgKey, type UserId } from '../ids.ts';
import type { SpentBudget } from '../messaging/message-budget.ts';
import { type PasswordRequest, passwordRequestContext } from '../messaging/password-request.ts';
import { queueMessage, type Recipient } from '../messaging/queue-message.ts';
import { record } from '../record/audit-event.ts';
import { digestOf, newToken, parseToken } from '../secret.ts';
import { hourMs, minuteMs } from '../time.ts';
import type { Tx } from '../unit-of-work.ts';
import { addressDigest, wentTo } from './email-token.ts';
import { type PasswordToken, type PasswordTokenPurpose, passwordTokenLifeMs } from './password-token.ts';

/** How often a reset email is sent to one account; further emails are not sent, without an error. */
export const resetMailQuotas = [
  { limit: 1, windowMs: minuteMs },
  { limit: 5, windowMs: hourMs },
] as const;

/**
 * Stores a request for a reset link to that address. Does the same work for every address. `caller` is null where the
 * call names an app that does not exist. Refuses with `invalid_fields` and `not_found` (app) only.
 */
export async function requestPasswordReset(
  core: Core,
  caller: PublicPrincipal | null,
  input: { readonly email: unknown; readonly network: string },
): Promise<void> {
  const fields = new FieldReader();
  const email = fields.take('email', readEmail(input.email));
  refuseFaults(fields.faults);
  const { orgKey, door } = requireApp(caller);
  if (email === undefined) return;
  const id = newPrefixedId('msg');
  await core.work.change(orgKey, (tx) =>
    tx.passwordRequests.insert({
      id,
      emailDigest: emailSubject(core.secrets, orgKey, email),
      sealedEmail: core.secrets.seal(`${email}\n${input.network}`, passwordRequestContext({ orgKey, id })),
      door,
      createdAt: core.clock.now(),
    }),
  );
}

/**
 * Consumes a stored request, and sends the link where an active or pending account has the address. Without one, a decoy goes
 * the same way: its mail is composed, stored, claimed and dropped, so that requests of others meanwhile are delayed alike.
 */
export async function answerPasswordRequest(core: Core, request: PasswordRequest): Promise<void> {
  const { orgKey, id, door } = request;
  const sealed = core.secrets.open(request.sealedEmail, passwordRequestContext(request));
  const [to = '', network = ''] = sealed.split('\n');
  await core.work.change(orgKey, async (tx) => {
    if (!(await tx.passwordRequests.consume(id))) return;
    const user = await tx.users.findByEmail(to);
    const now = core.clock.now();
    const subject = emailSubject(core.secrets, orgKey, to);
    if ((await tx.throttles.hit('reset', subject, resetMailQuotas, now)) !== null) return;
    const decoy = {
      id: null,
      email: to,
      appId: await tx.apps.getFirstId(),
      language: 'en',
      isTemplate: false,
    };
    const recipient = user === null || user.status === 'inactive' ? decoy : user;
    // A stranger who signed up with the address has a known network too, but has not proved the address.
    const { isKnown } = await findFamiliarity(core, tx, recipient.id, network);
    const isByOwner = isKnown && user?.emailProvedAt != null;
    const link = { purpose: 'reset', to: recipient.email ?? to, isByOwner } as const;
    if ((await sendPasswordToken(core, tx, recipient, link)) !== null) return;
    const principal: PublicPrincipal = { kind: 'public', door, orgKey };
    const who =
      recipient.id === null
        ? ({ kind: 'unknown', id } as const)
        : ({ kind: 'user', id: recipient.id } as const);
    await record(tx, principal, 'password.reset_requested', who, now);
    // Of a decoy only the message stays, until the job that sends messages drops it.
    await tx.passwordTokens.dropDecoys();
    await tx.audit.dropDecoy(id);
  });
}

/** A step: queues an email with a new token for the user. Null where it is queued, else the budget of messages that has dropped it. */
export async function sendPasswordToken(
  core: Core,
  tx: Tx,
  user: Recipient,
  message: {
    readonly purpose: PasswordTokenPurpose;
    readonly to: string;
    readonly inviter?: string;
    readonly isByOwner?: boolean;
  },
): Promise<SpentBudget | null> {
  const { purpose, ...rest } = message;
  const token = newToken(purpose === 'reset' ? 'pr' : 'inv', tx.orgKey);
  const template = purpose === 'reset' ? 'password_reset' : 'invitation';
  const spent = await queueMessage(core, tx, user, { ...rest, template, channel: 'email', token });
  if (spent !== null) return spent;
  const expiresAt = core.clock.now() + passwordTokenLifeMs[purpose];
  const emailDigest = addressDigest(token, message.to);
  await tx.passwordTokens.insert({ userId: user.id, purpose, emailDigest, expiresAt }, digestOf(token));
  return null;
}

/** Whether the token is valid now. */
export async function validatePasswordToken(
  core: Core,
  input: { readonly token: unknown },
): Promise<boolean> {
  return (await findTokenUser(core, input.token)) !== null;
}

export interface ResetInput {
  readonly token: unknown;
  readonly password: unknown;
  readonly passwordConfirmation?: unknown;
}

/** How long a spent token still tells that it set a password, to a person who presses the button twice. */
const repeatMs = minuteMs;

/** The app of the token's user; null where the token is not valid now. */
export async function findPasswordTokenApp(
  core: Core,
  input: { readonly token: unknown },
): Promise<App | null> {
  const found = await findTokenUser(core, input.token);
  return found === null ? null : core.work.read(found.orgKey, (tx) => tx.apps.find(found.user.appId));
}

interface Reset extends ResetInput {
  readonly door: Door;
  /** The account is then known to sign in from its network. */
  readonly arrival: Arrival;
  /** Whether the answer carries a session. A web page that only sets a password has no use for one. */
  readonly hasSession: boolean;
  /** Whether `isRepeatedReset` recognises the same request for a minute. */
  readonly isRepeatable?: true;
}

/**
 * Sets the password and ends every session, Connect page and open flow of the user; the token of an invitation also activates and confirms the
 * user. Either link proves the email that it went to. The first proof makes the phone unproved. The `token` of the result is
 * a new session, in plain text. The fields of `input` are unchecked. Refuses with `invalid_fields`, which does not consume the token, and
 * with `invalid_token` for a token that is unknown, consumed or expired, and with `change_in_progress` while another request
 * uses it or changes the password.
 */
export async function resetPassword(
  core: Core,
  input: Reset,
): Promise<{ readonly user: User; readonly token: string | null }> {
  const isCommon = await isCommonInput(input.password, core.isCommonPassword);
  const { password } = readReset(input, null, isCommon);
  const { arrival } = input;
  // Before the search: a request that arrived while another one used the link is told so, and not of a spent link.
  if (typeof input.token === 'string' && parseToken(input.token) !== null)
    core.passwordChanges.refuseMeanwhile(linkOf(digestOf(input.token)), arrival);
  const found = await findTokenUser(core, input.token);
  if (found === null) throw refuse('invalid_token', {});
  readReset(input, found.user.email, isCommon);
  const change = new PasswordChange(core, found.orgKey, arrival);
  let isReleased = false;
  try {
    await change.begin(found.user.id, (tx) => refuseSpent(core, tx, found.digest), linkOf(found.digest));
    const passwordHash = await change.hash(password);
    const reset = await core.work.change(found.orgKey, (tx) =>
      writeReset(core, tx, input, { userId: found.user.id, digest: found.digest, passwordHash, change }),
    );
    isReleased = true;
    return reset;
  } finally {
    await change.end({ isReleased });
  }
}

/** A step: the reset itself, and the end of its lease. */
async function writeReset(
  core: Core,
  tx: Tx,
  input: Reset,
  use: {
    readonly userId: UserId;
    readonly digest: string;
    readonly passwordHash: string;
    readonly change: PasswordChange;
  },
): Promise<{ readonly user: User; readonly token: string | null }> {
  const { userId, digest, passwordHash, change } = use;
  const { network } = input.arrival;
  const now = core.clock.now();
  // The user is locked first, as in every other change that voids links: a cancellation at the same time would deadlock.
  const user = await tx.users.lock({ id: userId });
  const token = await tx.passwordTokens.consume(digest, now);
  if (token === null || user === null || user.status === 'inactive' || !isFor(user, token, input.token)) {
    throw refuse('invalid_token', {});
  }
  const isFirstProof = user.email !== null && user.emailProvedAt === null;
  const isInvitation = token.purpose === 'invitation';
  const changes: UserChanges = {
    passwordHash,
    updatedAt: now,
    // Until now, another person may have had the account and set the phone.
    ...(isFirstProof ? { emailProvedAt: now, phoneProvedAt: null } : {}),
    ...(isInvitation ? { confirmedAt: user.confirmedAt ?? now } : {}),
    ...(isInvitation && user.status === 'pending'
      ? { status: nextStatus(user.status, 'activate'), wasActive: true }
      : {}),
  };
  const after = await changeUser(core, tx, user, changes);
  await tx.sessions.endAll(user.id);
  await endOpenPages(tx, user.id, now);
  if (isFirstProof) {
    await tx.networks.drop(user.id);
    await tx.emailTokens.drop(user.id);
    if (user.phoneE164 !== null) await tx.codes.drop(user.id);
  }
  // A reset leaves an invitation open: only the invitation activates its user.
  await tx.passwordTokens.drop(user.id, isInvitation ? undefined : 'reset');
  if (input.isRepeatable) {
    const spent = { ...token, expiresAt: now + repeatMs };
    await tx.passwordTokens.insert(spent, spentDigestOf(digest));
  }
  if (user.email !== null) {
    // Only those of this network: a stranger elsewhere would see from an end of the own delay that there is an account.
    const subject = emailSubject(core.secrets, tx.orgKey, user.email);
    await tx.throttles.clearFailures(subject, digestOfNetwork(core, subject, network));
  }
  const principal: PublicPrincipal = { kind: 'public', door: input.door, orgKey: tx.orgKey };
  const action = isInvitation ? 'invitation.accepted' : 'password.reset';
  await record(tx, principal, action, { kind: 'user', id: user.id }, now);
  await noteNetwork(core, tx, user.id, network, { isNew: true });
  await change.release(tx);
  return { user: after, token: input.hasSession ? await startSession(core, tx, principal, after) : null };
}

/**
 * Waits for the request that uses the link now. False, at once, where another request waits for it already, so that many
 * presses of one button are no work.
 */
export function awaitReset(core: Core, { token }: { readonly token: string }): Promise<boolean> {
  return core.passwordChanges.follow(linkOf(digestOf(token)));
}

/** A step: refuses with `invalid_token` where the token is no longer valid. */
async function refuseSpent(core: Core, tx: Tx, digest: string): Promise<void> {
  if ((await tx.passwordTokens.findOpen(digest, core.clock.now())) === null)
    throw refuse('invalid_token', {});
}

/** The name of a link among the subjects of changes. */
function linkOf(digest: string): string {
  return `link ${digest}`;
}

/**
 * Whether this token has just set this password, in a request that was repeatable. It changes nothing and starts no
 * session. A wrong password ends the minute, so that a spent token is no way to guess passwords.
 */
export async function isRepeatedReset(
  core: Core,
  input: ResetInput & { readonly arrival: Arrival },
): Promise<boolean> {
  const { token, password, arrival } = input;
  const find = () => findTokenUser(core, token, spentDigestOf);
  const found = await find();
  if (found === null || typeof password !== 'string') return false;
  const { user, orgKey, digest } = found;
  const { signInGate, secrets } = core;
  const checked = secrets.keyedDigest('checked password', `${digest} ${user.passwordHash} ${password}`);
  const check = async (): Promise<boolean> => {
    // Many presses at the same time cost one check.
    if (signInGate.right.has(checked, arrival)) return true;
    if ((await find()) === null) return false;
    const turn = { arrival, account: user.id };
    const match = await matchPassword(core.hasher, password, user.passwordHash, { turn });
    if (match === 'right') signInGate.right.note(checked);
    else await core.work.change(orgKey, (tx) => tx.passwordTokens.consume(digest, core.clock.now()));
    return match === 'right';
  };
  return signInGate.pass(linkOf(digest), async () => 1, check);
}

/** Under which a spent token is stored. No token has this digest. */
function spentDigestOf(digest: string): string {
  return digestOf(`spent ${digest}`);
}

/** The user of the token; null where the token is not valid now. `storedAs` gives the digest to look for. */
async function findTokenUser(
  core: Core,
  token: unknown,
  storedAs: (digest: string) => string = (digest) => digest,
): Promise<{ user: User; orgKey: OrgKey; digest: string } | null> {
  const parts = typeof token === 'string' ? parseToken(token) : null;
  if (typeof token !== 'string' || parts === null || parts.prefix === 'st') return null;
  const digest = storedAs(digestOf(token));
  const user = await core.work.read(parts.orgKey, async (tx) => {
    const open = await tx.passwordTokens.findOpen(digest, core.clock.now());
    const user = open === null ? null : await tx.users.find({ id: open.userId });
    return open === null || user === null || !isFor(user, open, token) ? null : user;
  });
  return user === null || user.status === 'inactive' ? null : { user, orgKey: parts.orgKey, digest };
}

/** Whether the link went to the user's present email. Links of earlier versions were void after a change of it. */
function isFor(user: User, { emailDigest }: PasswordToken, token: unknown): boolean {
  return emailDigest === null || (typeof token === 'string' && wentTo(token, user.email, emailDigest));
}

function readReset(input: ResetInput, email: string | null, isCommon: boolean): { password: string } {
  const fields = new FieldReader();
  if (input.token === undefined || input.token === null || input.token === '') {
    fields.take('token', { fault: 'blank' });
  }
  const password = fields.take('password', readPassword(input.password, email, isCommon));
  fields.take('passwordConfirmation', readPasswordConfirmation(input.passwordConfirmation, input.password));
  refuseFaults(fields.faults);
  return { password: password ?? '' };
}
