import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Ask, Reply } from '../../support/server/http.ts';
import { setUpRoster } from '../../support/server/set-up.ts';

describe('the three ways in to organization', () => {
  const roster = setUpRoster();

  const ways: Readonly<Record<string, { prefix: string; host?: string }>> = {
    'its own host': { prefix: '', host: 'organization.localhost:8080' },
    'its own host in any case': { prefix: '', host: 'Organization.example.com' },
    'its own prefix': { prefix: '/organization' },
    'the documented path': { prefix: '' },
  };
  for (const [title, { prefix, host }] of Object.entries(ways)) {
    test(`every operation is reached by ${title}`, async () => {
      const bearer = roster.organization.apiKeys.admin;
      const call = (line: string, ask: Ask = {}): Promise<Reply> =>
        roster.call(line.replace(' ', ` ${prefix}`), {
          bearer,
          ...(host === undefined ? {} : { host }),
          ...ask,
        });
      const json = { email: `${crypto.randomUUID()}@example.com`, name: 'Jane Smith' };
      const created = await call('POST /api/v1/users', { json });
      assert.deepEqual([created.status, created.contract], [201, 'organization']);
      const id = created.string('id');
      assert.equal((await call('GET /api/v1/users')).at('data.0.id'), id);
      assert.equal((await call(`GET /api/v1/users/${id}`)).string('id'), id);
      assert.equal((await call(`DELETE /api/v1/users/${id}`)).status, 204);
      assert.equal((await call(`GET /api/v1/users/${id}`)).status, 404);
    });

    test(`a method that the path does not have is refused by ${title}`, async () => {
      const ask = host === undefined ? {} : { host };
      const users = await roster.call(`PUT ${prefix}/api/v1/users`, ask);
      assert.equal(users.status, 405);
      assert.equal(users.string('error'), 'method_not_allowed');
      assert.deepEqual(methodsOf(users), ['GET', 'POST']);
      const one = await roster.call(`PATCH ${prefix}/api/v1/users/usr_invalid`, ask);
      assert.equal(one.status, 405);
      assert.deepEqual(methodsOf(one), ['DELETE', 'GET']);
    });
  }

  test('a path of no contract is 404 in the envelope of this contract', async () => {
    for (const line of ['GET /', 'POST /v2/users', 'GET /api/v2/users', 'DELETE /organization/api/v1']) {
      const reply = await roster.call(line);
      assert.equal(reply.status, 404);
      assert.deepEqual(reply.body, { error: 'not_found', message: 'There is nothing at this address' });
    }
  });
});

/** The methods in `Allow`, except those that every path has. */
function methodsOf(reply: Reply): string[] {
  const methods = reply.header('allow').split(/, */);
  return methods.filter((method) => method !== 'HEAD' && method !== 'OPTIONS').sort();
}
