/**
 * The kinds of rows that jobs wait for. A store names the topic of the rows that it writes; once they are committed,
 * the jobs of that topic are woken (`jobs/jobs.ts`). Each topic has a job, and a test holds this.
 */
export const topics = ['messages', 'password_requests', 'revocations', 'erasures'] as const;
export type Topic = (typeof topics)[number];
