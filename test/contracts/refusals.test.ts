/** Refusals that all operations of a kind share, in the words of each contract. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Ask } from '../support/http.ts';
import { addPerson, bareId } from '../support/people.ts';
import { setUp, setUpLedger, setUpRoster } from '../support/set-up.ts';

const roster = setUpRoster();
const admin = setUp(() => roster.addAdmin());
const person = setUp(() => addPerson(roster));
const ledger = setUpLedger(roster);

describe('a DELETE with a body', () => {
  const deletions: Readonly<Record<string, () => readonly [line: string, ask: Ask]>> = {
    'sonar.deleteUser': () => [
      `/sonar/v1/users/${person.userId}`,
      { bearer: roster.organization.apiKeys.admin },
    ],
    'organization.deleteUser': () => [
      `/organization/api/v1/users/${person.userId}`,
      { bearer: admin.session },
    ],
    'humanapi.deleteUser': () => {
      const { appId, appKey } = roster.organization.app;
      return [`/humanapi/v1/apps/${appId}/users/${bareId(person.userId)}`, { appKey }];
    },
    'general.deleteUser': () => [`/general/v1/users/${person.number}`, { session: admin.session }],
    'general.deleteSession': () => ['/general/v1/sessions', { session: admin.session }],
    'sonar.disconnectDevice': () => [
      `/sonar/v1/users/${person.userId}/devices/dev_abc123`,
      { bearer: roster.organization.apiKeys.member },
    ],
  };
  for (const [operation, compose] of Object.entries(deletions)) {
    test(`that is too large is refused by ${operation} and deletes nothing`, async () => {
      const [path, ask] = compose();
      const headers = { 'content-type': 'application/json' };
      const body = JSON.stringify('x'.repeat(256 * 1024));
      const reply = await roster.call(`DELETE ${path}`, { ...ask, headers, body });
      assert.equal(reply.status, 413);
      assert.equal(`${reply.contract}.${reply.operation}`, operation);
      await ledger.expect({});
    });
  }
});

const keyed: readonly [path: string, status: number, json?: unknown][] = [
  ['syncs', 202],
  ['scores', 202],
  ['devices', 200, { provider: 'demo' }],
];
for (const [what, status, json] of keyed) {
  test(`a request to ${what} with an idempotency key that still runs is refused`, async () => {
    const ask: Ask = {
      bearer: roster.organization.apiKeys.member,
      headers: { 'idempotency-key': what },
      ...(json !== undefined && { json }),
    };
    const path = `POST /sonar/v1/users/${person.userId}/${what}`;
    const busy = Promise.withResolvers<void>();
    const holding = roster.core.work.change(roster.organization.key, () => busy.promise);
    const first = roster.call(path, ask);
    while (roster.core.running.size === 0) await sleep(1);
    const second = await roster.call(path, ask);
    busy.resolve();
    await holding;
    assert.equal(second.status, 409);
    assert.equal(second.string('error'), 'conflict');
    assert.equal((await first).status, status);
  });
}
