/**
 * Bounds the guesses at a password. A sign-in is counted by account and network, so that a stranger delays only the own
 * network: after five wrong passwords in a row there is one try per 2, 4, 8 … 60 seconds. All networks together from which
 * the account has not signed in lately share a slow limit, against guesses from many networks. A password that comes with
 * a session is counted by session, which ends after five wrong ones. Addresses without an account are counted alike, with
 * the same statements. `guardGuesses` is the same for what else can be guessed, such as the codes of a second factor.
 */
import type { Core } from '../core.ts';
import type { User } from '../directory/user.ts';
import { refuse } from '../errors.ts';
import type { OrgKey } from '../ids.ts';
import { record } from '../record/audit-event.ts';
import type { HashCost } from './hash-cost.ts';
import type { NetworkFamiliarity } from './known-network.ts';
import type { UserPrincipal } from './principal.ts';
import { sessionWrongPasswordsMax } from './session.ts';
import { findFamiliarity } from './sign-in-network.ts';
import { emailSubject } from './subject.ts';
import {
  debtOf,
  failureDelayMs,
  freeFailures,
  type GuessSource,
  guessesLeft,
  type LoginFailures,
  type NetworkGroup,
  refuseWait,
  type ThrottleStore,
} from './throttle.ts';

/** An address at which passwords are tried, and the caller's network. */
export interface GuessTarget {
  readonly orgKey: OrgKey;
  readonly email: string;
  readonly network: string;
}

/** An account at whose password a caller guesses, as it was read before the check. */
export interface GuessedAccount {
  /** Null where the address has no account. */
  readonly user: User | null;
  readonly cost: HashCost | null;
  /** How familiar the caller's network is to the account. */
  readonly familiarity: NetworkFamiliarity;
  /** The wrong passwords in a row that were counted from that network. */
  readonly wrongPasswords: number;
}

/**
 * Runs `check`, and counts null as a wrong password. Refuses with `rate_limited` before the delay of the network or of the
 * unknown networks is over. No more checks run at the same time than there are free guesses.
 */
export async function guardByNetwork<T>(
  core: Core,
  target: GuessTarget,
  check: (account: GuessedAccount) => Promise<T | null>,
): Promise<T | null> {
  const { orgKey, email, network } = target;
  const subject = emailSubject(core.secrets, orgKey, email);
  const digest = digestOfNetwork(core, subject, network);
  const { user, cost } = await findAccount(core, target);
  const readAt = performance.now();
  const [familiarity, failures] = await core.work.read(orgKey, (tx) =>
    Promise.all([
      findFamiliarity(core, tx, user?.id ?? null, network),
      tx.throttles.findFailures(subject, digest),
    ]),
  );
  const counter: GuessCounter = {
    ...{ subject, network, isKnown: familiarity.isKnown },
    read: (work) => core.work.read(orgKey, (tx) => work(tx.throttles)),
    change: (work) => core.work.change(orgKey, (tx) => work(tx.throttles)),
  };
  return guardGuesses(
    core,
    counter,
    ({ count: wrongPasswords }) => check({ user, cost, familiarity, wrongPasswords }),
    { failures, readAt },
  );
}

/** The account of the address, with what a check of its password costs at least. The same statements run for one without an account. */
export function findAccount(
  core: Core,
  { orgKey, email }: GuessTarget,
): Promise<Pick<GuessedAccount, 'user' | 'cost'>> {
  return core.work.read(orgKey, async (tx) => {
    const [user, cost] = await Promise.all([tx.users.findByEmail(email), tx.hashCosts.find()]);
    return { user, cost };
  });
}

/** Where guesses are counted. */
export interface GuessCounter {
  /** A keyed digest of what is guessed at. */
  readonly subject: string;
  /** The caller's network. */
  readonly network: string;
  /** Whether the account has signed in from there lately. */
  readonly isKnown: boolean;
  read<T>(work: (throttles: ThrottleStore) => Promise<T>): Promise<T>;
  change<T>(work: (throttles: ThrottleStore) => Promise<T>): Promise<T>;
}

