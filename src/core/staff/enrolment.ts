/**
 * How a staff account gets its password and its second factors. A one-time link leads to a password, and to a session that can
 * do nothing but set up a factor, until the link's end or until another link is made. The first factor opens the session and gives ten
 * recovery codes. Later factors need an open session whose second factor is fresh.
 */
import type { Arrival } from '../access/arrival.ts';
import { hashTyped, isCommonInput, readPassword } from '../access/password.ts';
import type { Door } from '../access/principal.ts';
import type { Core } from '../core.ts';
import { FieldReader, type FieldResult, readText } from '../directory/user-fields.ts';
import { refuse, refuseFaults } from '../errors.ts';
import { newPrefixedId, type OrgKey } from '../ids.ts';
import { type AuditAction, record } from '../record/audit-event.ts';
import { digestOf, parseToken } from '../secret.ts';
import type { Tx } from '../unit-of-work.ts';
import { getStaffSession } from './authenticate-staff.ts';
import { challengeIn, type PasskeySite } from './factor-check.ts';
import { openStaffSession, staffPrincipal, startStaffSession } from './open-session.ts';
import { newRecoveryCodes, recoveryDigest } from './recovery-codes.ts';
import { type StaffAccount, totpContext } from './staff-account.ts';
import { freshUntilOf, pendingTotpContext, type StaffOfSession, type StaffSession } from './staff-session.ts';

export interface Enrolling {
  /** The token of the session in plain text, which may only set up a factor. */
  readonly token: string;
  readonly account: Pick<StaffAccount, 'email' | 'name' | 'role'>;
}

/**
 * Uses a one-time link: sets the password, and removes what the account had before: factors and sessions. Refuses with
 * `invalid_fields`, `invalid_token`, and `unavailable` when the hashing queue is full.
 */
export async function enrolStaff(
  core: Core,
  door: Door,
  input: { readonly link: unknown; readonly password: unknown; readonly arrival: Arrival },
): Promise<Enrolling> {
  const isCommon = await isCommonInput(input.password, core.isCommonPassword);
  const fields = new FieldReader();
  const link = fields.take('token', readText(input.link));
  const account = link === undefined ? null : await findLinked(core, link);
  const password = fields.take(
    'password',
    readStaffPassword(input.password, account?.email ?? null, isCommon),
  );
  refuseFaults(fields.faults);
  if (account === null || link === undefined || password === undefined) throw refuse('invalid_token', {});
  const { orgKey, id } = account;
  const turn = { arrival: input.arrival, account: `staff ${orgKey} ${id}` };
  const passwordHash = await hashTyped(core.hasher, password, turn);
  return core.work.change(orgKey, async (tx) => {
    const present = await tx.staff.lock(id);
    if (present === null || !(await tx.staffFactors.consumeLink(digestOf(link)))) {
      throw refuse('invalid_token', {});
    }
    await tx.staffFactors.dropAll(id);
    await tx.staffSessions.endAll(id);
    await tx.staff.update(id, { passwordHash, enrolledAt: null });
    const { network } = input.arrival;
    const { token, sessionId } = await startStaffSession(core, tx, {
      staffId: id,
      stage: 'enrolment',
      network,
    });
    const principal = staffPrincipal(core, { door, orgKey, staffId: id, role: present.role, sessionId });
    await record(tx, principal, 'staff.enrolled', { kind: 'staff', id }, core.clock.now());
    return { token, account: present };
  });
}

/** Longer than that of a user, because it opens the data of all of them. */
const passwordCharactersMin = 12;

function readStaffPassword(value: unknown, email: string | null, isCommon: boolean): FieldResult<string> {
  const result = readPassword(value, email, isCommon);
  const isShort = 'value' in result && [...result.value].length < passwordCharactersMin;
  const tooShort = { fault: 'too_short', min: passwordCharactersMin } as const;
  return isShort || ('fault' in result && result.fault === 'too_short') ? tooShort : result;
}

