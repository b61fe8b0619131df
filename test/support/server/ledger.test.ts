import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setUpLedger, setUpRoster } from './set-up.ts';

describe('a ledger', () => {
  const roster = setUpRoster();
  const ledger = setUpLedger(roster);

  async function invite(email: string): Promise<string> {
    const { apiKeys } = roster.organization;
    const ask = { bearer: apiKeys.admin, json: { email, name: 'Jane Smith' } };
    const reply = await roster.call('POST /organization/api/v1/users', ask);
    assert.equal(reply.status, 201);
    return reply.string('id');
  }

  const audit = [{ action: 'user.created', door: 'organization', actor_kind: 'api_key' }];
  const messages = [{ template: 'invitation', channel: 'email' } as const];
  const rows = { users: '+1', password_tokens: '+1' };

  test('accepts the complete consequence, and takes a new mark', async () => {
    await invite('jane.1@example.com');
    await ledger.expect({ audit, messages: [{ template: 'invitation', to: 'jane.1@example.com' }], rows });
    await ledger.expect({});
  });

  test('reports removed and changed rows', async () => {
    const id = await invite('jane.2@example.com');
    await ledger.mark();
    const { apiKeys } = roster.organization;
    await roster.call(`PATCH /sonar/v1/users/${id}`, {
      bearer: apiKeys.admin,
      json: { timezone: 'Europe/London' },
    });
    await ledger.expect({ audit: [{ action: 'user.updated' }], rows: { users: '~1' } });
    await roster.call(`DELETE /sonar/v1/users/${id}`, { bearer: apiKeys.admin });
    const erased = { users: '-1', password_tokens: '-1', messages: '-1', erasures: '+1' };
    await ledger.expect({ audit: [{ action: 'user.deleted' }], rows: erased });
  });

  const faulty = {
    'an unlisted audit event': { messages, rows },
    'an unlisted message': { audit, rows },
    'unlisted rows': { audit, messages, rows: { users: '+1' } },
    'a missing row': { audit, messages, rows: { ...rows, sessions: '+1' } },
    'another door': { audit: [{ ...audit[0], door: 'sonar' }], messages, rows },
    'another address': { audit, messages: [{ to: 'somebody@example.com' }], rows },
  };
  for (const [title, consequence] of Object.entries(faulty)) {
    test(`fails for ${title}`, async () => {
      await ledger.mark();
      await invite(`jane.${title.replaceAll(' ', '-')}@example.com`);
      await assert.rejects(ledger.expect(consequence), { name: 'AssertionError' });
    });
  }
});
