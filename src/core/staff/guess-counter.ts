/**
 * Bounds guesses at staff accounts: at passwords by what the sign-in names, and at second factors by account. The rules are those of
 * `access/password-guesses.ts`. Addresses without an account are counted alike, with the same statements.
 */
import { knownNetworkMs } from '../access/known-network.ts';
import { digestOfNetwork, type GuessCounter } from '../access/password-guesses.ts';
import type { Core } from '../core.ts';
import { canonicalEmail } from '../directory/email-address.ts';
import type { OrgKey } from '../ids.ts';
import type { SecretBox } from '../secret.ts';
import type { Tx } from '../unit-of-work.ts';
import type { StaffAccount } from './staff-account.ts';

/** Stands for the account where there is none, so that the same statements run. */
const noAccount = { orgKey: 0, id: '' };

/**
 * What a sign-in names. Passwords are counted by it, and not by the account: a count that two spellings share would tell that they
 * mean one account, and a count of the address alone would be cleared by the account of another organization.
 */
export interface SignInName {
  readonly email: string;
  readonly organization: string | null;
}

/** Counts the passwords for what a sign-in names. */
export async function passwordCounter(
  core: Core,
  { name, account, network }: { name: SignInName; account: StaffAccount | null; network: string },
): Promise<GuessCounter> {
  const { orgKey, id } = account ?? noAccount;
  const isKnown = await core.work.readSystem('throttle', (system) => {
    return isKnownNetwork(core, system.within(orgKey), id, network);
  });
  return {
    ...{ subject: passwordSubject(core.secrets, name), network, isKnown },
    read: (work) => core.work.readSystem('throttle', (tx) => work(tx.throttles)),
    change: (work) => core.work.changeSystem('throttle', (tx) => work(tx.throttles), { isAwaited: true }),
  };
}

/** Counts second factors of an account. */
export async function factorCounter(
  core: Core,
  { orgKey, staffId, network }: { orgKey: OrgKey; staffId: string; network: string },
): Promise<GuessCounter> {
  const isKnown = await core.work.read(orgKey, (tx) => isKnownNetwork(core, tx, staffId, network));
  return {
    ...{ subject: factorSubject(core.secrets, orgKey, staffId), network, isKnown },
    read: (work) => core.work.read(orgKey, (tx) => work(tx.throttles)),
    change: (work) => core.work.change(orgKey, (tx) => work(tx.throttles)),
  };
}

/** A step: the account has signed in from that network, and nothing is left of its wrong factors there. */
export async function noteStaffNetwork(core: Core, tx: Tx, staffId: string, network: string): Promise<void> {
  await tx.staff.noteNetwork(
    staffId,
    networkDigest(core.secrets, tx.orgKey, staffId, network),
    core.clock.now(),
  );
  const subject = factorSubject(core.secrets, tx.orgKey, staffId);
  await tx.throttles.clearFailures(subject, digestOfNetwork(core, subject, network));
}

/** The password was right: nothing is left of the wrong ones from that network. */
export async function clearPasswordGuesses(core: Core, name: SignInName, network: string): Promise<void> {
  const subject = passwordSubject(core.secrets, name);
  await core.work.changeSystem(
    'throttle',
    (tx) => tx.throttles.clearFailures(subject, digestOfNetwork(core, subject, network)),
    { isAwaited: true },
  );
}

function isKnownNetwork(core: Core, tx: Tx, staffId: string, network: string): Promise<boolean> {
  const digest = networkDigest(core.secrets, tx.orgKey, staffId, network);
  return tx.staff.isKnownNetwork(staffId, digest, core.clock.now() - knownNetworkMs);
}

function passwordSubject(secrets: SecretBox, { email, organization }: SignInName): string {
  return secrets.keyedDigest('staff email', JSON.stringify([canonicalEmail(email), organization]));
}

function factorSubject(secrets: SecretBox, orgKey: OrgKey, staffId: string): string {
  return secrets.keyedDigest('staff factor', `${orgKey} ${staffId}`);
}

function networkDigest(secrets: SecretBox, orgKey: OrgKey, staffId: string, network: string): string {
  return secrets.keyedDigest('staff network', `${orgKey} ${staffId} ${network}`);
}
