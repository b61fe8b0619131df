/** What the jobs of an idle server ask of the stores does not grow with the number of organizations. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Core } from '../../src/core/core.ts';
import { newPrefixedId } from '../../src/core/ids.ts';
import { minuteMs } from '../../src/core/time.ts';
import type { UnitOfWork } from '../../src/core/unit-of-work.ts';
import { outboxSender } from '../../src/gateways/outbox-sender.ts';
import { createJobs } from '../../src/jobs/jobs.ts';
import { createTestJournal, type Deployment, openDeployment } from './deployment.ts';

let deployment: Deployment;
before(async () => {
  deployment = await openDeployment();
});
after(() => deployment.close());

interface Asked {
  /** Calls of the stores. */
  calls: number;
  /** Items of the lists that they return. */
  items: number;
}

/** The same unit of work, which counts what is asked of the stores. */
function counted(work: UnitOfWork, asked: Asked): UnitOfWork {
  const note = (result: unknown): unknown => {
    if (Array.isArray(result)) asked.items += result.length;
    return result;
  };
  const watch = <T extends object>(target: T): T =>
    new Proxy(target, {
      get(_, name) {
        const value: unknown = Reflect.get(target, name, target);
        if (typeof value === 'object' && value !== null) return watch(value);
        if (typeof value !== 'function') return value;
        return (...args: unknown[]): unknown => {
          const result: unknown = Reflect.apply(value, target, args);
          if (name === 'within') return watch(Object(result));
          asked.calls += 1;
          return result instanceof Promise ? result.then(note) : note(result);
        };
      },
    });
  return {
    change: (orgKey, run, options) => work.change(orgKey, (tx) => run(watch(tx)), options),
    read: (orgKey, run) => work.read(orgKey, (tx) => run(watch(tx))),
    changeSystem: (reason, run, options) => work.changeSystem(reason, (tx) => run(watch(tx)), options),
    readSystem: (reason, run) => work.readSystem(reason, (tx) => run(watch(tx))),
    leavesOut: () => work.leavesOut(),
  };
}

async function addOrganizations(count: number): Promise<void> {
  await deployment.core.work.changeSystem('operator', async (tx) => {
    for (let at = 0; at < count; at++) {
      await tx.organizations.insert({ id: newPrefixedId('org'), name: `Clinic ${at}`, createdAt: 1 });
    }
  });
}

/** What the jobs ask in a minute in which nothing happens, long after the start. */
async function askedInAMinute(): Promise<Asked> {
  const { clock } = deployment;
  const asked = { calls: 0, items: 0 };
  const core: Core = { ...deployment.core, work: counted(deployment.core.work, asked) };
  const senders = { sms: outboxSender, email: outboxSender };
  const concurrency = { sms: 32, email: 16 };
  const jobs = createJobs({ core, journal: createTestJournal(), senders, outbox: outboxSender, concurrency });
  const runs = jobs.map((job) => ({ job, left: 0 }));
  const passMinute = async (): Promise<void> => {
    for (const each of runs) each.left = minuteMs / each.job.pauseMs;
    for (let second = 0; second < 60; second++) {
      clock.advance(minuteMs / 60);
      for (const each of runs) {
        for (; each.left > ((59 - second) / 60) * (minuteMs / each.job.pauseMs); each.left--)
          await each.job.run();
      }
    }
  };
  // By then the clock is steady, and each organization has had its turn.
  for (let minutes = 0; minutes < 6; minutes++) await passMinute();
  Object.assign(asked, { calls: 0, items: 0 });
  await passMinute();
  await Promise.all(jobs.map((job) => job.finish?.()));
  return asked;
}

test('an idle minute of the jobs asks the stores as often with 500 organizations as with 10, and for a bounded part of them', async () => {
  await addOrganizations(9);
  const few = await askedInAMinute();
  await addOrganizations(490);
  const many = await askedInAMinute();
  assert.ok(few.calls > 60, 'the jobs ran');
  assert.equal(many.calls, few.calls);
  // Two jobs look at 200 organizations a minute.
  assert.ok(many.items <= 400, `${many.items} items were listed`);
});
