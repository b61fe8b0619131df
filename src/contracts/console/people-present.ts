/** Presents people as the pages of the console read them. The core has masked what the reader may not see. */
import { sessionAgeMaxMs, sessionIdleMs } from '../../core/access/session.ts';
import type { Listing } from '../../core/directory/paging.ts';
import { fullNameOf, scoreStatusOf } from '../../core/directory/user.ts';
import { toUserIdText } from '../../core/ids.ts';
import type { FoundPeople, PersonRow as FoundPerson } from '../../core/people/find-people.ts';
import type { Person as Dossier, ShownMessage } from '../../core/people/person.ts';
import { allActs, type PersonAct } from '../../core/people/person-act.ts';
import type { TimelineEvent as PersonEvent } from '../../core/people/timeline.ts';
import { secondMs, toMillisecondText } from '../../core/time.ts';
import type {
  ActState,
  PeoplePage,
  Person,
  PersonFields,
  PersonMessage,
  PersonRow,
  Timeline,
  TimelineEvent,
} from './shapes/people.ts';

const timeOrNull = (at: number | null): string | null => (at === null ? null : toMillisecondText(at));

/** What each list says of itself. */
export function listingOf({ total, page }: Pick<Listing<unknown>, 'total' | 'page'>) {
  return { total, page: page.page, pages: Math.ceil(total / page.size), pageSize: page.size };
}

export function presentPeople({ items, isExact, isMasked, ...found }: FoundPeople): PeoplePage {
  const { offset, next, progress } = found;
  return {
    ...listingOf(found),
    ...{ isExact, offset, next, progress, isMasked },
    items: items.map(presentRow),
  };
}

/** A person as the list shows them. */
export function presentRow(user: FoundPerson): PersonRow {
  return {
    id: toUserIdText(user.id),
    number: user.number,
    appId: user.appId,
    externalId: user.externalId,
    email: user.email,
    name: fullNameOf(user),
    phone: user.phone,
    status: user.status,
    role: user.role,
    isClinicalApproved: user.isClinicalApproved,
    confirmedAt: timeOrNull(user.confirmedAt),
    emailProvedAt: timeOrNull(user.emailProvedAt),
    phoneProvedAt: timeOrNull(user.phoneProvedAt),
    createdAt: toMillisecondText(user.createdAt),
    lastLoginAt: timeOrNull(user.lastLoginAt),
  };
}

export function presentPerson(dossier: Dossier, now: number): Person {
  const { user, signIn, deletion } = dossier;
  const after = (ms: number): string => toMillisecondText(now + ms);
  return {
    id: toUserIdText(user.id),
    number: user.number,
    isMasked: dossier.isMasked,
    isDemo: dossier.isDemo,
    app: dossier.app,
    fields: presentFields(dossier, now),
    proofs: {
      email: { address: user.email ?? user.requestedEmail, provedAt: timeOrNull(user.emailProvedAt) },
      phone: { address: user.phone, provedAt: timeOrNull(user.phoneProvedAt) },
    },
    signIn: {
      can: signIn.can,
      reasons: signIn.reasons.map((reason) => ({ ...reason, until: timeOrNull(reason.until) })),
    },
    connections: dossier.connections.map((each) => ({
      id: each.id,
      provider: each.provider,
      title: each.title,
      status: each.status,
      connectedAt: timeOrNull(each.connectedAt),
      lastSyncAt: timeOrNull(each.lastSyncAt),
      refreshFailures: each.refreshFailures,
      refreshOutcome: each.refreshOutcome,
      createdAt: toMillisecondText(each.createdAt),
      updatedAt: toMillisecondText(each.updatedAt),
    })),
    sessions: dossier.sessions.map(({ id, startedAt, lastUsedAt }) => ({
      id,
      startedAt: toMillisecondText(startedAt),
      lastUsedAt: toMillisecondText(lastUsedAt),
      expiresAt: toMillisecondText(Math.min(lastUsedAt + sessionIdleMs, startedAt + sessionAgeMaxMs)),
    })),
    networks: dossier.networkUses.map((at) => ({ lastSeenAt: toMillisecondText(at) })),
    messages: dossier.messages.map(presentMessage),
    failures: {
      passwords: dossier.wrongPasswords.map(({ from, count, lastAt, lockedUntil }) => {
        return { from, count, lastAt: toMillisecondText(lastAt), lockedUntil: timeOrNull(lockedUntil) };
      }),
      code:
        dossier.openCode === null
          ? null
          : {
              expiresAt: toMillisecondText(dossier.openCode.expiresAt),
              triesLeft: dossier.openCode.triesLeft,
            },
      links: dossier.openLinks.map(({ purpose, expiresAt }) => {
        return { purpose, expiresAt: toMillisecondText(expiresAt) };
      }),
      limits: dossier.limits.map(({ limit, of, used, most, windowMs, waitMs }) => ({
        ...{ limit, of, used, most },
        windowSeconds: windowMs === null ? null : Math.round(windowMs / secondMs),
        until: waitMs > 0 ? after(waitMs) : null,
      })),
    },
    acts: presentActs(dossier, after),
    deletion,
  };
}

