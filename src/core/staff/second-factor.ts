/**
 * The second step of a sign-in, and the fresh factor of a session: a code of the app (TOTP, RFC 6238), a passkey (WebAuthn), or a
 * recovery code. Each is taken once: a code by its time step, a passkey by its challenge, a recovery code by its row.
 */
import type { Arrival } from '../access/arrival.ts';
import { guardGuesses } from '../access/password-guesses.ts';
import type { Door } from '../access/principal.ts';
import type { Core } from '../core.ts';
import { FieldReader, readText } from '../directory/user-fields.ts';
import { refuse, refuseFaults } from '../errors.ts';
import type { OrgKey } from '../ids.ts';
import { record } from '../record/audit-event.ts';
import { digestOf } from '../secret.ts';
import { getStaffSession } from './authenticate-staff.ts';
import { challengeIn, credentialIn, type PasskeySite } from './factor-check.ts';
import { factorCounter } from './guess-counter.ts';
import { openStaffSession, staffPrincipal, strangerAt } from './open-session.ts';
import { recoveryDigest } from './recovery-codes.ts';
import { totpContext } from './staff-account.ts';
import { freshFactorMs, type StaffOfSession } from './staff-session.ts';

/** The call in which a factor is given. */
export interface FactorCall {
  readonly door: Door;
  /** The token of the session that the call came with. */
  readonly token: string;
  readonly arrival: Arrival;
  /** For a session that is open already, which becomes fresh; else the factor opens one. */
  readonly isFresh: boolean;
}

export interface FactorTaken {
  /** The token of the opened session in plain text; null where the factor made a session fresh. */
  readonly token: string | null;
  /** Until when the factor counts as fresh. */
  readonly freshUntil: number;
}

type Found = StaffOfSession & { readonly orgKey: OrgKey };

/** Takes a code of the app. Refuses with `invalid_fields`, `invalid_code`, `unauthorized` and `rate_limited`. */
export async function giveTotp(core: Core, call: FactorCall, code: unknown): Promise<FactorTaken> {
  const found = await findSession(core, call);
  const text = readCode(code);
  return take(core, call, found, async () => {
    const { orgKey, session } = found;
    const account = await core.work.read(orgKey, (tx) => tx.staff.find(session.staffId));
    if (account === null || account.sealedTotp === null) return false;
    const secret = core.secrets.open(account.sealedTotp, totpContext(account));
    const step = await core.staffFactors.totp.stepOf(secret, text, core.clock.now());
    if (step === null) return false;
    return core.work.change(orgKey, (tx) => tx.staff.consumeTotpStep(session.staffId, step));
  });
}

/** Takes a recovery code. Refuses as `giveTotp`. */
export async function giveRecoveryCode(core: Core, call: FactorCall, code: unknown): Promise<FactorTaken> {
  const found = await findSession(core, call);
  const text = readCode(code);
  const { orgKey, session } = found;
  const digest = recoveryDigest(core.secrets, { orgKey, staffId: session.staffId, code: text });
  return take(core, call, found, () =>
    core.work.change(orgKey, (tx) => tx.staffFactors.consumeCode(session.staffId, digest)),
  );
}

/** The options with which the browser asks for a passkey. Refuses with `unauthorized`, and `not_found` (passkey) without one. */
export async function beginPasskey(
  core: Core,
  call: Pick<FactorCall, 'token' | 'isFresh'>,
  site: PasskeySite,
): Promise<Readonly<Record<string, unknown>>> {
  const { orgKey, session } = await findSession(core, call);
  const passkeys = await core.work.read(orgKey, (tx) => tx.staffFactors.listPasskeys(session.staffId));
  if (passkeys.length === 0) throw refuse('not_found', { noun: 'passkey' });
  const { options, challenge } = await core.staffFactors.passkeys.requestOptions(site, passkeys);
  const digest = digestOf(challenge);
  const isSet = await core.work.change(orgKey, (tx) => tx.staffSessions.setChallenge(session.id, digest));
  if (!isSet) throw refuse('unauthorized', {});
  return options;
}

/** Takes the browser's answer to `beginPasskey`. Refuses as `giveTotp`; the challenge is used up in any case. */
export async function givePasskey(
  core: Core,
  call: FactorCall,
  input: { readonly site: PasskeySite; readonly response: unknown },
): Promise<FactorTaken> {
  const found = await findSession(core, call);
  const { response, site } = input;
  if (typeof response !== 'object' || response === null) {
    throw refuse('invalid_fields', { faults: [{ field: 'response', fault: 'blank' }] });
  }
  const { orgKey, session } = found;
  return take(core, call, found, async () => {
    const challenge = challengeIn(response);
    const credentialId = credentialIn(response);
    if (challenge === null || credentialId === null) return false;
    const digest = digestOf(challenge);
    const isWaiting = await core.work.change(orgKey, (tx) =>
      tx.staffSessions.consumeChallenge(session.id, digest),
    );
    if (!isWaiting) return false;
    const passkeys = await core.work.read(orgKey, (tx) => tx.staffFactors.listPasskeys(session.staffId));
    const passkey = passkeys.find((each) => each.credentialId === credentialId);
    if (passkey === undefined) return false;
    const signs = await core.staffFactors.passkeys.readRequest(site, challenge, { passkey, response });
    if (signs === null) return false;
    const use = { signs, at: core.clock.now() };
    await core.work.change(orgKey, (tx) => tx.staffFactors.notePasskey(passkey.id, use));
    return true;
  });
}

function findSession(core: Core, { token, isFresh }: Pick<FactorCall, 'token' | 'isFresh'>): Promise<Found> {
  return getStaffSession(core, token, [isFresh ? 'open' : 'password']);
}

/** Runs the check within the limit of guesses, and opens the session or makes it fresh. */
async function take(
  core: Core,
  { door, arrival, isFresh }: FactorCall,
  found: Found,
  check: () => Promise<boolean>,
): Promise<FactorTaken> {
  const { orgKey, session, role } = found;
  const { staffId } = session;
  const { network } = arrival;
  const counter = await factorCounter(core, { orgKey, staffId, network });
  const isTaken = await guardGuesses(core, counter, async () => ((await check()) ? true : null));
  const subject = { kind: 'staff', id: staffId } as const;
  const now = core.clock.now();
  if (isTaken === null) {
    core.tally.add(strangerAt(door, orgKey), { action: 'session.refused', subject, at: now });
    throw refuse('invalid_code', {});
  }
  const freshUntil = now + freshFactorMs;
  if (!isFresh) {
    const token = await core.work.change(orgKey, (tx) =>
      openStaffSession(core, tx, { door, found, network }),
    );
    return { token, freshUntil };
  }
  await core.work.change(orgKey, async (tx) => {
    if (!(await tx.staffSessions.noteFactor(session.id, now))) throw refuse('unauthorized', {});
    const principal = staffPrincipal(core, { door, orgKey, staffId, role, sessionId: session.id });
    await record(tx, principal, 'staff.factor_given', subject, now);
  });
  return { token: null, freshUntil };
}

/** People type blanks and dashes between the parts of a code. */
function readCode(code: unknown): string {
  const fields = new FieldReader();
  const text = fields.take('code', readText(code));
  refuseFaults(fields.faults);
  return (text ?? '').replaceAll(/[\s-]/g, '');
}
