/**
 * Organizations that a job has to look at, because they have many new rows. Each organization begins with the marks, so that
 * the jobs look at all of them once after the upgrade.
 */
import type { Migration } from '../migrate.ts';

export const jobMarks: Migration = {
  version: 41,
  name: 'job-marks',
  statements: ({ types: { integer, text }, keyTable }) => [
    `create table job_marks (
      org_key ${integer} not null,
      job ${text} not null,
      primary key (org_key, job)
    ) ${keyTable}`,
    `insert into job_marks (org_key, job) select org_key, 'search' from organizations`,
    `insert into job_marks (org_key, job) select org_key, 'audit' from organizations`,
  ],
};
