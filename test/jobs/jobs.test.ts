/** The one list of jobs: each topic has a job that it wakes, and each job a name of its own. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { topics } from '../../src/core/topic.ts';
import { outboxSender } from '../../src/gateways/outbox-sender.ts';
import { createJobs } from '../../src/jobs/jobs.ts';
import type { Job } from '../../src/jobs/runner.ts';
import { createTestJournal, type Deployment, openDeployment } from './deployment.ts';

let deployment: Deployment;
let jobs: readonly Job[];

before(async () => {
  deployment = await openDeployment();
  const { core } = deployment;
  const senders = { sms: outboxSender, email: outboxSender };
  const concurrency = { sms: 32, email: 16 };
  jobs = createJobs({ core, journal: createTestJournal(), senders, outbox: outboxSender, concurrency });
});
after(() => deployment.close());

test('rows of each topic wake a job', () => {
  const woken = new Set(jobs.flatMap(({ topic }) => topic ?? []));
  assert.deepEqual([...woken].sort(), [...topics].sort());
});

test('each job has a name of its own', () => {
  assert.equal(new Set(jobs.map(({ name }) => name)).size, jobs.length);
});
