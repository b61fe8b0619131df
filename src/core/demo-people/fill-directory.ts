/**
 * Fills a directory with demo people, for a look at it with content. Each batch is one transaction with the users, as an import
 * adds them, and with their history. No provider is called, and no message is sent.
 */
import { authorize, type OperatorPrincipal, type OwnDoor } from '../access/principal.ts';
import type { Core } from '../core.ts';
import type { Organization } from '../directory/organization.ts';
import { createApp } from '../directory/organization-lifecycle.ts';
import { userView } from '../directory/user-view.ts';
import { newDatedId, newPrefixedId, newUserIdsNearby, type OrgKey, type UserId } from '../ids.ts';
import { type StoredGrants, sealGrants, type TokenGrant } from '../providers/grant.ts';
import type { AuditEvent } from '../record/audit-event.ts';
import { digestOf, newToken } from '../secret.ts';
import type { DemoConnection, DemoSession } from './demo-people-store.ts';
import { type Chance, chanceOf, type DemoCrowd, type DemoPerson, makePerson } from './demo-person.ts';

/** The door in the audit events of demo people: nothing came in through it. */
export const demoDoor: OwnDoor = 'demo';

/** The client of grants that no provider gave. */
export const demoGrantClient = 'demo-people';

/** Apps beside the first one of the organization. */
const appNames = ['Demo Sleep', 'Demo Heart'] as const;

const batchPeople = 1_000;

const counted = userView('id');

/** How many users the organization has, and how many of them are demo people. */
export interface DemoState {
  readonly users: number;
  readonly demoPeople: number;
}

/** How many demo people there are, and how many users in all. Both come from counts or an index. */
export async function findDemoState(core: Core, principal: OperatorPrincipal): Promise<DemoState> {
  authorize(principal, 'users.read');
  return core.work.read(principal.orgKey, async (tx) => ({
    users: (await tx.users.page({}, 0, 1, counted)).total,
    demoPeople: await tx.demoPeople.count(),
  }));
}

/**
 * Adds demo people, spread over the apps of the organization, and yields after each batch how many were added by then. The
 * caller has made sure that the directory may have them.
 */
export async function* addDemoPeople(
  core: Core,
  principal: OperatorPrincipal,
  {
    organization,
    size,
    seed,
  }: { readonly organization: Organization; readonly size: number; readonly seed: number },
): AsyncGenerator<number> {
  authorize(principal, 'users.create');
  const appIds = await ensureApps(core, principal, organization);
  const ids = newUserIdsNearby();
  const crowd = { name: seed.toString(36), size, appIds, now: core.clock.now(), ids };
  const chance = chanceOf(seed);
  let added = 0;
  for (let at = 0; at < size; at += batchPeople) {
    const people = peopleFrom(crowd, at, chance);
    const rows = rowsOf(core, principal.orgKey, people);
    added += await core.work.change(principal.orgKey, async (tx) => {
      const outcomes = await tx.users.insertAll(
        people.map(({ user }) => user),
        new Map(people.map(({ user, activity }) => [user.id, activity])),
      );
      // No two crowds share an address, and a person who has one by chance keeps it.
      const isAdded = new Set(outcomes.flatMap((outcome) => ('taken' in outcome ? [] : [outcome.id])));
      const own = <T extends { readonly userId: UserId }>(all: readonly T[]): readonly T[] =>
        isAdded.size === people.length ? all : all.filter(({ userId }) => isAdded.has(userId));
      await tx.demoPeople.insertAll({
        people: [...isAdded],
        sessions: own(rows.sessions),
        connections: own(rows.connections),
        messages: own(people.flatMap(({ messages }) => messages)),
      });
      await tx.audit.insertAll(own(rows.events).map(({ userId: _, ...event }) => event));
      return isAdded.size;
    });
    yield added;
  }
}

function peopleFrom(crowd: DemoCrowd, from: number, chance: Chance): readonly DemoPerson[] {
  const count = Math.min(batchPeople, crowd.size - from);
  return Array.from({ length: count }, (_, at) => makePerson(crowd, from + at, chance));
}

/** The organization's first app, and the demo apps. */
async function ensureApps(
  core: Core,
  { door, orgKey }: OperatorPrincipal,
  organization: Organization,
): Promise<readonly string[]> {
  const apps = await core.work.readSystem('operator', async (tx) =>
    (await tx.apps.list()).filter((app) => app.orgKey === orgKey),
  );
  const first = await core.work.read(orgKey, (tx) => tx.apps.getFirstId());
  const appIds = [first];
  for (const name of appNames) {
    const found = apps.find((app) => app.name === name);
    const appId = found?.id ?? (await createApp(core, door, { organization, name })).app.id;
    appIds.push(appId);
  }
  // Most people use the first app.
  return [first, first, ...appIds];
}

/** The rows that need the secret or random ids. */
function rowsOf(core: Core, orgKey: OrgKey, people: readonly DemoPerson[]) {
  const sessions: DemoSession[] = [];
  const connections: DemoConnection[] = [];
  const events: (AuditEvent & { readonly userId: UserId })[] = [];
  for (const person of people) {
    const userId = person.user.id;
    for (const times of person.sessions) {
      sessions.push({ id: newPrefixedId('ses'), userId, digest: digestOf(newToken('st', orgKey)), ...times });
    }
    for (const connection of person.connections) {
      const isConnected = connection.status === 'active' || connection.status === 'needs_user';
      const sealedGrants = isConnected
        ? sealGrants(core.secrets, { orgKey, id: connection.id }, demoGrants())
        : null;
      connections.push({ ...connection, sealedGrants });
    }
    for (const event of person.events) {
      const isSignUp = event.action === 'user.created';
      events.push({
        ...event,
        ...{ id: newDatedId('evt', event.at), door: demoDoor, fields: [], users: null, times: null, userId },
        ...(isSignUp ? { actorKind: 'public', actorId: null } : { actorKind: 'user', actorId: userId }),
      });
    }
  }
  return { sessions, connections, events: events.sort((left, right) => left.at - right.at) };
}

/** Tokens that no provider knows. */
function demoGrants(): StoredGrants {
  const tokens: TokenGrant = {
    kind: 'tokens',
    clientId: demoGrantClient,
    accessToken: 'none',
    refreshToken: null,
    expiresAt: null,
    account: null,
  };
  return [{ id: newPrefixedId('rev'), unanswered: 0, tokens }];
}
