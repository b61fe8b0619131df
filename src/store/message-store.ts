/**
 * Messages to people as rows. A claim is one statement that puts the next attempt behind the lease, so of two
 * processes one gets the message; it counts the attempt, so one that kills its process is counted too.
 */
import { sql } from 'kysely';
import type { OrgKey } from '../core/ids.ts';
import type {
  Channel,
  Message,
  MessageQueue,
  MessageState,
  MessageStore,
  MessageTemplate,
} from '../core/messaging/message.ts';
import type { Scope } from './executor.ts';
import { toFlag } from './flag.ts';
import { type Binder, build, statement } from './statement.ts';

const columns = [
  'seq',
  'org_key as orgKey',
  'id',
  'user_id as userId',
  'channel',
  'template',
  'is_outbox_only as isOutboxOnly',
  'sealed_content as sealedContent',
  'state',
  'attempts',
  'created_at as createdAt',
] as const;

type MessageRow = Omit<Message, 'isOutboxOnly'> & { readonly seq: number; readonly isOutboxOnly: number };

const insertMessage = statement(
  (
    p: Binder<{
      orgKey: number;
      id: string;
      userId: string;
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

const claimDue = statement((p: Binder<{ now: number; leasedUntil: number; limit: number }>) =>
  build
    .updateTable('messages')
    .set((row) => ({ next_attempt_at: p('leasedUntil'), attempts: row('attempts', '+', 1) }))
    .where('state', '=', sql.lit('queued'))
    .where((row) =>
      row(
        'seq',
        'in',
        row
          .selectFrom('messages as due')
          .select('due.seq')
          .where('due.state', '=', sql.lit('queued'))
          .where('due.next_attempt_at', '<=', p('now'))
          .orderBy('due.next_attempt_at')
          .orderBy('due.seq')
          .limit(p('limit'))
          .forUpdate()
          .skipLocked(),
      ),
    )
    .returning(columns),
);

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

const selectWithContent = statement((p: Binder<{ limit: number }>) =>
  build
    .selectFrom('messages')
    .select(columns)
    .where('sealed_content', 'is not', null)
    .orderBy('seq', 'desc')
    .limit(p('limit')),
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
    this.#scope.touch('messages');
  }
}

export class SqlMessageQueue implements MessageQueue {
  readonly #scope: Scope;

  constructor(scope: Scope) {
    this.#scope = scope;
  }

  async claim(now: number, leaseMs: number, limit: number): Promise<readonly Message[]> {
    const values = { now, leasedUntil: now + leaseMs, limit };
    const rows = await this.#scope.executor.rows(claimDue, values);
    // A database returns what it changed in any order.
    return rows.sort((left, right) => left.seq - right.seq).map(toMessage);
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

  async listWithContent(limit: number): Promise<readonly Message[]> {
    return (await this.#scope.executor.rows(selectWithContent, { limit })).map(toMessage);
  }
}

function toMessage({ seq: _, ...row }: MessageRow): Message {
  return { ...row, isOutboxOnly: row.isOutboxOnly === 1 };
}
