import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { addPerson } from '../../support/contracts/people.ts';
import type { Ask, Reply } from '../../support/server/http.ts';
import { setUpRoster } from '../../support/server/set-up.ts';

const ways: Readonly<Record<string, { prefix: string; host?: string }>> = {
  'its own host': { prefix: '', host: 'sonar.localhost:8080' },
  'its own host in any case': { prefix: '', host: 'SONAR.example.com' },
  'its own prefix': { prefix: '/sonar' },
  'the documented path': { prefix: '' },
};

describe('the three ways in to sonar', () => {
  const roster = setUpRoster();

  for (const [title, { prefix, host }] of Object.entries(ways)) {
    const call = (line: string, ask: Ask = {}): Promise<Reply> =>
      roster.call(line.replace(' ', ` ${prefix}`), {
        bearer: roster.organization.apiKeys.admin,
        ...(host === undefined ? {} : { host }),
        ...ask,
      });

    test(`every operation is reached by ${title}`, async () => {
      const created = await call('POST /v1/users', { json: { timezone: 'Europe/London' } });
      assert.deepEqual([created.status, created.contract], [201, 'sonar']);
      const id = created.string('data.id');
      assert.equal((await call('GET /v1/users')).at('data.0.id'), id);
      assert.equal((await call(`GET /v1/users/${id}`)).at('data.id'), id);
      assert.equal((await call(`PATCH /v1/users/${id}`, { json: {} })).status, 200);
      assert.equal((await call(`POST /v1/users/${id}/syncs`)).status, 202);
      assert.equal((await call(`POST /v1/users/${id}/scores`)).at('data.score_status'), 'ready');
      assert.equal((await call(`DELETE /v1/users/${id}`)).status, 204);
      assert.equal((await call(`GET /v1/users/${id}`)).status, 404);
    });

    test(`a wrong method and an unknown path have its envelope by ${title}`, async () => {
      const methods = [
        ['PUT /v1/users', ['GET', 'POST']],
        ['POST /v1/users/usr_invalid', ['DELETE', 'GET', 'PATCH']],
        ['GET /v1/users/usr_invalid/syncs', ['POST']],
      ] as const;
      for (const [line, allowed] of methods) {
        const reply = await call(line);
        assert.equal(reply.status, 405);
        assert.deepEqual(reply.body, {
          error: 'method_not_allowed',
          message: 'This path does not know the method.',
          details: {},
        });
        assert.deepEqual(methodsOf(reply), allowed);
      }
      const unknown = await call('GET /v1/users/usr_invalid/elsewhere');
      assert.equal(unknown.status, 404);
      assert.deepEqual(unknown.body, {
        error: 'not_found',
        message: 'There is nothing at this path.',
        details: {},
      });
    });
  }

  test('on the bare host a bearer token makes the call its own, also beside a session', async () => {
    const { session } = await addPerson(roster);
    const bearer = roster.organization.apiKeys.reader;
    assert.equal((await roster.call('GET /v1/users', { bearer, session })).contract, 'sonar');
    assert.equal((await roster.call('GET /v1/users', { bearer: 'nonsense', session })).status, 401);
    assert.equal((await roster.call('GET /v1/users', { session })).contract, 'general');
    const noToken = await roster.call('GET /v1/users', { headers: { authorization: 'Bearer' } });
    assert.deepEqual([noToken.status, noToken.contract], [401, 'sonar']);
    assert.deepEqual(noToken.at('details'), {});
  });
});

/** The methods in `Allow`, except those that every path has. */
function methodsOf(reply: Reply): string[] {
  const methods = reply.header('allow').split(/, */);
  return methods.filter((method) => method !== 'HEAD' && method !== 'OPTIONS').sort();
}
