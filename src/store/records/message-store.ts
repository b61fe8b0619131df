/**
 * Messages to people as rows. The job that sends messages claims them (`message-claims.ts`); each claim is counted as an
 * attempt. A message that was sent, or has failed for good, loses its content.
 */
import { sql } from 'kysely';
import type { OrgKey, UserId } from '../../core/ids.ts';
import { laneOf, type MessageLane } from '../../core/messaging/lane.ts';
import {
  type Channel,
  channels,
  type Message,
  type MessageState,
  type MessageTemplate,
  staffTemplates,
} from '../../core/messaging/message.ts';
import type {
  FailedMessages,
  MessageClaim,
  MessageQueue,
  MessageStore,
  NewMessage,
  TrackedMessage,
} from '../../core/messaging/message-queue.ts';
import { sendDeadlineMs } from '../../core/messaging/sender.ts';
import { dayMs } from '../../core/time.ts';
import { toFlag } from '../schema/flag.ts';
import { type Binder, build, rawStatement, statement } from '../sql/statement.ts';
import type { Scope } from '../users/scope.ts';
import {
  claimOf,
  inTurn,
  releaseMessages,
  selectDueOrganization,
  selectHeld,
  selectNextTemplate,
  selectOldestDue,
  selectTurn,
} from './message-claims.ts';

const columns = [
  'messages.seq',
  'messages.org_key as orgKey',
  'messages.id',
  'messages.user_id as userId',
  'messages.channel',
  'messages.template',
  'messages.is_outbox_only as isOutboxOnly',
  'messages.destination',
  'messages.sealed_content as sealedContent',
  'messages.state',
  'messages.attempts',
  'messages.created_at as createdAt',
] as const;

type MessageRow = Omit<Message, 'isOutboxOnly'> & { readonly seq: number; readonly isOutboxOnly: number };

/** A new message is due immediately. The job is notified after the commit; if that is missed, its next pass sends the message. */
const insertMessage = statement(
  (
    p: Binder<{
      orgKey: number;
      id: string;
      userId: string | null;
      channel: Channel;
      template: MessageTemplate;
      isOutboxOnly: 0 | 1;
      lane: MessageLane;
      destination: string;
      sealedContent: string | null;
      createdAt: number;
      cost: number | null;
    }>,
  ) =>
    build.insertInto('messages').values({
      org_key: p('orgKey'),
      id: p('id'),
      user_id: p('userId'),
      channel: p('channel'),
      template: p('template'),
      is_outbox_only: p('isOutboxOnly'),
      lane: p('lane'),
      destination: p('destination'),
      stage: 'due',
      sealed_content: p('sealedContent'),
      state: 'queued',
      attempts: 0,
      next_attempt_at: p('createdAt'),
      created_at: p('createdAt'),
      cost: p('cost'),
    }),
);

const claimMessage = claimOf<MessageRow>(columns);

/** Ends an attempt of a message that is still queued. */
const settleMessage = statement(
  (p: Binder<{ orgKey: number; id: string; state: MessageState; nextAttemptAt: number }>) =>
    build
      .updateTable('messages')
      .set((row) => ({
        state: p('state'),
        next_attempt_at: p('nextAttemptAt'),
        destination: '',
        sealed_content: row
          .case()
          .when(p('state'), 'in', ['sent', 'failed'])
          .then(null)
          .else(row.ref('sealed_content'))
          .end(),
      }))
      .where('org_key', '=', p('orgKey'))
      .where('id', '=', p('id'))
      .where('state', '=', sql.lit('queued')),
);

const giveUpEarlierCodes = statement((p: Binder<{ orgKey: number; userId: string; now: number }>) => {
  const codes = build
    .selectFrom('messages')
    .where('org_key', '=', p('orgKey'))
    .where('user_id', '=', p('userId'))
    .where('template', '=', sql.lit('confirmation'));
  return build
    .updateTable('messages')
    .set({ state: 'failed', next_attempt_at: p('now'), destination: '', sealed_content: null })
    .where('org_key', '=', p('orgKey'))
    .where('user_id', '=', p('userId'))
    .where('template', '=', sql.lit('confirmation'))
    .where('state', '=', sql.lit('queued'))
    .where('stage', '<>', sql.lit('claimed'))
    .where('attempts', '>', sql.lit(0))
    .where('seq', '<', (_) => codes.select((row) => row.fn.max('seq').as('newest')));
});

/** A decoy has no user. */
const deleteDecoy = statement((p: Binder<{ orgKey: number; id: string }>) =>
  build
    .deleteFrom('messages')
    .where('org_key', '=', p('orgKey'))
    .where('id', '=', p('id'))
    .where('user_id', 'is', null),
);

