import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { addPerson, bareId, unknownUserId } from '../../support/contracts/people.ts';
import { setUp, setUpLedger, setUpRoster } from '../../support/server/set-up.ts';

const path = '/sonar/v1/users';
const kinds = [
  { segment: 'syncs', field: 'last_sync_at', other: 'last_score_at', action: 'user.synced' },
  { segment: 'scores', field: 'last_score_at', other: 'last_sync_at', action: 'user.scored' },
] as const;

for (const { segment, field, other, action } of kinds) {
  describe(`POST /v1/users/{user_id}/${segment}`, () => {
    const roster = setUpRoster();
    const tenant = setUp(() => roster.organization);
    const ledger = setUpLedger(roster);

    const report = (id: string, json?: unknown, bearer = tenant.apiKeys.member) =>
      roster.call(`POST ${path}/${id}/${segment}`, { bearer, ...(json === undefined ? {} : { json }) });

    async function make(): Promise<string> {
      const { userId } = await addPerson(roster);
      await ledger.mark();
      return userId;
    }

    test('a report moves the time, which is shown in whole seconds of UTC', async () => {
      const id = await make();
      const reply = await report(id, { at: '2026-03-02T12:30:15.987+01:00' });
      assert.equal(reply.status, 202);
      assert.equal(reply.at(`data.${field}`), '2026-03-02T11:30:15Z');
      assert.equal(reply.at(`data.${other}`), null);
      assert.deepEqual(Object.keys(Object(reply.body)), ['data']);
      await ledger.expect({
        audit: [{ action, door: 'sonar', actor_kind: 'api_key', subject_id: bareId(id) }],
        rows: { users: '~1' },
      });
      const read = await roster.call(`GET ${path}/${id}`, { bearer: tenant.apiKeys.reader });
      assert.equal(read.text, reply.text);
    });

    test('a report without a time means now', async () => {
      for (const json of [undefined, {}, { at: null }]) {
        const id = await make();
        const reply = await report(id, json);
        assert.equal(reply.status, 202);
        assert.equal(reply.at(`data.${field}`), '2026-03-02T12:00:00Z');
      }
      await ledger.mark();
    });

    test('times only move forward: an older or equal report is accepted and changes nothing', async () => {
      const id = await make();
      const newest = await report(id, { at: '2026-03-01T00:00:00.500Z' });
      await ledger.mark();
      for (const at of ['2026-03-01T00:00:00.500Z', '2026-03-01T00:00:00.4Z', '1999-01-01T00:00:00Z']) {
        const reply = await report(id, { at });
        assert.equal(reply.status, 202);
        assert.equal(reply.text, newest.text);
      }
      await ledger.expect({});
    });

    test('a time may be up to five minutes in the future', async () => {
      const id = await make();
      assert.equal((await report(id, { at: '2026-03-02T12:05:00.123Z' })).status, 202);
      await ledger.mark();
      const reply = await report(id, { at: '2026-03-02T12:05:00.124Z' });
      assert.equal(reply.status, 422);
      assert.deepEqual(reply.body, {
        error: 'validation_error',
        message: 'at must not be more than 5 minutes in the future.',
        details: { at: ['must not be more than 5 minutes in the future'] },
      });
      await ledger.expect({});
    });

    const noTimes = [
      ...['', 'now', '2026-03-01', '2026-03-01T00:00:00', '2026-02-30T00:00:00Z', '1 March 2026'],
      ...[
        '0000-01-01T00:00:00+01:00',
        '2026-03-01T00:00:00Z\0',
        1_772_000_000,
        true,
        {},
        ['2026-03-01T00:00:00Z'],
      ],
    ];
    test('a text that is not an RFC 3339 time is an invalid field', async () => {
      const id = await make();
      for (const at of noTimes) {
        const reply = await report(id, { at });
        assert.equal(reply.status, 422, JSON.stringify(at));
        assert.deepEqual(reply.at('details'), {
          at: ['must be an RFC 3339 time, such as 2025-01-20T08:30:00Z'],
        });
      }
      await ledger.expect({});
    });

    test('an unknown id and an id of another account get the same 404, after faults of fields', async () => {
      const foreign = await addPerson(roster, {}, await roster.addOrganization());
      await ledger.mark();
      for (const id of [foreign.userId, unknownUserId, 'usr_invalid']) {
        const reply = await report(id);
        assert.equal(reply.status, 404);
        assert.deepEqual(reply.body, { error: 'not_found', message: `User '${id}' not found.`, details: {} });
        assert.equal((await report(id, { at: 'x' })).status, 422);
      }
      await ledger.expect({});
    });

    test('a report for a deleted user is 404', async () => {
      const id = await make();
      await roster.call(`DELETE ${path}/${id}`, { bearer: tenant.apiKeys.admin });
      await ledger.mark();
      assert.equal((await report(id)).status, 404);
      await ledger.expect({});
    });

    test('a reader may not report', async () => {
      const id = await make();
      for (const target of [id, 'usr_invalid']) {
        assert.equal((await report(target, {}, tenant.apiKeys.reader)).status, 403);
      }
      await ledger.expect({});
    });

    test('a body that is not a JSON object is refused', async () => {
      const id = await make();
      for (const [body, type, status] of [
        ['{"at"', 'application/json', 400],
        ['[]', 'application/json', 400],
        ['at=now', 'application/x-www-form-urlencoded', 415],
      ] as const) {
        const reply = await roster.call(`POST ${path}/${id}/${segment}`, {
          bearer: tenant.apiKeys.member,
          body,
          headers: { 'content-type': type },
        });
        assert.equal(reply.status, status);
      }
      await ledger.expect({});
    });
  });
}
