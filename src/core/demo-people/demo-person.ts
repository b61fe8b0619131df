/**
 * Makes up people with a history of 90 days: who they are, how far they came, and what they did. Pure but for ids, so that a
 * seed gives the same people again. They are template users, so that no real sender ever gets a message to them.
 */
import { type NewUser, newUserDefaults, type UserStatus } from '../directory/user.ts';
import type { UserActivity } from '../directory/user-store.ts';
import { newPrefixedId, type UserIdSource } from '../ids.ts';
import { type MessageTemplate, messageRetentionMs } from '../messaging/message.ts';
import type { ConnectionState } from '../providers/connection.ts';
import { demoName } from '../providers/provider-description.ts';
import type { AuditAction, AuditSubjectKind } from '../record/audit-event.ts';
import { dayMs, hourMs, minuteMs, utcDate } from '../time.ts';
import type { DemoConnection, DemoMessage } from './demo-people-store.ts';
import { areaCodes, firstNames, lastNames, places } from './word-lists.ts';

export const historyDays = 90;

/** Something that the person did, or that happened to one of its connections. */
export interface DemoEvent {
  readonly at: number;
  readonly action: AuditAction;
  readonly subjectKind: AuditSubjectKind;
  readonly subjectId: string;
}

export interface DemoPerson {
  readonly user: NewUser;
  readonly activity: UserActivity;
  /** When its sessions began and were last used. */
  readonly sessions: readonly { readonly startedAt: number; readonly lastUsedAt: number }[];
  /** Without their grants, which are sealed later. */
  readonly connections: readonly Omit<DemoConnection, 'sealedGrants'>[];
  readonly messages: readonly DemoMessage[];
  readonly events: readonly DemoEvent[];
}

export interface DemoCrowd {
  /** Names the crowd in emails and external ids, so that two crowds do not meet. */
  readonly name: string;
  readonly size: number;
  readonly appIds: readonly string[];
  readonly now: number;
  readonly ids: UserIdSource;
}

/** A source of numbers from 0 to 1. */
export type Chance = () => number;