/** Ends an attempt that is followed by another one. A message is given up by its age, so its age begins now at the latest. */
const deferMessage = statement(
  (p: Binder<{ orgKey: number; id: string; nextAttemptAt: number; attempts: number; now: number }>) =>
    build
      .updateTable('messages')
      .set((row) => ({
        stage: 'waiting',
        next_attempt_at: p('nextAttemptAt'),
        attempts: p('attempts'),
        created_at: row
          .case()
          .when('created_at', '>', p('now'))
          .then(p('now'))
          .else(row.ref('created_at'))
          .end(),
      }))
      .where('org_key', '=', p('orgKey'))
      .where('id', '=', p('id'))
      .where('state', '=', sql.lit('queued')),
);

/** Newest first, in the order of writing, because several may be of the same millisecond. */
const selectWithContent = statement((p: Binder<{ limit: number }>) =>
  build
    .selectFrom('messages')
    .select(columns)
    .where('sealed_content', 'is not', null)
    .where((row) => row.or([row('user_id', 'is not', null), row('template', 'in', staffTemplates)]))
    .orderBy('seq', 'desc')
    .limit(p('limit')),
);

const trackedColumns = [...columns, 'messages.next_attempt_at as settlesAt'] as const;

const selectOfUser = statement((p: Binder<{ orgKey: number; userId: string; limit: number }>) =>
  build
    .selectFrom('messages')
    .select(trackedColumns)
    .where('org_key', '=', p('orgKey'))
    .where('user_id', '=', p('userId'))
    .orderBy('seq', 'desc')
    .limit(p('limit')),
);

type Newest = { orgKey: number; limit: number };

/** For the operator: they walk the messages backwards until there are enough. */
const newest = (p: Binder<Newest>) =>
  build
    .selectFrom('messages')
    .select(trackedColumns)
    .where('org_key', '=', p('orgKey'))
    .where('user_id', 'is not', null)
    .orderBy('seq', 'desc')
    .limit(p('limit'));
const selectNewest = statement((p: Binder<Newest>) => newest(p));
const selectNewestIn = statement((p: Binder<Newest & { state: MessageState }>) =>
  newest(p).where('state', '=', p('state')),
);

/** Messages of other organizations are passed over: the outbox is for development. */
const selectOwnWithContent = statement((p: Binder<{ orgKey: number; limit: number }>) =>
  build
    .selectFrom('messages')
    .select(columns)
    .where('sealed_content', 'is not', null)
    .where((row) => row.or([row('user_id', 'is not', null), row('template', 'in', staffTemplates)]))
    .where(sql`coalesce(org_key, 0)`, '=', p('orgKey'))
    .orderBy('seq', 'desc')
    .limit(p('limit')),
);

/** Reads the index of failed messages, and no row of the table. */
const countFailed = rawStatement(
  (p: Binder<{ orgKey: number; firstDay: number }>) => sql<FailedMessages>`
    select (next_attempt_at / ${sql.lit(dayMs)}) * ${sql.lit(dayMs)} as day, channel, count(*) as messages,
      coalesce(sum(cost), 0) as spent
    from messages where org_key = ${p('orgKey')} and state = 'failed' and next_attempt_at >= ${p('firstDay')}
    group by 1, 2 order by 1, 2`,
);

/** Reads the index of queued messages, and no row of the table. */
const summarizeQueued = statement((_: Binder<Record<never, never>>) =>
  build
    .selectFrom('messages')
    .select((row) => [row.fn.countAll<number>().as('queued'), row.fn.min('created_at').as('since')])
    .where('state', '=', sql.lit('queued')),
);

export class SqlMessageStore implements MessageStore {
  readonly #scope: Scope;
  readonly #orgKey: OrgKey;

  constructor(scope: Scope, orgKey: OrgKey) {
    this.#scope = scope;
    this.#orgKey = orgKey;
  }

