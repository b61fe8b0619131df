/**
 * How the job that sends messages claims them: in turns by organization and by destination. Each look-up reads the index
 * of due messages at one place, and steps over all other messages of a destination, so a claim costs the same among ten
 * messages and among a million.
 */
import { sql } from 'kysely';
import type { MessageLane } from '../../core/messaging/lane.ts';
import type { Channel, MessageTemplate } from '../../core/messaging/message.ts';
import { type Binder, buildUntyped, rawStatement, statement } from '../sql/statement.ts';

const isDue = sql<boolean>`state = 'queued' and stage = 'due'`;

/**
 * The stages are part of the text, not values, so that the planner knows that the partial indexes serve. Messages under
 * way and waiting ones have indexes of their own.
 */
export const releaseMessages = statement((p: Binder<{ now: number; limit: number }>) => {
  const ended = (stage: 'claimed' | 'waiting') =>
    buildUntyped
      .selectFrom('messages')
      .select(['org_key', 'id'])
      .where(sql<boolean>`state = 'queued' and stage = ${sql.lit(stage)}`)
      .where('next_attempt_at', '<=', p('now'))
      .orderBy('next_attempt_at')
      .limit(p('limit'))
      .forUpdate()
      .skipLocked();
  return buildUntyped
    .with(
      (cte) => cte('late').materialized(),
      () => ended('claimed'),
    )
    .with(
      (cte) => cte('rested').materialized(),
      () => ended('waiting'),
    )
    .with(
      (cte) => cte('ended').materialized(),
      (from) => from.selectFrom('late').selectAll().unionAll(from.selectFrom('rested').selectAll()),
    )
    .updateTable('messages')
    .from('ended')
    .set({ stage: 'due' })
    .whereRef('messages.org_key', '=', 'ended.org_key')
    .whereRef('messages.id', '=', 'ended.id')
    .where('messages.state', '=', sql.lit('queued'));
});

/** When the oldest due messages of a template were written, by channel. */
export interface DueTemplate {
  readonly template: MessageTemplate;
  readonly sms: number | null;
  readonly email: number | null;
}

/** Each step looks up the next template of which a message is queued. */
export const selectOldestDue = rawStatement<Record<never, never>, DueTemplate>(
  (_: Binder<Record<never, never>>) => {
    const oldest = (channel: Channel) =>
      sql`(select min(created_at) from messages
        where ${isDue} and template = walk.template and channel = ${sql.lit(channel)})`;
    return sql`
      with recursive walk as (
        select (select min(template) from messages where state = 'queued') as template
        union all
        select (select min(template) from messages where state = 'queued' and template > walk.template) from walk
        where walk.template is not null
      )
      select template, ${oldest('sms')} as sms, ${oldest('email')} as email
      from walk where template is not null`;
  },
);

/** Each step looks up the next organization that has a due message in the lane. */
export const selectDueOrganizations = rawStatement<
  { lane: MessageLane; after: number; limit: number },
  { orgKey: number }
>(
  (p: Binder<{ lane: MessageLane; after: number; limit: number }>) => sql`
    with recursive walk as (
      select (
        select min(org_key) from messages where ${isDue} and lane = ${p('lane')} and org_key > ${p('after')}
      ) as org_key, 1 as step
      union all
      select (
        select min(org_key) from messages where ${isDue} and lane = ${p('lane')} and org_key > walk.org_key
      ), step + 1
      from walk where org_key is not null and step < ${p('limit')}
    )
    select org_key as "orgKey" from walk where org_key is not null`,
);

type TurnValues = {
  lane: MessageLane;
  orgKey: number;
  /** The turn begins after this destination. */
  after: string;
  limit: number;
  perDestination: number;
  /** Claims whose lease ends later count as under way. */
  heldAfter: number;
};

/**
 * The messages whose turn it is. `held` counts the messages under way by destination. `walk` visits the next
 * destinations: so many that enough of them have nothing under way. `line` has the oldest messages of each destination with a
 * place, and their rank in it, which begins after those under way. The lowest ranks come first.
 *
 * No part joins the table: PostgreSQL without statistics would read all messages of an organization for a join.
 */
export const selectTurn = rawStatement<TurnValues, { id: string }>((p: Binder<TurnValues>) => {
  const isOwn = sql`${isDue} and lane = ${p('lane')} and org_key = ${p('orgKey')}`;
  return sql`
    with recursive held as materialized (
      select destination, count(*) as places from messages
      where state = 'queued' and stage = 'claimed' and next_attempt_at > ${p('heldAfter')}
      group by destination
    ),
    walk(destination, step) as (
      select (select min(destination) from messages where ${isOwn} and destination > ${p('after')}), 1
      union all
      select (select min(destination) from messages where ${isOwn} and destination > walk.destination), step + 1
      from walk where destination is not null
        and step < ${p('limit')} + (select count(*) from held)
    ),
    line(destination, step, rank, seq) as (
      select walk.destination, walk.step, coalesce(held.places, 0) + 1,
        (select min(seq) from messages where ${isOwn} and destination = walk.destination)
      from walk left join held on held.destination = walk.destination
      where walk.destination is not null and coalesce(held.places, 0) < ${p('perDestination')}
      union all
      select line.destination, line.step, line.rank + 1,
        (select min(seq) from messages where ${isOwn} and destination = line.destination and seq > line.seq)
      from line where line.seq is not null and line.rank < ${p('perDestination')}
    ),
    chosen as materialized (
      select destination, seq, rank, step from line where seq is not null order by rank, step limit ${p('limit')}
    )
    select (
      select id from messages where ${isOwn} and destination = chosen.destination and seq = chosen.seq
    ) as id
    from chosen order by rank, step`;
});

/**
 * Claims one message. It is skipped where an erasure is deleting it. The condition is of a form that no index serves, so
 * that the row is always found by its key.
 */
export function claimOf<R>(columns: readonly string[]) {
  return statement((p: Binder<{ orgKey: number; id: string; leasedUntil: number }>) =>
    buildUntyped
      .with(
        (cte) => cte('own').materialized(),
        (from) =>
          from
            .selectFrom('messages')
            .select(['org_key', 'id'])
            .where('org_key', '=', p('orgKey'))
            .where('id', '=', p('id'))
            .where(sql<boolean>`state || ' ' || stage = 'queued due'`)
            .forUpdate()
            .skipLocked(),
      )
      .updateTable('messages')
      .from('own')
      .set((row) => ({
        stage: 'claimed',
        next_attempt_at: p('leasedUntil'),
        attempts: row('messages.attempts', '+', 1),
      }))
      .whereRef('messages.org_key', '=', 'own.org_key')
      .whereRef('messages.id', '=', 'own.id')
      .returning([...columns])
      .$castTo<R>(),
  );
}
