/**
 * Messages to people as rows. The job that sends messages claims them (`lease-claim.ts`); each claim is counted as an
 * attempt. A message that was sent, or has failed for good, loses its content.
 */
import { sql } from 'kysely';
import type { OrgKey } from '../../core/ids.ts';
import type {
  Channel,
  Message,
  MessageQueue,
  MessageState,
  MessageStore,
  MessageTemplate,
} from '../../core/messaging/message.ts';
import { toFlag } from '../schema/flag.ts';
import { type Binder, build, statement } from '../sql/statement.ts';
import type { Scope } from '../users/scope.ts';
import { leaseClaimInOrder } from './lease-claim.ts';

const columns = [
  'messages.seq',
  'messages.org_key as orgKey',
  'messages.id',
  'messages.user_id as userId',
  'messages.channel',
  'messages.template',
  'messages.is_outbox_only as isOutboxOnly',
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
      sealedContent: string | null;
      createdAt: number;
    }>,
  ) =>
    build.insertInto('messages').values({
      org_key: p('orgKey'),
      id: p('id'),
      user_id: p('userId'),
      channel: p('channel'),
      template: p('template'),
      is_outbox_only: p('isOutboxOnly'),
      sealed_content: p('sealedContent'),
      state: 'queued',
      attempts: 0,
      next_attempt_at: p('createdAt'),
      created_at: p('createdAt'),
    }),
);

const claimDue = leaseClaimInOrder<MessageRow>({
  table: 'messages',
  order: ['next_attempt_at', 'seq'],
  state: { column: 'state', open: ['queued'] },
  counters: ['attempts'],
  columns,
});

/** Ends an attempt of a message that is still queued. */
const settleMessage = statement(
  (p: Binder<{ orgKey: number; id: string; state: MessageState; nextAttemptAt: number }>) =>
    build
      .updateTable('messages')
      .set((row) => ({
        state: p('state'),
        next_attempt_at: p('nextAttemptAt'),
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

/** A decoy has no user. */
const deleteDecoy = statement((p: Binder<{ orgKey: number; id: string }>) =>
  build
    .deleteFrom('messages')
    .where('org_key', '=', p('orgKey'))
    .where('id', '=', p('id'))
    .where('user_id', 'is', null),
);

/** Newest first, in the order of writing, because several may be of the same millisecond. */
const selectWithContent = statement((p: Binder<{ limit: number }>) =>
  build
    .selectFrom('messages')
    .select(columns)
    .where('sealed_content', 'is not', null)
    .where('user_id', 'is not', null)
    .orderBy('seq', 'desc')
    .limit(p('limit')),
);

/** Reads the index of queued messages, and one row of the table. */
const summarizeQueued = statement((_: Binder<Record<never, never>>) =>
  build
    .with('waiting', (cte) =>
      cte
        .selectFrom('messages')
        .select((row) => [row.fn.countAll<number>().as('queued'), row.fn.min('seq').as('first')])
        .where('state', '=', sql.lit('queued')),
    )
    .selectFrom('waiting')
    .leftJoin('messages', 'messages.seq', 'waiting.first')
    .select(['waiting.queued', 'messages.created_at as since']),
);

export class SqlMessageStore implements MessageStore {
  readonly #scope: Scope;
  readonly #orgKey: OrgKey;

  constructor(scope: Scope, orgKey: OrgKey) {
    this.#scope = scope;
    this.#orgKey = orgKey;
  }

  async insert(message: Omit<Message, 'orgKey' | 'state' | 'attempts'>): Promise<void> {
    const { id, userId, channel, template, isOutboxOnly, sealedContent, createdAt } = message;
    await this.#scope.executor.run(insertMessage, {
      orgKey: this.#orgKey,
      id,
      userId,
      channel,
      template,
      isOutboxOnly: toFlag(isOutboxOnly),
      sealedContent,
      createdAt,
    });
    this.#scope.notifyAfterCommit('messages');
  }
}

export class SqlMessageQueue implements MessageQueue {
  readonly #scope: Scope;

  constructor(scope: Scope) {
    this.#scope = scope;
  }

  async claim(now: number, leaseMs: number, limit: number): Promise<readonly Message[]> {
    const rows = await claimDue(this.#scope.executor, { now, leaseMs, limit });
    return rows.map(toMessage);
  }

  async settle(
    message: Pick<Message, 'orgKey' | 'id'>,
    outcome:
      | { readonly state: Exclude<MessageState, 'queued'> }
      | { readonly state: 'queued'; readonly nextAttemptAt: number },
    now: number,
  ): Promise<void> {
    await this.#scope.executor.run(settleMessage, {
      orgKey: message.orgKey,
      id: message.id,
      state: outcome.state,
      nextAttemptAt: outcome.state === 'queued' ? outcome.nextAttemptAt : now,
    });
  }

  async dropDecoy({ orgKey, id }: Pick<Message, 'orgKey' | 'id'>): Promise<void> {
    await this.#scope.executor.run(deleteDecoy, { orgKey, id });
  }

  async listWithContent(limit: number): Promise<readonly Message[]> {
    return (await this.#scope.executor.rows(selectWithContent, { limit })).map(toMessage);
  }

  async summarize(): Promise<{ readonly queued: number; readonly since: number | null }> {
    return (await this.#scope.executor.first(summarizeQueued, {})) ?? { queued: 0, since: null };
  }
}

function toMessage({ seq: _, ...row }: MessageRow): Message {
  return { ...row, isOutboxOnly: row.isOutboxOnly === 1 };
}
