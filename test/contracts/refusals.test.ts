/** Refusals that all operations of a kind share, in the words of each contract. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { describedDocuments } from '../support/contracts/documents.ts';
import { aProvider, fillPath, loadAllDoors } from '../support/contracts/door.ts';
import { nameOf, operationsOf } from '../support/contracts/operations.ts';
import { addPerson } from '../support/contracts/people.ts';
import type { Ask } from '../support/server/http.ts';
import { setUp, setUpLedger, setUpRoster } from '../support/server/set-up.ts';

const doors = await loadAllDoors();
const deletions = operationsOf(describedDocuments()).filter(({ method }) => method === 'DELETE');

const roster = setUpRoster({ env: aProvider });
const admin = setUp(() => roster.addAdmin());
const person = setUp(() => addPerson(roster));
const ledger = setUpLedger(roster);

describe('a DELETE with a body', () => {
  for (const operation of deletions) {
    test(`that is too large is refused by ${nameOf(operation)} and deletes nothing`, async () => {
      const tenant = roster.organization;
      const door = doors.get(operation.contract);
      assert.ok(door);
      const path = await fillPath(door, operation.path, { roster, tenant, user: person });
      const credential = await door.credential(tenant, async () => admin);
      await ledger.mark();
      const reply = await roster.call(`DELETE ${path}`, {
        ...credential,
        headers: { ...credential.headers, 'content-type': 'application/json' },
        body: JSON.stringify('x'.repeat(256 * 1024)),
      });
      assert.equal(reply.status, 413);
      assert.equal(`${reply.contract}.${reply.operation}`, nameOf(operation));
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