/** The account of a valid link; null for none. */
async function findLinked(core: Core, link: string): Promise<StaffAccount | null> {
  const parts = parseToken(link);
  if (parts?.prefix !== 'sl') return null;
  return core.work.read(parts.orgKey, async (tx) => {
    const found = await tx.staffFactors.findLink(digestOf(link));
    if (found === null || found.expiresAt <= core.clock.now()) return null;
    return tx.staff.find(found.staffId);
  });
}

/** The call in which a factor is set up. */
export interface SetUpCall {
  readonly door: Door;
  readonly token: string;
  readonly network: string;
}

export interface FactorAdded {
  /** Codes in plain text, shown now and never again; null where the account had a factor before. */
  readonly recoveryCodes: readonly string[] | null;
  /** The token of the session that the first factor opened, in plain text; null for a later factor. */
  readonly token: string | null;
}

type Found = StaffOfSession & { readonly orgKey: OrgKey };

/** A new secret for an app for codes, which `confirmTotp` makes a factor. Refuses with `unauthorized` and `fresh_factor_required`. */
export async function beginTotp(
  core: Core,
  call: Pick<SetUpCall, 'token'>,
): Promise<{ readonly secret: string; readonly address: string }> {
  const { orgKey, session } = await findSetUp(core, call);
  const account = await core.work.read(orgKey, (tx) => tx.staff.find(session.staffId));
  if (account === null) throw refuse('unauthorized', {});
  const secret = await core.staffFactors.totp.newSecret();
  const names = { issuer: new URL(core.issuer()).host, account: account.email };
  const address = await core.staffFactors.totp.addressOf(secret, names);
  const sealed = core.secrets.seal(secret, pendingTotpContext({ orgKey, id: session.id }));
  if (!(await core.work.change(orgKey, (tx) => tx.staffSessions.setTotp(session.id, sealed)))) {
    throw refuse('unauthorized', {});
  }
  return { secret, address };
}

/**
 * Makes the secret of `beginTotp` a factor, with a code that the app shows for it. It replaces an earlier one. Refuses as
 * `beginTotp`, and with `invalid_fields`, `invalid_code`, and `wrong_state` without a secret that waits.
 */
export async function confirmTotp(core: Core, call: SetUpCall, code: unknown): Promise<FactorAdded> {
  const fields = new FieldReader();
  const text = fields.take('code', readText(code))?.replaceAll(/[\s-]/g, '') ?? '';
  const found = await findSetUp(core, call);
  refuseFaults(fields.faults);
  const { orgKey, session } = found;
  if (session.sealedTotp === null) throw refuse('wrong_state', { from: 'no_secret', to: 'confirmed' });
  const secret = core.secrets.open(session.sealedTotp, pendingTotpContext({ orgKey, id: session.id }));
  const step = await core.staffFactors.totp.stepOf(secret, text, core.clock.now());
  if (step === null) throw refuse('invalid_code', {});
  return addFactor(core, call, found, 'totp', async (tx) => {
    const { staffId } = session;
    const sealedTotp = core.secrets.seal(secret, totpContext({ orgKey, id: staffId }));
    if (!(await tx.staffSessions.setTotp(session.id, null))) throw refuse('unauthorized', {});
    await tx.staff.update(staffId, { sealedTotp });
    await tx.staff.consumeTotpStep(staffId, step);
  });
}

/** The options with which the browser makes a passkey. Refuses with `unauthorized` and `fresh_factor_required`. */
export async function beginNewPasskey(
  core: Core,
  call: Pick<SetUpCall, 'token'>,
  site: PasskeySite,
): Promise<Readonly<Record<string, unknown>>> {
  const { orgKey, session } = await findSetUp(core, call);
  const { account, known } = await core.work.read(orgKey, async (tx) => ({
    account: await tx.staff.find(session.staffId),
    known: await tx.staffFactors.listPasskeys(session.staffId),
  }));
  if (account === null) throw refuse('unauthorized', {});
  const { id, email, name } = account;
  const { options, challenge } = await core.staffFactors.passkeys.creationOptions(site, {
    ...{ id, email, name, known: known.map(({ credentialId }) => credentialId) },
  });
  const digest = digestOf(challenge);
  if (!(await core.work.change(orgKey, (tx) => tx.staffSessions.setChallenge(session.id, digest)))) {
    throw refuse('unauthorized', {});
  }
  return options;
}