function presentFields({ user }: Dossier, now: number): PersonFields {
  return {
    externalId: user.externalId,
    email: user.email,
    requestedEmail: user.requestedEmail,
    firstName: user.firstName,
    lastName: user.lastName,
    name: fullNameOf(user),
    phone: user.phone,
    dateOfBirth: user.dateOfBirth,
    language: user.language,
    timezone: user.timezone,
    role: user.role,
    status: user.status,
    isClinical: user.isClinical,
    isClinicalApproved: user.isClinicalApproved,
    isTemplate: user.isTemplate,
    isNativeSignup: user.isNativeSignup,
    isSelfRegistered: user.isSelfRegistered,
    hasPassword: user.passwordHash !== null,
    scoreStatus: scoreStatusOf(user, now),
    createdAt: toMillisecondText(user.createdAt),
    updatedAt: toMillisecondText(user.updatedAt),
    confirmedAt: timeOrNull(user.confirmedAt),
    lastLoginAt: timeOrNull(user.lastLoginAt),
    lastSyncAt: timeOrNull(user.lastSyncAt),
    lastScoreAt: timeOrNull(user.lastScoreAt),
  };
}

export function presentTimeline({ items, ...listing }: Listing<PersonEvent>): Timeline {
  return { ...listingOf(listing), isExact: true, items: items.map(presentEvent) };
}

function presentEvent(event: PersonEvent): TimelineEvent {
  const { id, at, action, actorKind, actorId, actorName, reason, door, subjectKind, subjectId } = event;
  const isUser = actorKind === 'user' || actorKind === 'connect';
  return {
    id,
    at: toMillisecondText(at),
    action,
    actor: {
      kind: actorKind,
      id: isUser && actorId !== null ? toUserIdText(actorId) : actorId,
      name: actorName,
    },
    reason,
    door,
    subject: { kind: subjectKind, id: subjectKind === 'user' ? toUserIdText(subjectId) : subjectId },
    fields: event.fields,
    users: event.users,
    times: event.times,
  };
}

function presentMessage(message: ShownMessage): PersonMessage {
  const { id, channel, template, state, attempts, createdAt, settlesAt, content } = message;
  const settles = toMillisecondText(settlesAt);
  const isQueued = state === 'queued';
  return {
    ...{ id, channel, template, state, attempts },
    createdAt: toMillisecondText(createdAt),
    endedAt: isQueued ? null : settles,
    nextAttemptAt: isQueued ? settles : null,
    content:
      content === null
        ? null
        : { to: content.to, subject: content.subject, body: content.body, code: content.code ?? null },
  };
}

function presentActs(
  { acts }: Dossier,
  after: (ms: number) => string,
): Readonly<Record<PersonAct, ActState>> {
  const states = allActs.map((act): [PersonAct, ActState] => {
    const { waitMs, ...state } = acts[act];
    return [act, { ...state, until: waitMs === null ? null : after(waitMs) }];
  });
  return Object.fromEntries(states) as Record<PersonAct, ActState>;
}
