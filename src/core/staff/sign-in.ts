/**
 * The first step of a sign-in to the console: email and password. The answer, the work and the statements are the same whether
 * or not the address has an account. A right password starts a session that can do nothing but take the second factor.
 */
import type { Arrival } from '../access/arrival.ts';
import { hashTyped, matchPassword } from '../access/password.ts';
import { guardGuesses } from '../access/password-guesses.ts';
import type { Door } from '../access/principal.ts';
import type { Core } from '../core.ts';
import { canonicalEmail } from '../directory/email-address.ts';
import { type FieldFault, isRefusal, refuse, refuseFaults } from '../errors.ts';
import { mayEnrol } from './enrolment.ts';
import { clearPasswordGuesses, passwordCounter } from './guess-counter.ts';
import { startStaffSession, strangerAt } from './open-session.ts';
import type { StaffAccount } from './staff-account.ts';

export type FactorKind = 'totp' | 'passkey' | 'recovery';

export interface FirstStep {
  /** The token of the session in plain text: shown now and never again. */
  readonly token: string;
  /** The factors that the account has; without any, one must be set up first. */
  readonly factors: readonly FactorKind[];
}

/**
 * Checks email and password, which are unchecked input. `organization` is the id of an organization, for an address that works
 * for several; without it the oldest account of the address is meant. Refuses with `invalid_fields`, `invalid_credentials`,
 * `rate_limited`, `invalid_token` where the account has no second factor and the link has ended with which it began, and `unavailable`
 * when the hashing queue is full.
 */
export async function signStaffIn(
  core: Core,
  door: Door,
  input: {
    readonly email: unknown;
    readonly password: unknown;
    readonly organization: unknown;
    readonly arrival: Arrival;
  },
): Promise<FirstStep> {
  const { email, password, organization } = readInput(input);
  const { network } = input.arrival;
  const account = await findAccount(core, email, organization);
  const turn = { arrival: input.arrival, account: `staff ${canonicalEmail(email)}` };
  const counter = await passwordCounter(core, { name: { email, organization }, account, network });
  const hash = account?.passwordHash ?? null;
  const found = await guardGuesses(core, counter, async () => {
    const match = await core.signInGate.share(`${turn.account} ${hash} ${password}`, () =>
      matchPassword(core.hasher, password, hash, { turn }),
    );
    if (account !== null && match !== 'wrong') return { account, match };
    if (account !== null) {
      core.tally.add(strangerAt(door, account.orgKey), {
        action: 'session.refused',
        subject: { kind: 'staff', id: account.id },
        at: core.clock.now(),
      });
    }
    return null;
  });
  if (found === null) throw refuse('invalid_credentials', {});
  const isOutdated = hash === null || found.match !== 'right' || core.hasher.isOutdated(hash);
  const freshHash = isOutdated ? await orNull(hashTyped(core.hasher, password, turn)) : null;
  await clearPasswordGuesses(core, { email, organization }, network);
  return core.work.change(found.account.orgKey, async (tx) => {
    const present = await tx.staff.lock(found.account.id);
    // Between the check and this transaction the account may have been removed, or its password replaced.
    if (present === null || present.passwordHash !== hash) throw refuse('invalid_credentials', {});
    if (freshHash !== null) await tx.staff.update(present.id, { passwordHash: freshHash });
    const passkeys = await tx.staffFactors.listPasskeys(present.id);
    const main: FactorKind[] = [
      ...(passkeys.length > 0 ? (['passkey'] as const) : []),
      ...(present.sealedTotp === null ? [] : (['totp'] as const)),
    ];
    const hasCodes = main.length > 0 && (await tx.staffFactors.countCodes(present.id)) > 0;
    const stage = main.length > 0 ? 'password' : 'enrolment';
    if (stage === 'enrolment' && !(await mayEnrol(core, tx, present.id))) throw refuse('invalid_token', {});
    const { token } = await startStaffSession(core, tx, { staffId: present.id, stage, network });
    return { token, factors: hasCodes ? [...main, 'recovery'] : main };
  });
}

/** The account that is meant; null for none. */
async function findAccount(
  core: Core,
  email: string,
  organization: string | null,
): Promise<StaffAccount | null> {
  return core.work.readSystem('authentication', async (tx) => {
    const accounts = await tx.staff.listByEmail(email);
    if (organization === null) {
      return accounts.find(({ passwordHash }) => passwordHash !== null) ?? accounts[0] ?? null;
    }
    const key = (await tx.organizations.findById(organization))?.key;
    return accounts.find(({ orgKey }) => orgKey === key) ?? null;
  });
}

/** While the hashing queue is full, the replacement of a hash waits for the next sign-in. */
async function orNull(hashing: Promise<string>): Promise<string | null> {
  try {
    return await hashing;
  } catch (error) {
    if (isRefusal(error, 'unavailable') || isRefusal(error, 'rate_limited')) return null;
    throw error;
  }
}

function readInput(input: {
  readonly email: unknown;
  readonly password: unknown;
  readonly organization: unknown;
}): { email: string; password: string; organization: string | null } {
  const faults: FieldFault[] = [];
  for (const field of ['email', 'password'] as const) {
    const value = input[field];
    if (value === undefined || value === null || value === '') faults.push({ field, fault: 'blank' });
    else if (!isText(value)) faults.push({ field, fault: 'invalid' });
  }
  const { organization = null } = input;
  if (organization !== null && !isText(organization)) {
    faults.push({ field: 'organization', fault: 'invalid' });
  }
  refuseFaults(faults);
  return {
    email: String(input.email),
    password: String(input.password),
    organization: isText(organization) ? organization : null,
  };
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value.isWellFormed() && !value.includes('\0');
}
