/**
 * How the job that sends messages claims them: in turns by organization and by destination. Each look-up reads the index
 * of due messages at one place, and steps over all other messages of a destination, so a claim costs the same among ten
 * messages and among a million.
 */
import { sql } from 'kysely';
import type { MessageLane } from '../../core/messaging/lane.ts';
import type { Channel, MessageTemplate } from '../../core/messaging/message.ts';
import { type Binder, build, buildUntyped, rawStatement, statement } from '../sql/statement.ts';

const isDue = sql<boolean>`state = 'queued' and stage = 'due'`;

/**
 * The stages are part of the text, not values, so that the planner knows that the partial indexes serve. Messages under
 * way and waiting ones have indexes of their own. The time is compared once more where a message is changed, by an
 * expression which no index serves: another transaction may have settled it since.
 */
export const releaseMessages = statement((p: Binder<{ now: number; limit: number }>) => {
  const ended = (stage: 'claimed' | 'waiting') =>
    buildUntyped
      .selectFrom('messages')
      .select(['org_key', 'id'])
      .where(sql<boolean>`state = 'queued' and stage = ${sql.lit(stage)}`)
      .where('next_attempt_at', '<=', p('now'))
      .orderBy('next_attempt_at')
      .limit(p('limit'));
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
    .where(sql<boolean>`messages.next_attempt_at + 0 <= ${p('now')}`)
    .where(sql<boolean>`messages.state || ' ' || messages.stage in ('queued claimed', 'queued waiting')`);
});

/** The next template of which a message is queued, in the order of their names. */
export const selectNextTemplate = statement((p: Binder<{ after: string }>) =>
  build
    .selectFrom('messages')
    .select((row) => row.fn.min<MessageTemplate | null>('template').as('template'))
    .where('state', '=', sql.lit('queued'))
    .where(sql<boolean>`template > ${p('after')}`),
);

/** When the oldest due message of a template and a channel was written. */
export const selectOldestDue = statement((p: Binder<{ template: MessageTemplate; channel: Channel }>) =>
  build
    .selectFrom('messages')
    .select((row) => row.fn.min<number | null>('created_at').as('since'))
    .where(isDue)
    .where('template', '=', p('template'))
    .where('channel', '=', p('channel')),
);

/** The next organization that has a due message in the lane. */
export const selectDueOrganization = statement((p: Binder<{ lane: MessageLane; after: number }>) =>
  build
    .selectFrom('messages')
    .select((row) => row.fn.min<number | null>('org_key').as('orgKey'))
    .where(isDue)
    .where('lane', '=', p('lane'))
    .where('org_key', '>', p('after')),
);

/** The messages of all organizations that are under way, by destination. Claims whose lease ends later count. */
export const selectHeld = statement((p: Binder<{ heldAfter: number }>) =>
  build
    .selectFrom('messages')
    .select((row) => ['destination', row.fn.countAll<number>().as('places')])
    .where(sql<boolean>`state = 'queued' and stage = 'claimed'`)
    .where('next_attempt_at', '>', p('heldAfter'))
    .groupBy('destination'),
);

type TurnValues = {
  lane: MessageLane;
  orgKey: number;
  /** The turn begins after this destination. */
  after: string;
  /** How many destinations it looks at. */
  destinations: number;
  limit: number;
  perDestination: number;
};

/** A message whose turn may be next: its rank among those of its destination, and the place of the destination. */
export interface TurnRow {
  readonly id: string;
  readonly destination: string;
  readonly rank: number;
  readonly step: number;
}

/**
 * The messages of an organization whose turn may be next. `walk` visits the next destinations. `line` has the oldest
 * messages of each, and their rank in it. The lowest ranks come first.
 *
 * No part joins the table: PostgreSQL without statistics would read all messages of an organization for a join.
 */
export const selectTurn = rawStatement<TurnValues, TurnRow>((p: Binder<TurnValues>) => {
  const isOwn = sql`${isDue} and lane = ${p('lane')} and org_key = ${p('orgKey')}`;
  return sql`
    with recursive walk(destination, step) as (
      select (select min(destination) from messages where ${isOwn} and destination > ${p('after')}), 1
      union all
      select (select min(destination) from messages where ${isOwn} and destination > walk.destination), step + 1
      from walk where destination is not null and step < ${p('destinations')}
    ),
    line(destination, step, rank, seq) as (
      select walk.destination, walk.step, 1,
        (select min(seq) from messages where ${isOwn} and destination = walk.destination)
      from walk where walk.destination is not null
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
    ) as id, destination, rank, step
    from chosen order by rank, step`;
});

/** Puts those after the messages of their destination that are under way, and leaves out those without a place. */
export function inTurn(
  rows: readonly TurnRow[],
  held: ReadonlyMap<string, number>,
  { limit, perDestination }: { readonly limit: number; readonly perDestination: number },
): readonly string[] {
  return rows
    .map((row) => ({ ...row, rank: row.rank + (held.get(row.destination) ?? 0) }))
    .filter(({ rank }) => rank <= perDestination)
    .sort((left, right) => left.rank - right.rank || left.step - right.step)
    .slice(0, limit)
    .map(({ id }) => id);
}

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
            .select('id')
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
      .where('messages.org_key', '=', p('orgKey'))
      .whereRef('messages.id', '=', 'own.id')
      .returning([...columns])
      .$castTo<R>(),
  );
}