/**
 * Makes the browser's answer to `beginNewPasskey` a factor. Refuses as `beginNewPasskey`, and with `invalid_fields` and
 * `invalid_code`; the challenge is used up in any case.
 */
export async function addPasskey(
  core: Core,
  call: SetUpCall,
  input: { readonly site: PasskeySite; readonly response: unknown; readonly name: unknown },
): Promise<FactorAdded> {
  const { site, response } = input;
  const fields = new FieldReader();
  const isNamed = input.name !== undefined && input.name !== null;
  const name = isNamed ? fields.take('name', readText(input.name, passkeyNameCharactersMax)) : 'Passkey';
  if (typeof response !== 'object' || response === null) fields.take('response', { fault: 'blank' });
  const found = await findSetUp(core, call);
  refuseFaults(fields.faults);
  const { orgKey, session } = found;
  const challenge = challengeIn(response);
  if (challenge === null) throw refuse('invalid_code', {});
  const digest = digestOf(challenge);
  const isWaiting = await core.work.change(orgKey, (tx) =>
    tx.staffSessions.consumeChallenge(session.id, digest),
  );
  const made = isWaiting ? await core.staffFactors.passkeys.readCreation(site, challenge, response) : null;
  if (made === null) throw refuse('invalid_code', {});
  return addFactor(core, call, found, 'passkey', async (tx) => {
    const { staffId } = session;
    const id = newPrefixedId('pky');
    await tx.staffFactors.insertPasskey({
      ...made,
      ...{ id, staffId, name: name ?? '', createdAt: core.clock.now(), usedAt: null },
    });
  });
}

const passkeyNameCharactersMax = 64;

/** Replaces the recovery codes of an open session's account. Refuses with `unauthorized` and `fresh_factor_required`. */
export async function replaceRecoveryCodes(core: Core, call: SetUpCall): Promise<readonly string[]> {
  const found = await findSetUp(core, call, 'open');
  const { orgKey, session } = found;
  return core.work.change(orgKey, async (tx) => {
    await lockSetUp(core, tx, session);
    const codes = await issueCodes(core, tx, session.staffId);
    await recordOwn(core, tx, call.door, found, 'staff.codes_replaced');
    return codes;
  });
}

/** What an account has. */
export interface OwnFactors {
  readonly hasTotp: boolean;
  readonly passkeys: readonly {
    readonly id: string;
    readonly name: string;
    readonly isSynced: boolean;
    readonly createdAt: number;
    readonly usedAt: number | null;
  }[];
  readonly recoveryCodesLeft: number;
}

/** The factors of an account of the organization. */
export function readFactors(core: Core, orgKey: OrgKey, staffId: string): Promise<OwnFactors> {
  return core.work.read(orgKey, async (tx) => ({
    hasTotp: typeof (await tx.staff.find(staffId))?.sealedTotp === 'string',
    passkeys: await tx.staffFactors.listPasskeys(staffId),
    recoveryCodesLeft: await tx.staffFactors.countCodes(staffId),
  }));
}

/**
 * Removes a passkey, or the app for codes where `passkeyId` is null. Refuses with `unauthorized`, `fresh_factor_required`,
 * `not_found` (passkey), and `wrong_state` for the last factor.
 */
