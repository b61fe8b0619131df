/**
 * Marks organizations that a job has to look at, because they have many new rows. So a job asks for the marks, and not every
 * organization, however many there are. A process marks an organization each time that it has written so many rows of it, in
 * the transaction that wrote the last of them. What it had counted when it ends is lost, so the jobs also look at all
 * organizations, slowly.
 */
import type { OrgKey } from '../../core/ids.ts';
import type { Executor } from '../sql/executor.ts';
import { type Binder, build, statement } from '../sql/statement.ts';

/** `search`: new users, for the search blocks. `audit`: new audit events, for the archive. */
export type MarkedJob = 'search' | 'audit';

/** New rows of an organization for which a process marks it. A search block has eight times as many users. */
const markedEvery = 256;
/** Organizations whose rows are counted. Where there are more, all counts begin anew. */
const countedMax = 50_000;

type Mark = { orgKey: number; job: string };

const insertMark = statement((p: Binder<Mark>) =>
  build
    .insertInto('job_marks')
    .values({ org_key: p('orgKey'), job: p('job') })
    .onConflict((conflict) => conflict.doNothing()),
);

const deleteMark = statement((p: Binder<Mark>) =>
  build.deleteFrom('job_marks').where('org_key', '=', p('orgKey')).where('job', '=', p('job')),
);

const selectMarked = statement((p: Binder<{ job: string; limit: number }>) =>
  build
    .selectFrom('job_marks')
    .select('org_key as orgKey')
    .where('job', '=', p('job'))
    .orderBy('org_key')
    .limit(p('limit')),
);

const selectAfter = statement(
  (p: Binder<{ after: number; limit: number }>) =>
    build
      .selectFrom('organizations')
      .select('org_key as orgKey')
      .where('org_key', '>', p('after'))
      .orderBy('org_key')
      .limit(p('limit')),
  { isRound: true },
);

/** The counts of a process. */
export class JobMarks {
  readonly #counts: Readonly<Record<MarkedJob, Map<OrgKey, number>>> = {
    search: new Map(),
    audit: new Map(),
  };

  /** Counts new rows. Returns whether the organization is to be marked now. */
  count(job: MarkedJob, orgKey: OrgKey, rows: number): boolean {
    if (rows === 0) return false;
    const counts = this.#counts[job];
    const counted = (counts.get(orgKey) ?? 0) + rows;
    if (counted < markedEvery && counts.size >= countedMax) counts.clear();
    if (counted < markedEvery) counts.set(orgKey, counted);
    else counts.delete(orgKey);
    return counted >= markedEvery;
  }
}

export async function markOrganization(executor: Executor, orgKey: OrgKey, job: MarkedJob): Promise<void> {
  await executor.run(insertMark, { orgKey, job });
}

/** The job has done what there is to do; the next rows may mark the organization again. */
export async function unmarkOrganization(executor: Executor, orgKey: OrgKey, job: MarkedJob): Promise<void> {
  await executor.run(deleteMark, { orgKey, job });
}

/** Marked organizations in the order of their keys, at most `limit`. */
export async function listMarked(
  executor: Executor,
  job: MarkedJob,
  limit: number,
): Promise<readonly OrgKey[]> {
  return (await executor.rows(selectMarked, { job, limit })).map(({ orgKey }) => orgKey);
}

/** The organizations after the given one, marked or not, in the order of their keys, at most `limit`. */
export async function listAfter(
  executor: Executor,
  after: OrgKey,
  limit: number,
): Promise<readonly OrgKey[]> {
  return (await executor.rows(selectAfter, { after, limit })).map(({ orgKey }) => orgKey);
}