/** The same numbers for the same seed (mulberry32). They decide about nothing secret. */
export function chanceOf(seed: number): Chance {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Person number `at` of the crowd, from 0. Later ones came later, and more came each day than the day before. */
export function makePerson(crowd: DemoCrowd, at: number, chance: Chance): DemoPerson {
  const { now } = crowd;
  const share = (at + chance()) / crowd.size;
  const createdAt = Math.round(now - historyDays * dayMs * (1 - share ** 0.6));
  const status = statusOf(chance, now - createdAt);
  const user = makeUser(crowd, { at, createdAt, status }, chance);
  const signIns = user.confirmedAt === null || status === 'pending' ? [] : signInsOf(user, now, chance);
  const connections = signIns.length === 0 ? [] : connectionsOf(user, now, chance);
  const lastSyncAt = lastOf(connections.map((each) => each.lastSyncAt));
  const lastLoginAt = signIns.at(-1) ?? null;
  const cancelledAt = status === 'inactive' ? between(chance, lastLoginAt ?? createdAt, now) : null;
  const lastScoreAt = lastSyncAt !== null && chance() < 0.9 ? lastSyncAt : null;
  const known = { user, signIns, connections, cancelledAt };
  return {
    ...{ user, connections },
    activity: {
      ...{ lastLoginAt, lastSyncAt, lastScoreAt },
      updatedAt: lastOf([createdAt, user.confirmedAt, cancelledAt, lastSyncAt]) ?? createdAt,
    },
    sessions: cancelledAt === null ? sessionsOf(signIns, now) : [],
    messages: messagesOf(user, now, chance),
    events: eventsOf(known, chance),
  };
}

/** Most people confirm within the first day. */
function statusOf(chance: Chance, age: number): UserStatus {
  const drawn = chance();
  if (drawn < (age < dayMs ? 0.35 : 0.13)) return 'pending';
  return drawn > 0.94 && age > dayMs ? 'inactive' : 'active';
}

function makeUser(
  { name, appIds, ids, now }: DemoCrowd,
  { at, createdAt, status }: { at: number; createdAt: number; status: UserStatus },
  chance: Chance,
): NewUser {
  const firstName = pick(chance, firstNames);
  const lastName = pick(chance, lastNames);
  const [language, timezone] = pick(chance, places);
  const confirmedAt =
    status === 'pending' ? null : between(chance, createdAt, Math.min(now, createdAt + hourMs));
  const hasPhone = chance() < 0.6;
  const area = pick(chance, areaCodes);
  const line = String(100 + Math.floor(chance() * 100)).padStart(4, '0');
  const isClinical = chance() < 0.02;
  return {
    ...newUserDefaults,
    ...{ id: ids.id(), number: ids.number(), appId: pick(chance, appIds), status, createdAt },
    ...{ firstName, lastName, language, timezone, confirmedAt, isTemplate: true },
    email: `${plain(firstName)}.${plain(lastName)}.${name}${at.toString(36)}@example.com`,
    externalId: chance() < 0.8 ? `demo-${name}-${at + 1}` : null,
    phone: hasPhone ? `+1 ${area} 555 ${line}` : null,
    phoneE164: hasPhone ? `+1${area}555${line}` : null,
    dateOfBirth: chance() < 0.7 ? utcDate(between(chance, Date.UTC(1940, 0), Date.UTC(2006, 0))) : null,
    role: chance() < 0.03 ? 'member' : 'parent',
    isNativeSignup: chance() < 0.7,
    isSelfRegistered: true,
    ...{ isClinical, isClinicalApproved: isClinical && status === 'active' && chance() < 0.6 },
    emailProvedAt: confirmedAt !== null && chance() < 0.85 ? confirmedAt : null,
    phoneProvedAt: confirmedAt !== null && hasPhone && chance() < 0.5 ? confirmedAt : null,
  };
}

/** Some people come every few days, and some stop. Oldest first. */
function signInsOf({ createdAt, confirmedAt }: NewUser, now: number, chance: Chance): number[] {
  const from = confirmedAt ?? createdAt;
  const until = chance() < 0.25 ? between(chance, from, now) : now;
  const count = 1 + Math.floor(chance() * chance() * 5);
  const later = Array.from({ length: count - 1 }, () => between(chance, from, until));
  return [from, ...later].sort((left, right) => left - right);
}

/** A sign-in of the last 30 days has a session; the newest one may still be in use. */
function sessionsOf(signIns: readonly number[], now: number) {
  return signIns
    .filter((at) => at > now - messageRetentionMs)
    .slice(-2)
    .map((startedAt) => ({ startedAt, lastUsedAt: Math.min(now, startedAt + 20 * minuteMs) }));
}

function connectionsOf(
  { id: userId, createdAt }: NewUser,
  now: number,
  chance: Chance,
): DemoPerson['connections'] {
  if (chance() < 0.55) return [];
  const madeAt = between(chance, createdAt, now);
  const status = connectionStateOf(chance());
  const hasData = status !== 'pending' && chance() < 0.95;
  const syncedUntil = status === 'active' && chance() < 0.8 ? now - Math.floor(chance() * dayMs) : now;
  const lastSyncAt = hasData ? Math.max(madeAt, between(chance, madeAt, syncedUntil)) : null;
  return [
    {
      ...{ id: newPrefixedId('dev'), userId, provider: demoName, status, lastSyncAt },
      connectedAt: status === 'pending' ? null : madeAt,
      // One that stays pending is ended after a while; this one has just begun.
      createdAt: status === 'pending' ? now - minuteMs : madeAt,
      updatedAt: status === 'pending' ? now - minuteMs : (lastSyncAt ?? madeAt),
    },
  ];
}

function connectionStateOf(drawn: number): ConnectionState {
  if (drawn < 0.78) return 'active';
  if (drawn < 0.88) return 'needs_user';
  return drawn < 0.985 ? 'revoked' : 'pending';
}

/** Rows of messages stay for 30 days after their end. */
function messagesOf(user: NewUser, now: number, chance: Chance): DemoMessage[] {
  const sent: (readonly [MessageTemplate, number])[] = [['confirmation', user.createdAt]];
  if (user.emailProvedAt !== null) sent.push(['email_proof', user.createdAt]);
  if (chance() < 0.06) sent.push(['password_reset', between(chance, user.createdAt, now)]);
  return sent
    .filter(([, at]) => at > now - messageRetentionMs + hourMs)
    .map(([template, at]) => {
      const isFailed = chance() < 0.03;
      const channel = template === 'confirmation' && user.phone !== null ? 'sms' : 'email';
      return {
        ...{ id: newPrefixedId('msg'), userId: user.id, channel, template, createdAt: at },
        ...{ state: isFailed ? 'failed' : 'sent', attempts: isFailed ? 12 : 1 },
      };
    });
}

function eventsOf(
  of: {
    readonly user: NewUser;
    readonly signIns: readonly number[];
    readonly connections: readonly Omit<DemoConnection, 'sealedGrants'>[];
    readonly cancelledAt: number | null;
  },
  chance: Chance,
): DemoEvent[] {
  const { user, signIns, connections, cancelledAt } = of;
  const about = (at: number, action: AuditAction): DemoEvent => {
    return { at, action, subjectKind: 'user', subjectId: user.id };
  };
  const events = [about(user.createdAt, 'user.created')];
  if (user.confirmedAt !== null) events.push(about(user.confirmedAt, 'user.confirmed'));
  for (const at of signIns.slice(-2)) events.push(about(at, 'session.started'));
  for (const { id, connectedAt, updatedAt, status } of connections) {
    const change = (at: number, action: AuditAction): DemoEvent => {
      return { at, action, subjectKind: 'connection', subjectId: id };
    };
    if (connectedAt !== null) events.push(change(connectedAt, 'connection.connected'));
    if (status === 'needs_user') events.push(change(updatedAt, 'connection.lost'));
    if (status === 'revoked') events.push(change(updatedAt, 'connection.revoked'));
  }
  if (chance() < 0.05 && signIns.length > 1) events.push(about(signIns.at(-1) ?? 0, 'user.updated'));
  if (cancelledAt !== null) events.push(about(cancelledAt, 'user.cancelled'));
  return events;
}

function pick<T>(chance: Chance, list: readonly T[]): T {
  const found = list[Math.floor(chance() * list.length)];
  if (found === undefined) throw new Error('the list is empty');
  return found;
}

function between(chance: Chance, from: number, until: number): number {
  return Math.floor(from + chance() * Math.max(0, until - from));
}

function lastOf(instants: readonly (number | null)[]): number | null {
  return instants.reduce(
    (last, each) => (each !== null && (last === null || each > last) ? each : last),
    null,
  );
}

/** Lower-case letters of ASCII, for an address. */
function plain(name: string): string {
  return name
    .normalize('NFD')
    .replace(/[øØ]/g, 'o')
    .replace(/[ıI]/g, 'i')
    .replace(/ß/g, 'ss')
    .replace(/[^A-Za-z]/g, '')
    .toLowerCase();
}
