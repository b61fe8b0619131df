/** The marks of demo people as rows, and what they get beside their user, many rows at a time. */

import { sessionIdleMs } from '../../../core/access/session.ts';
import type {
  DemoConnection,
  DemoMessage,
  DemoPeopleStore,
  DemoRows,
  DemoSession,
} from '../../../core/demo-people/demo-people-store.ts';
import type { OrgKey, UserId } from '../../../core/ids.ts';
import { laneOf, type MessageLane } from '../../../core/messaging/lane.ts';
import { type Binder, build, statement } from '../../sql/statement.ts';
import type { Scope } from '../../users/scope.ts';

type OfOrganization = { orgKey: number };

const insertMark = statement((p: Binder<OfOrganization & { userId: string }>) =>
  build.insertInto('demo_people').values({ org_key: p('orgKey'), user_id: p('userId') }),
);

const selectMarks = statement((p: Binder<OfOrganization & { after: string; limit: number }>) =>
  build
    .selectFrom('demo_people')
    .select('user_id as userId')
    .where('org_key', '=', p('orgKey'))
    .where('user_id', '>', p('after'))
    .orderBy('user_id')
    .limit(p('limit')),
);

const selectMark = statement((p: Binder<OfOrganization & { userId: string }>) =>
  build
    .selectFrom('demo_people')
    .select('user_id as userId')
    .where('org_key', '=', p('orgKey'))
    .where('user_id', '=', p('userId')),
);

const countMarks = statement((p: Binder<OfOrganization>) =>
  build
    .selectFrom('demo_people')
    .select((row) => row.fn.countAll<number>().as('count'))
    .where('org_key', '=', p('orgKey'))
    // Every id is greater; with it the statement follows the key.
    .where('user_id', '>', ''),
);

const insertSession = statement(
  (p: Binder<OfOrganization & { [K in keyof DemoSession]: DemoSession[K] } & { expiresAt: number }>) =>
    build.insertInto('sessions').values({
      org_key: p('orgKey'),
      digest: p('digest'),
      id: p('id'),
      user_id: p('userId'),
      started_at: p('startedAt'),
      last_used_at: p('lastUsedAt'),
      expires_at: p('expiresAt'),
    }),
);

const insertConnection = statement(
  (p: Binder<OfOrganization & { [K in keyof DemoConnection]: DemoConnection[K] }>) =>
    build.insertInto('connections').values({
      org_key: p('orgKey'),
      id: p('id'),
      user_id: p('userId'),
      provider: p('provider'),
      status: p('status'),
      connected_at: p('connectedAt'),
      last_sync_at: p('lastSyncAt'),
      sealed_grants: p('sealedGrants'),
      account_digest: null,
      refresh_at: null,
      unanswered: 0,
      refresh_failures: 0,
      refresh_refusals: 0,
      refresh_outcome: null,
      version: 1,
      created_at: p('createdAt'),
      updated_at: p('updatedAt'),
    }),
);

const insertMessage = statement(
  (p: Binder<OfOrganization & { [K in keyof DemoMessage]: DemoMessage[K] } & { lane: MessageLane }>) =>
    build.insertInto('messages').values({
      org_key: p('orgKey'),
      id: p('id'),
      user_id: p('userId'),
      channel: p('channel'),
      template: p('template'),
      is_outbox_only: 1,
      lane: p('lane'),
      destination: '',
      stage: 'due',
      sealed_content: null,
      state: p('state'),
      attempts: p('attempts'),
      next_attempt_at: p('createdAt'),
      created_at: p('createdAt'),
    }),
);

export class SqlDemoPeopleStore implements DemoPeopleStore {
  readonly #scope: Scope;
  readonly #orgKey: OrgKey;

  constructor(scope: Scope, orgKey: OrgKey) {
    this.#scope = scope;
    this.#orgKey = orgKey;
  }

  async insertAll({ people, sessions, connections, messages }: DemoRows): Promise<void> {
    const { executor } = this.#scope;
    const orgKey = this.#orgKey;
    await executor.insertAll(
      insertMark,
      people.map((userId) => ({ orgKey, userId })),
    );
    await executor.insertAll(
      insertSession,
      sessions.map((each) => ({ orgKey, ...each, expiresAt: each.lastUsedAt + sessionIdleMs })),
    );
    await executor.insertAll(
      insertConnection,
      connections.map((each) => ({ orgKey, ...each })),
    );
    await executor.insertAll(
      insertMessage,
      messages.map((each) => ({ orgKey, ...each, lane: laneOf(each.channel, each.template) })),
    );
  }

  async list(after: UserId | null, limit: number): Promise<readonly UserId[]> {
    const rows = await this.#scope.executor.rows(selectMarks, {
      orgKey: this.#orgKey,
      after: after ?? '',
      limit,
    });
    return rows.map(({ userId }) => userId);
  }

  async has(userId: UserId): Promise<boolean> {
    return (await this.#scope.executor.first(selectMark, { orgKey: this.#orgKey, userId })) !== undefined;
  }

  async count(): Promise<number> {
    const row = await this.#scope.executor.first(countMarks, { orgKey: this.#orgKey });
    return Number(row?.count ?? 0);
  }
}
