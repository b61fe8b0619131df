/**
 * The dossier of one person for staff and the operator: who it is, what is proved, why a sign-in is refused, connections,
 * sessions, messages, failed tries, and what the reader may do. Every look is recorded, before the answer. A reader who may
 * not see personal data gets it masked.
 */
import { knownNetworkMs } from '../access/known-network.ts';
import { authorize, type Principal } from '../access/principal.ts';
import { isAlive, type Session } from '../access/session.ts';
import { emailSubjects } from '../access/subject.ts';
import type { Core } from '../core.ts';
import { type LimitUse, listAccountLimits } from '../deployment/limits.ts';
import type { User } from '../directory/user.ts';
import type { UserRef } from '../directory/user-store.ts';
import { refuse } from '../errors.ts';
import { toUserIdText } from '../ids.ts';
import { type MessageContent, messageContext } from '../messaging/message.ts';
import type { TrackedMessage } from '../messaging/message-queue.ts';
import type { Connection } from '../providers/connection.ts';
import { recordOperatorRead } from '../record/commands.ts';
import { recordRead } from '../record/reads.ts';
import type { Tx } from '../unit-of-work.ts';
import type { EmailTokenPurpose } from '../verification/email-token.ts';
import type { PasswordTokenPurpose } from '../verification/password-token.ts';
import { maskPerson, seesMasked } from './masked-person.ts';
import { type ActState, actStatesOf, type PersonAct } from './person-act.ts';
import { type CountedFailures, lockMs, type SignInState, signInStateOf } from './sign-in-state.ts';

/** The newest messages that are shown. */
const messagesMax = 50;

export interface Person {
  /** With masked fields where `isMasked`. */
  readonly user: User;
  readonly isMasked: boolean;
  /** Whether `roster demo` has made the person. */
  readonly isDemo: boolean;
  readonly app: { readonly id: string; readonly name: string };
  readonly signIn: SignInState;
  /** Newest first. */
  readonly connections: readonly ShownConnection[];
  /** The valid ones, newest first. */
  readonly sessions: readonly Session[];
  /** When the networks were last used from which the person has signed in lately; newest first. */
  readonly networkUses: readonly number[];
  /** Newest first. */
  readonly messages: readonly ShownMessage[];
  readonly wrongPasswords: readonly WrongPasswords[];
  readonly openCode: { readonly expiresAt: number; readonly triesLeft: number } | null;
  readonly openLinks: readonly OpenLink[];
  readonly limits: readonly LimitUse[];
  readonly acts: Readonly<Record<PersonAct, ActState>>;
  readonly deletion: DeletionPlan;
}

/** A connection without its grants. */
export type ShownConnection = Omit<Connection, 'sealedGrants' | 'accountDigest'> & { readonly title: string };

/** A message without what only its receiver may see; `content` in development only. */
export interface ShownMessage
  extends Omit<TrackedMessage, 'sealedContent' | 'destination'>,
    Record<'content', MessageContent | null> {}

export interface OpenLink {
  readonly purpose: PasswordTokenPurpose | EmailTokenPurpose;
  readonly expiresAt: number;
}

export interface WrongPasswords {
  readonly from: 'network' | 'known' | 'unknown';
  /** In a row from the network; null for the networks of a group. */
  readonly count: number | null;
  readonly lastAt: number;
  readonly lockedUntil: number | null;
}

/** What a deletion needs and does. */
export interface DeletionPlan {
  /** What the reader types to confirm it; null for a reader who does not see it. */
  readonly confirmation: string | null;
  readonly providers: readonly {
    readonly provider: string;
    readonly title: string;
    readonly what: 'revoke' | 'already_ended' | 'never_granted';
  }[];
}

/** The dossier. Refuses with `forbidden` and `not_found` (user), also for a user of another organization. */
export async function getPerson(
  core: Core,
  principal: Principal,
  input: { readonly ref: UserRef | null },
): Promise<Person> {
  authorize(principal, 'console.people.read');
  const { ref } = input;
  const facts =
    ref === null ? null : await core.work.read(principal.orgKey, (tx) => readFacts(core, tx, ref));
  if (facts === null) throw refuse('not_found', { noun: 'user' });
  const { user } = facts;
  if (principal.kind === 'operator') await recordOperatorRead(core, principal, user.id);
  else await recordRead(core, principal, user.id);
  return toPerson(core, principal, facts, await listAccountLimits(core, user));
}

/** What a person types to confirm that this user is meant: the email, else the external id, else the id. */
export function confirmationOf({ email, externalId, id }: Pick<User, 'email' | 'externalId' | 'id'>): string {
  return email ?? externalId ?? toUserIdText(id);
}

/** How long the limit refuses one more. */
export function longestWait(limits: readonly LimitUse[], name: string): number {
  return Math.max(0, ...limits.filter(({ limit }) => limit === name).map(({ waitMs }) => waitMs));
}

