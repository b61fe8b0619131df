import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { sql } from 'kysely';
import type { Executor } from '../../sql/executor.ts';
import { type Binder, build, rawStatement, statement } from '../../sql/statement.ts';
import type { Outage } from './outage.ts';
import { ReachableExecutor } from './reachable-executor.ts';

const ofAll = statement((p: Binder<{ now: number }>) =>
  build.selectFrom('revocations').select('id').where('next_attempt_at', '<=', p('now')),
);
const ofOne = statement((p: Binder<{ orgKey: number }>) =>
  build.selectFrom('revocations').select('id').where('org_key', '=', p('orgKey')),
);
const ofEvery = rawStatement((p: Binder<{ now: number }>) => sql`update api_keys set used_at = ${p('now')}`);
const round = statement((_: Binder<Record<never, never>>) => build.selectFrom('organizations').select('id'), {
  isRound: true,
});

let outage: Outage | null;
let sent: unknown[];
let executor: Executor;

beforeEach(() => {
  outage = {
    ...{ machines: ['two:2'], groups: [2], away: new Set([0, 6]) },
    ...{ reachable: '{5,7}', elsewhere: 5 },
  };
  sent = [];
  const note = (answer: unknown) => async (_: unknown, values: unknown) => {
    sent.push(values);
    return answer;
  };
  const inner = {
    ...{ rows: note([]), first: note(undefined), bulkRows: note([]), run: note(1) },
    lockName: async (name: string) => void sent.push(name),
    snapshot: (work: (view: Executor) => unknown) => work(Object(inner)),
  };
  executor = new ReachableExecutor(Object(inner), () => outage);
});

test('a statement over all machines gets the organizations that can be reached', async () => {
  await executor.rows(ofAll, { now: 1 });
  await executor.first(ofAll, { now: 2 });
  await executor.bulkRows(round, {});
  await executor.snapshot((view) => view.rows(ofAll, { now: 3 }));
  const reachable = '{5,7}';
  assert.deepEqual(sent, [
    { now: 1, reachable },
    { now: 2, reachable },
    { reachable },
    { now: 3, reachable },
  ]);
});

test('a statement of one organization stays as it is', async () => {
  await executor.rows(ofOne, { orgKey: 5 });
  assert.deepEqual(sent, [{ orgKey: 5 }]);
});

test('a statement that needs every machine is not sent, and changes nothing', async () => {
  assert.equal(await executor.run(ofEvery, { now: 1 }), 0);
  assert.deepEqual(await executor.rows(ofEvery, { now: 1 }), []);
  assert.deepEqual(sent, []);
});

test('locks between jobs move to another machine, and no other lock does', async () => {
  await executor.lockName('housekeeping');
  await executor.lockName('operator');
  assert.deepEqual(sent, ['elsewhere 5 housekeeping', 'operator']);
});

test('in normal times nothing is changed', async () => {
  outage = null;
  await executor.rows(ofAll, { now: 1 });
  await executor.run(ofEvery, { now: 1 });
  await executor.lockName('housekeeping');
  assert.deepEqual(sent, [{ now: 1 }, { now: 1 }, 'housekeeping']);
});