export async function removeFactor(
  core: Core,
  call: SetUpCall,
  { passkeyId }: { readonly passkeyId: string | null },
): Promise<void> {
  const found = await findSetUp(core, call, 'open');
  const { orgKey, session } = found;
  const { staffId } = session;
  await core.work.change(orgKey, async (tx) => {
    const hasTotp = (await lockSetUp(core, tx, session)).sealedTotp !== null;
    const passkeys = await tx.staffFactors.listPasskeys(staffId);
    const isThere = passkeyId === null ? hasTotp : passkeys.some(({ id }) => id === passkeyId);
    if (!isThere) throw refuse('not_found', { noun: 'passkey' });
    if (passkeys.length + (hasTotp ? 1 : 0) === 1) {
      throw refuse('wrong_state', { from: 'one_factor', to: 'no_factor' });
    }
    if (passkeyId === null) await tx.staff.update(staffId, { sealedTotp: null });
    else await tx.staffFactors.removePasskey(staffId, passkeyId);
    await recordOwn(core, tx, call.door, found, 'staff.factor_removed');
  });
}

/** The session in which a factor may be set up: one that enrols, or an open one with a fresh factor. */
async function findSetUp(
  core: Core,
  { token }: Pick<SetUpCall, 'token'>,
  stage: 'any' | 'open' = 'any',
): Promise<Found> {
  const found = await getStaffSession(core, token, stage === 'any' ? ['enrolment', 'open'] : ['open']);
  const now = core.clock.now();
  if (found.session.stage === 'open' && freshUntilOf(found.session, now) <= now) {
    throw refuse('fresh_factor_required', {});
  }
  return found;
}

/** A step: whether the account may still set up its first factor. */
export async function mayEnrol(core: Core, tx: Tx, staffId: string): Promise<boolean> {
  const used = await tx.staffFactors.findUsedLink(staffId);
  return used !== null && core.clock.now() < used.expiresAt;
}

/** The account of a session that lasts: a link, or the first factor of another session, may have ended it meanwhile. */
async function lockSetUp(core: Core, tx: Tx, { id, staffId, stage }: StaffSession): Promise<StaffAccount> {
  const account = await tx.staff.lock(staffId);
  const lasts = (await tx.staffSessions.listOf(staffId)).some((session) => session.id === id);
  if (account === null || !lasts) throw refuse('unauthorized', {});
  if (stage === 'enrolment' && !(await mayEnrol(core, tx, staffId))) throw refuse('unauthorized', {});
  return account;
}

/** Adds the factor in one transaction; the first one opens the session and gives recovery codes. */
async function addFactor(
  core: Core,
  { door, network }: SetUpCall,
  found: Found,
  kind: 'totp' | 'passkey',
  add: (tx: Tx) => Promise<void>,
): Promise<FactorAdded> {
  const { orgKey, session } = found;
  const { staffId } = session;
  return core.work.change(orgKey, async (tx) => {
    await lockSetUp(core, tx, session);
    await add(tx);
    await recordOwn(core, tx, door, found, 'staff.factor_added', [kind]);
    if (session.stage === 'open') return { recoveryCodes: null, token: null };
    // Who else began with the password alone needs the new factor from now on.
    await tx.staffSessions.endAll(staffId, session.id);
    await tx.staff.update(staffId, { enrolledAt: core.clock.now() });
    const recoveryCodes = await issueCodes(core, tx, staffId);
    return { recoveryCodes, token: await openStaffSession(core, tx, { door, found, network }) };
  });
}

async function issueCodes(core: Core, tx: Tx, staffId: string): Promise<readonly string[]> {
  const codes = newRecoveryCodes();
  const { orgKey } = tx;
  const digests = codes.map((code) => recoveryDigest(core.secrets, { orgKey, staffId, code }));
  await tx.staffFactors.replaceCodes(staffId, digests);
  return codes;
}

function recordOwn(
  core: Core,
  tx: Tx,
  door: Door,
  { session, role }: StaffOfSession,
  action: AuditAction,
  fields: readonly string[] = [],
): Promise<void> {
  const { staffId, id: sessionId } = session;
  const principal = staffPrincipal(core, { door, orgKey: tx.orgKey, staffId, role, sessionId });
  return record(tx, principal, action, { kind: 'staff', id: staffId }, core.clock.now(), { fields });
}