  async insert(message: NewMessage): Promise<void> {
    const {
      cost = null,
      id,
      userId,
      channel,
      template,
      isOutboxOnly,
      destination,
      sealedContent,
      createdAt,
    } = message;
    await this.#scope.executor.insertDeferred(insertMessage, {
      orgKey: this.#orgKey,
      id,
      userId,
      channel,
      template,
      isOutboxOnly: toFlag(isOutboxOnly),
      lane: laneOf(channel, template),
      destination,
      sealedContent,
      createdAt,
      cost,
    });
    this.#scope.notifyAfterCommit('messages');
  }

  async listWithContent(limit: number): Promise<readonly Message[]> {
    const values = { orgKey: this.#orgKey, limit };
    return (await this.#scope.executor.rows(selectOwnWithContent, values)).map(toMessage);
  }

  async countFailed(firstDay: number): Promise<readonly FailedMessages[]> {
    const rows = await this.#scope.executor.rows(countFailed, { orgKey: this.#orgKey, firstDay });
    return rows.map(({ day, channel, messages, spent }) => ({
      day: Number(day),
      channel,
      messages: Number(messages),
      spent: Number(spent),
    }));
  }

  async giveUpEarlierCodes(userId: UserId, now: number): Promise<void> {
    await this.#scope.executor.run(giveUpEarlierCodes, { orgKey: this.#orgKey, userId, now });
  }

  async listOf(userId: UserId, limit: number): Promise<readonly TrackedMessage[]> {
    const rows = await this.#scope.executor.rows(selectOfUser, { orgKey: this.#orgKey, userId, limit });
    return rows.map(toTracked);
  }

  async list(state: MessageState | null, limit: number): Promise<readonly TrackedMessage[]> {
    const values = { orgKey: this.#orgKey, limit };
    const { executor } = this.#scope;
    const rows =
      state === null
        ? await executor.rows(selectNewest, values)
        : await executor.rows(selectNewestIn, { ...values, state });
    return rows.map(toTracked);
  }
}

export class SqlMessageQueue implements MessageQueue {
  readonly #scope: Scope;

  constructor(scope: Scope) {
    this.#scope = scope;
  }

  async release(now: number, limit: number): Promise<void> {
    const { executor } = this.#scope;
    await executor.lockName('claims of messages');
    await executor.run(releaseMessages, { now, limit });
  }

  /** Each step looks up the next template, so that a queue of any length costs a few look-ups. */
  async listOldestDue(): Promise<readonly { readonly lane: MessageLane; readonly since: number }[]> {
    const { executor } = this.#scope;
    const oldest = new Map<MessageLane, number>();
    let template = (await executor.first(selectNextTemplate, { after: '' }))?.template ?? null;
    while (template !== null) {
      const own = template;
      const looks = channels.map((channel) => executor.first(selectOldestDue, { template: own, channel }));
      for (const [at, row] of (await Promise.all(looks)).entries()) {
        const [channel, since] = [channels[at], row?.since ?? null];
        if (since === null || channel === undefined) continue;
        const lane = laneOf(channel, own);
        oldest.set(lane, Math.min(since, oldest.get(lane) ?? since));
      }
      template = (await executor.first(selectNextTemplate, { after: own }))?.template ?? null;
    }
    return [...oldest].map(([lane, since]) => ({ lane, since }));
  }

  async listDueOrganizations(lane: MessageLane, after: OrgKey, limit: number): Promise<readonly OrgKey[]> {
    const found: OrgKey[] = [];
    while (found.length < limit) {
      const last = found.at(-1) ?? after;
      const next = (await this.#scope.executor.first(selectDueOrganization, { lane, after: last }))?.orgKey;
      if (next === undefined || next === null) break;
      found.push(next);
    }
    return found;
  }

  async claim({ now, leaseMs, ...turn }: MessageClaim): Promise<readonly Message[]> {
    const { executor } = this.#scope;
    const { orgKey, limit, perDestination } = turn;
    // A send ends long before its lease. The claim of a process that was killed does not hold a place for the whole lease.
    const heldAfter = now + leaseMs - sendDeadlineMs;
    const rows = await executor.rows(selectHeld, { heldAfter });
    const held = new Map(rows.map(({ destination, places }) => [destination, Number(places)]));
    // Each destination that is under way may have no place, so it looks at so many more.
    const destinations = limit + held.size;
    const next = await executor.rows(selectTurn, {
      ...turn,
      destinations,
      limit: limit + held.size * perDestination,
    });
    const leasedUntil = now + leaseMs;
    const claims = inTurn(next, held, turn).map((id) =>
      executor.first(claimMessage, { orgKey, id, leasedUntil }),
    );
    return (await Promise.all(claims)).filter((row) => row !== undefined).map(toMessage);
  }

  async settle(
    { orgKey, id }: Pick<Message, 'orgKey' | 'id'>,
    outcome: Parameters<MessageQueue['settle']>[1],
    now: number,
  ): Promise<void> {
    if (outcome.state === 'queued') {
      const { nextAttemptAt, attempts } = outcome;
      await this.#scope.executor.runDeferred(deferMessage, { orgKey, id, nextAttemptAt, attempts, now });
    } else {
      const values = { orgKey, id, state: outcome.state, nextAttemptAt: now };
      await this.#scope.executor.runDeferred(settleMessage, values);
    }
  }

  async dropDecoy({ orgKey, id }: Pick<Message, 'orgKey' | 'id'>): Promise<void> {
    await this.#scope.executor.runDeferred(deleteDecoy, { orgKey, id });
  }

  async listWithContent(limit: number): Promise<readonly Message[]> {
    return (await this.#scope.executor.rows(selectWithContent, { limit })).map(toMessage);
  }

  async summarize(): Promise<{ readonly queued: number; readonly since: number | null }> {
    return (await this.#scope.executor.first(summarizeQueued, {})) ?? { queued: 0, since: null };
  }
}

function toTracked({ settlesAt, ...row }: MessageRow & { readonly settlesAt: number }): TrackedMessage {
  return { ...toMessage(row), settlesAt };
}

function toMessage({ seq: _, ...row }: MessageRow): Message {
  return { ...row, isOutboxOnly: row.isOutboxOnly === 1 };
}
