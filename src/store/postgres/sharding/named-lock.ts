/** Where, on a Citus cluster, a lock by name is taken, and where the counts of a mailbox or a number are. */

/**
 * Such a lock belongs to one machine, and processes may be connected to several. So it is taken on the machine of one
 * organization: a statement that is bound to it runs there, and its count gives one row, whether the table has one or not.
 */
export const shardedLock = `
  select pg_advisory_xact_lock(hashtextextended($1, count(*) * 0)) from hash_costs where org_key = $2`;

/** The organization that the name of a lock names, so that an outage of another machine does not concern it; else 0. */
export function organizationIn(name: string): number {
  return Number(
    /^(?:throttle|account|audit archive|idempotency|sms limits|user search|elsewhere) (\d+)(?: |$)/.exec(
      name,
    )?.[1] ?? 0,
  );
}

/** 1 where the messages to a mailbox or a number are counted on one of the machines. */
export const selectIsAway = `
  select (groupid = any ($2::int[]))::int as "isAway" from pg_dist_placement
  where shardid = get_shard_id_for_distribution_column('message_hits', $1::text)`;
