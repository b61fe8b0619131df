/** The examples of the document, replayed in its order: same request, same status, same keys, same formats. */
import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { addPerson } from '../../../support/contracts/people.ts';
import { createFakeClock } from '../../../support/server/clock.ts';
import type { Reply } from '../../../support/server/http.ts';
import { setUpRoster } from '../../../support/server/set-up.ts';

/** The user that the document shows, as text, so that the order of the keys counts. */
const shown = (id: string, timezone = 'America/New_York'): string =>
  `{"id":"${id}","reference_id":"your-internal-id","timezone":"${timezone}","status":"active",` +
  '"score_status":"ready","last_sync_at":"2025-01-20T08:30:00Z","last_score_at":"2025-01-20T08:31:00Z",' +
  '"created_at":"2025-01-15T10:00:00Z"}';

describe('the examples of the sonar document', () => {
  const clock = createFakeClock('2025-01-15T10:00:00.000Z');
  const roster = setUpRoster({ clock });
  let id: string;

  /** As the document's curl lines call, host and credential replaced. */
  const call = (line: string, json?: unknown): Promise<Reply> =>
    roster.call(line, {
      host: 'sonar.localhost:8080',
      bearer: roster.organization.apiKeys.admin,
      ...(json === undefined ? {} : { json }),
    });

  before(async () => {
    for (let count = 1; count < 84; count++) await addPerson(roster);
    const json = { reference_id: 'your-internal-id', timezone: 'America/New_York' };
    id = (await call('POST /v1/users', json)).string('data.id');
    clock.advance(Date.parse('2025-01-20T08:32:00Z') - clock.now());
    await call(`POST /v1/users/${id}/syncs`, { at: '2025-01-20T08:30:00Z' });
    await call(`POST /v1/users/${id}/scores`, { at: '2025-01-20T08:31:00Z' });
  });

  test('List users: 200', async () => {
    const reply = await call('GET /v1/users?reference_id=your-internal-id');
    assert.equal(reply.status, 200);
    assert.equal(reply.text, `{"data":[${shown(id)}],"meta":{"page":1,"per_page":20,"total":1}}`);

    const all = await call('GET /v1/users');
    assert.equal(all.status, 200);
    assert.ok(all.text.startsWith(`{"data":[${shown(id)},{"id":"usr_`));
    assert.ok(all.text.endsWith('"meta":{"page":1,"per_page":20,"total":84}}'));
  });

  test('Create a user: 201, with no body at all', async () => {
    const reply = await call('POST /v1/users');
    assert.equal(reply.status, 201);
    const created = reply.string('data.id');
    assert.match(created, /^usr_[0-9a-z]+$/);
    assert.equal(
      reply.text,
      `{"data":{"id":"${created}","reference_id":null,"timezone":"UTC","status":"active",` +
        '"score_status":"calibrating","last_sync_at":null,"last_score_at":null,"created_at":"2025-01-20T08:32:00Z"}}',
    );
  });

  test('Get a user: 200, 404', async () => {
    const reply = await call(`GET /v1/users/${id}`);
    assert.equal(reply.status, 200);
    assert.equal(reply.text, `{"data":${shown(id)}}`);

    const unknown = await call('GET /v1/users/usr_invalid');
    assert.equal(unknown.status, 404);
    assert.equal(
      unknown.text,
      '{"error":"not_found","message":"User \'usr_invalid\' not found.","details":{}}',
    );
  });

  test('Update a user: 200, with a body and without', async () => {
    const reply = await call(`PATCH /v1/users/${id}`, { timezone: 'Europe/London' });
    assert.equal(reply.status, 200);
    assert.equal(reply.text, `{"data":${shown(id, 'Europe/London')}}`);

    const unchanged = await call(`PATCH /v1/users/${id}`);
    assert.equal(unchanged.status, 200);
    assert.equal(unchanged.text, reply.text);
  });

  test('Delete a user: 204', async () => {
    const reply = await call(`DELETE /v1/users/${id}`);
    assert.equal(reply.status, 204);
    assert.equal(reply.text, '');
    assert.equal((await call(`GET /v1/users/${id}`)).status, 404);
  });
});
