/**
 * Finds the hit that must leave its window before one more is allowed: the oldest of the newest `limit` hits of a subject. If there
 * are fewer hits, one more is allowed. Several quotas, of one subject or of several, are one statement.
 */
import { sql } from 'kysely';
import type { RefusedHit, SubjectQuota } from '../../../core/access/throttle.ts';
import { notBeyond, skewMs } from '../../../core/time.ts';
import type { Executor } from '../../sql/executor.ts';
import { type Binder, rawStatement, type Statement } from '../../sql/statement.ts';

/** A hit after `until` does not count: it was written while the clock was wrong. `orgKey` is not used where all organizations count together. */
type Wanted = { orgKey: number; subject: string; bucket: string; until: number } & Record<
  `${'subject' | 'after' | 'skip'}${number}`,
  string | number
>;
type Blocking = Statement<Wanted, { level: number; at: number | null }>;

/**
 * A look-up for each number of quotas, from one to three. `level` is the index of the quota. Messages are placed by their
 * destination, so the quotas of a look-up among them are all of the first subject.
 */
export function blockingHitsIn(table: 'throttle_hits' | 'message_hits'): readonly Blocking[] {
  return [1, 2, 3].map((count) =>
    rawStatement((p: Binder<Wanted>) => {
      const isOfTenant = table === 'throttle_hits';
      const ofTenant = isOfTenant ? sql`org_key = ${p('orgKey')} and ` : sql``;
      const each = Array.from({ length: count }, (_, level) => {
        return sql<{ level: number; at: number }>`select ${sql.lit(level)} as level, (
          select at from ${sql.table(table)}
          where ${ofTenant}subject = ${p(isOfTenant ? `subject${level}` : 'subject')} and bucket = ${p('bucket')}
            and at > ${p(`after${level}`)} and at <= ${p('until')}
          order by at desc limit 1 offset ${p(`skip${level}`)}) as at`;
      });
      return sql<{ level: number; at: number | null }>`${sql.join(each, sql` union all `)}`;
    }),
  );
}

/** The longest wait, and the subject whose quota demands it; null where every quota allows one more hit. */
export async function findRefusedHit(
  executor: Executor,
  statements: readonly Blocking[],
  { orgKey, bucket, subjects }: { orgKey: number; bucket: string; subjects: readonly SubjectQuota[] },
  now: number,
): Promise<RefusedHit | null> {
  const select = statements[subjects.length - 1];
  if (select === undefined) throw new Error(`${subjects.length} quotas of one hit`);
  const blocking = await executor.rows(select, {
    ...{ orgKey, subject: subjects[0]?.subject ?? '', bucket, until: now + skewMs },
    ...valuesOf(subjects, 'subject', ({ subject }) => subject),
    ...valuesOf(subjects, 'after', ({ quota }) => now - quota.windowMs),
    ...valuesOf(subjects, 'skip', ({ quota }) => quota.limit - 1),
  });
  let refused: RefusedHit | null = null;
  for (const { level, at } of blocking) {
    const windowMs = subjects[level]?.quota.windowMs ?? 0;
    const waitMs = at === null ? 0 : notBeyond(at, 0, now) + windowMs - now;
    if (waitMs > (refused?.waitMs ?? 0)) refused = { waitMs, at: level };
  }
  return refused;
}

/** A value of each subject, under the name with the index of the subject. */
export function valuesOf(
  subjects: readonly SubjectQuota[],
  name: string,
  valueFor: (of: SubjectQuota) => string | number,
): Record<string, string | number> {
  return Object.fromEntries(subjects.map((of, level) => [`${name}${level}`, valueFor(of)]));
}
