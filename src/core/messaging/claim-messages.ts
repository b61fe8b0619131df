/**
 * Decides which due messages are claimed next: lanes in the order of their kinds, in each lane the organizations in turn,
 * and in each organization its destinations in turn. An organization with many waiting messages gets no more in one
 * turn than one with few.
 */
import type { OrgKey } from '../ids.ts';
import type { SystemTx } from '../unit-of-work.ts';
import { laneFor, type MessageKind, type MessageLane, messageKinds } from './lane.ts';
import { type Channel, channels, type Message, messageLeaseMs } from './message.ts';

/** Messages that are released in one transaction. */
const releaseMax = 500;
/** Organizations that one claim of a lane looks at. */
const organizationsMax = 32;
/** Organizations whose position is remembered. A forgotten one begins its turn at its first destination. */
const positionsMax = 10_000;

/** What a channel can take now. */
export interface ChannelPlaces {
  /** Messages of this kind that may be claimed, after `claimed` ones of each kind. */
  free(kind: MessageKind, claimed: ReadonlyMap<MessageKind, number>): number;
  /** How many messages of one destination may be under way, for messages of this kind. */
  perDestination(kind: MessageKind): number;
}

/** Where the turns of a process are. Each process has turns of its own. */
export class MessageTurns {
  readonly #organizations = new Map<MessageLane, OrgKey>();
  readonly #destinations = new Map<string, string>();

  organizationOf(lane: MessageLane): OrgKey {
    return this.#organizations.get(lane) ?? 0;
  }

  destinationOf(lane: MessageLane, orgKey: OrgKey): string {
    return this.#destinations.get(`${lane} ${orgKey}`) ?? '';
  }

  /** Remembers a claim, after its transaction is committed. */
  advance({ turns }: MessageClaims): void {
    for (const { lane, orgKey, destination } of turns) {
      this.#organizations.set(lane, orgKey);
      const key = `${lane} ${orgKey}`;
      this.#destinations.delete(key);
      this.#destinations.set(key, destination);
    }
    for (const key of this.#destinations.keys()) {
      if (this.#destinations.size <= positionsMax) break;
      this.#destinations.delete(key);
    }
  }
}

interface Turn {
  readonly lane: MessageLane;
  readonly orgKey: OrgKey;
  readonly destination: string;
}

export interface MessageClaims {
  readonly messages: readonly Message[];
  /** The turns that were taken, in their order. */
  readonly turns: readonly Turn[];
  /** Whether messages are due that have no place yet. */
  readonly isMoreDue: boolean;
}

/** A step: claims as many due messages as there are places for. */
export async function claimMessages(
  tx: SystemTx,
  turns: MessageTurns,
  places: Readonly<Record<Channel, ChannelPlaces>>,
  now: number,
): Promise<MessageClaims> {
  await tx.messages.release(now, releaseMax);
  const due = await listDueLanes(tx);
  if (due.size === 0) return { messages: [], turns: [], isMoreDue: false };
  const messages: Message[] = [];
  const taken: Turn[] = [];
  for (const channel of channels) {
    const claimed = new Map<MessageKind, number>();
    for (const kind of messageKinds) {
      const lane = laneFor(channel, kind);
      const limit = due.has(lane) ? places[channel].free(kind, claimed) : 0;
      if (limit <= 0) continue;
      const perDestination = places[channel].perDestination(kind);
      const claims = await claimInLane(tx, turns, { lane, limit, perDestination, now });
      messages.push(...claims.messages);
      taken.push(...claims.turns);
      claimed.set(kind, claims.messages.length);
    }
  }
  return { messages, turns: taken, isMoreDue: (await listDueLanes(tx)).size > 0 };
}

async function listDueLanes(tx: SystemTx): Promise<ReadonlySet<MessageLane>> {
  return new Set((await tx.messages.listOldestDue()).map(({ lane }) => lane));
}

interface LaneClaim {
  readonly lane: MessageLane;
  readonly limit: number;
  readonly perDestination: number;
  readonly now: number;
}

/** Each organization gets an equal share of the places first; those that have more messages get what the others leave. */
async function claimInLane(
  tx: SystemTx,
  turns: MessageTurns,
  { limit, ...claim }: LaneClaim,
): Promise<Pick<MessageClaims, 'messages' | 'turns'>> {
  const messages: Message[] = [];
  const taken: Turn[] = [];
  let waiting = await listNextOrganizations(tx, claim.lane, turns.organizationOf(claim.lane));
  while (waiting.length > 0 && messages.length < limit) {
    const share = Math.max(1, Math.floor((limit - messages.length) / waiting.length));
    const unfinished: OrgKey[] = [];
    for (const orgKey of waiting) {
      const wanted = Math.min(share, limit - messages.length);
      if (wanted === 0) break;
      const { lane } = claim;
      const last = taken.findLast((turn) => turn.orgKey === orgKey);
      const after = last?.destination ?? turns.destinationOf(lane, orgKey);
      const found = await claimOfOrganization(tx, { ...claim, orgKey, after, limit: wanted });
      messages.push(...found.messages);
      taken.push({ lane, orgKey, destination: found.destination });
      if (found.messages.length === wanted) unfinished.push(orgKey);
    }
    waiting = unfinished;
  }
  return { messages, turns: taken };
}

/** The organizations after the last one that had a turn, then those from the beginning. */
async function listNextOrganizations(tx: SystemTx, lane: MessageLane, after: OrgKey): Promise<OrgKey[]> {
  const next = await tx.messages.listDueOrganizations(lane, after, organizationsMax);
  if (after === 0 || next.length === organizationsMax) return [...next];
  const first = await tx.messages.listDueOrganizations(lane, 0, organizationsMax - next.length);
  return [...next, ...first.filter((orgKey) => orgKey <= after)];
}

async function claimOfOrganization(
  tx: SystemTx,
  claim: Omit<LaneClaim, 'limit'> & {
    readonly orgKey: OrgKey;
    readonly after: string;
    readonly limit: number;
  },
): Promise<{ messages: readonly Message[]; destination: string }> {
  const rest = await tx.messages.claim({ ...claim, leaseMs: messageLeaseMs });
  const missing = claim.limit - rest.length;
  const last = lastOf(rest, claim.after);
  if (missing === 0 || claim.after === '') return { messages: rest, destination: last };
  const first = await tx.messages.claim({ ...claim, after: '', limit: missing, leaseMs: messageLeaseMs });
  return { messages: [...rest, ...first], destination: first.length === 0 ? last : lastOf(first, '') };
}

/** The last destination of the messages in the order of a turn, or the one before them. */
function lastOf(messages: readonly Message[], before: string): string {
  return messages.reduce((last, { destination }) => (destination > last ? destination : last), before);
}