/** Wrong guesses, and when the read of them began, on the clock of `performance`. */
interface CountedGuesses {
  readonly failures: Readonly<Record<NetworkGroup, LoginFailures>>;
  readonly readAt: number;
}

/** As `guardByNetwork`, with a counter of the caller. `known` is what was read of it before. */
export async function guardGuesses<T>(
  core: Core,
  { subject, network, isKnown, read, change }: GuessCounter,
  check: (failures: LoginFailures) => Promise<T | null>,
  known: CountedGuesses | null = null,
): Promise<T | null> {
  const { signInGate } = core;
  const { guessQuota } = core.policy;
  const from: GuessSource = {
    network: digestOfNetwork(core, subject, network),
    group: isKnown ? 'known' : 'unknown',
  };
  const [ofNetwork, ofGroup] = [`${subject} ${from.network}`, `${subject} ${from.group}`];
  let counted = known;
  /** A check that has ended since the last read may be counted in neither, so they are read again. */
  const findFailures = async (gate: string): Promise<LoginFailures> => {
    if (counted === null || signInGate.hasEndedSince(gate, counted.readAt)) {
      const readAt = performance.now();
      const failures = await read((throttles) => throttles.findFailures(subject, from.network));
      counted = { failures, readAt };
    }
    return counted.failures[from.group];
  };
  const roomOfNetwork = async (): Promise<number> => {
    const failures = await findFailures(ofNetwork);
    refuseWait(failureDelayMs(failures, core.clock.now()));
    return freeFailures - failures.count;
  };
  const roomOfGroup = async (): Promise<number> => {
    const left = guessesLeft(await findFailures(ofGroup), guessQuota, core.clock.now());
    if (isKnown) return Number.POSITIVE_INFINITY;
    if (left < 1) refuseWait((1 - left) * debtOf(guessQuota));
    return Math.floor(left);
  };
  const attempt = async (): Promise<T | null> => {
    const found = await check(await findFailures(ofNetwork));
    if (found === null) {
      await change((throttles) => throttles.addFailure(subject, from, core.clock.now(), debtOf(guessQuota)));
    }
    return found;
  };
  return signInGate.pass(ofNetwork, roomOfNetwork, () => signInGate.pass(ofGroup, roomOfGroup, attempt));
}

/** The digest under which the wrong passwords of a network are counted. */
export function digestOfNetwork({ secrets }: Core, subject: string, network: string): string {
  return secrets.keyedDigest('guessing network', `${subject} ${network}`);
}

/**
 * Runs `check`, and counts null as a wrong password of the session; a right one clears the count. Refuses with `unauthorized`
 * where the session has ended, also by wrong passwords.
 */
export async function guardBySession<T>(
  core: Core,
  principal: UserPrincipal,
  check: () => Promise<T | null>,
): Promise<T | null> {
  const { orgKey, sessionId } = principal;
  let counted = 0;
  const room = async (): Promise<number> => {
    const count = await core.work.read(orgKey, (tx) => tx.sessions.findWrongPasswords(sessionId));
    if (count === null) throw refuse('unauthorized', {});
    counted = count;
    return sessionWrongPasswordsMax - count;
  };
  return core.signInGate.pass(sessionId, room, async () => {
    const found = await check();
    if (found === null) await countInSession(core, principal);
    else if (counted > 0) await core.work.change(orgKey, (tx) => tx.sessions.clearWrongPasswords(sessionId));
    return found;
  });
}

async function countInSession(core: Core, principal: UserPrincipal): Promise<void> {
  const { orgKey, sessionId, userId } = principal;
  await core.work.change(orgKey, async (tx) => {
    const count = await tx.sessions.addWrongPassword(sessionId);
    if (count < sessionWrongPasswordsMax || !(await tx.sessions.end(sessionId))) return;
    await record(tx, principal, 'session.ended', { kind: 'user', id: userId }, core.clock.now());
  });
}