type Facts = NonNullable<Awaited<ReturnType<typeof readFacts>>>;

async function readFacts(core: Core, tx: Tx, ref: UserRef) {
  const user = await tx.users.find(ref);
  if (user === null) return null;
  const { id } = user;
  const now = core.clock.now();
  const subjects = user.email === null ? [] : emailSubjects(core.secrets, tx.orgKey, user.email);
  const [names, sessions, networkUses, messages, connections, code, failures, links, proofs, admins, isDemo] =
    await Promise.all([
      tx.apps.getNames(user.appId),
      tx.sessions.listOf(id),
      tx.networks.listUses(id, now - knownNetworkMs),
      tx.messages.listOf(id, messagesMax),
      tx.connections.listOf(id),
      tx.codes.find(id),
      tx.throttles.listFailures(subjects),
      tx.passwordTokens.listOpen(id, now),
      tx.emailTokens.listOpen(id, now),
      tx.users.countActiveAdmins(),
      tx.demoPeople.has(id),
    ]);
  return {
    ...{ user, names, networkUses, messages, connections, failures, admins, isDemo, now },
    sessions: sessions.filter((session) => isAlive(session, now)).reverse(),
    code: code !== null && code.expiresAt > now ? code : null,
    openLinks: [...links, ...proofs].map(({ purpose, expiresAt }) => ({ purpose, expiresAt })),
  };
}

function toPerson(core: Core, principal: Principal, facts: Facts, limits: readonly LimitUse[]): Person {
  const { user, names, networkUses, messages, failures, sessions, code, now, openLinks } = facts;
  const isMasked = seesMasked(principal);
  const waitOf = (limit: string): number => longestWait(limits, limit);
  const { guessQuota, tellsAccounts } = core.policy;
  const signIn = signInStateOf({
    ...{ user, tellsAccounts, failures, guessQuota, code, now },
    codeWaitMs: waitOf('code'),
  });
  const isVoid = code !== null && code.triesLeft <= 0;
  const hasLocks = isVoid || failures.length > 0 || endedByUnlock.some((limit) => waitOf(limit) > 0);
  const connections = facts.connections.map((each) => toShownConnection(core, each));
  return {
    user: isMasked ? maskPerson(user) : user,
    isMasked,
    isDemo: facts.isDemo,
    app: { id: user.appId, name: names.app },
    signIn,
    ...{ connections, sessions, networkUses, limits, openLinks },
    messages: messages.map((message) => toShownMessage(core, message, isMasked)),
    wrongPasswords: failures.map((each) => toWrongPasswords(core, each, now)),
    openCode: code === null ? null : { expiresAt: code.expiresAt, triesLeft: code.triesLeft },
    acts: actStatesOf(principal, {
      ...{ user, isMasked, hasLocks, waitMs: waitOf },
      activeAdmins: facts.admins,
      sessions: sessions.length,
    }),
    deletion: {
      confirmation: isMasked ? null : confirmationOf(user),
      providers: facts.connections.map((each) => ({
        provider: each.provider,
        title: core.providers.find(each.provider)?.title ?? each.provider,
        what: endOf(each),
      })),
    },
  };
}

/** The limits that an unlock clears. */
export const endedByUnlock = ['code', 'reset', 'email_change', 'email_request'];

function toShownConnection(
  core: Core,
  { sealedGrants: _, accountDigest: __, ...connection }: Connection,
): ShownConnection {
  return { ...connection, title: core.providers.find(connection.provider)?.title ?? connection.provider };
}

function endOf({ status, sealedGrants }: Connection): DeletionPlan['providers'][number]['what'] {
  if (status === 'revoked') return 'already_ended';
  return sealedGrants === null && status === 'pending' ? 'never_granted' : 'revoke';
}

/** The content is shown where the development outbox keeps it, to a reader who sees personal data. */
function toShownMessage(core: Core, message: TrackedMessage, isMasked: boolean): ShownMessage {
  const { sealedContent, destination: _, ...shown } = message;
  const isOpen = !core.policy.isProduction && !isMasked && (message.state === 'kept' || message.isOutboxOnly);
  return { ...shown, content: isOpen && sealedContent !== null ? open(core, message, sealedContent) : null };
}

/** Null for a message that was sealed under a secret which the deployment no longer has. */
function open(core: Core, message: TrackedMessage, sealed: string): MessageContent | null {
  try {
    return JSON.parse(core.secrets.open(sealed, messageContext(message)));
  } catch {
    return null;
  }
}

function toWrongPasswords(core: Core, failures: CountedFailures, now: number): WrongPasswords {
  const { network, count, lastAt } = failures;
  const ms = lockMs(failures, core.policy.guessQuota, now);
  const isGroup = network === 'known' || network === 'unknown';
  return {
    from: isGroup ? network : 'network',
    count: isGroup ? null : count,
    lastAt,
    lockedUntil: ms > 0 ? now + ms : null,
  };
}
