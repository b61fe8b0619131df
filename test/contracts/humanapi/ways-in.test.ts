import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Ask, Reply } from '../../support/server/http.ts';
import { setUpRoster } from '../../support/server/set-up.ts';

const ways: Readonly<Record<string, { prefix: string; host?: string }>> = {
  'its own host': { prefix: '', host: 'humanapi.localhost:8080' },
  'its own host in any case': { prefix: '', host: 'HumanAPI.example.com' },
  'its own prefix': { prefix: '/humanapi' },
  'the documented path': { prefix: '' },
};

describe('the three ways in to humanapi', () => {
  const roster = setUpRoster();

  for (const [title, { prefix, host }] of Object.entries(ways)) {
    const call = (method: string, rest = '', ask: Ask = {}): Promise<Reply> => {
      const { appId, appKey } = roster.organization.app;
      const at = host === undefined ? {} : { host };
      return roster.call(`${method} ${prefix}/v1/apps/${appId}/users${rest}`, { appKey, ...at, ...ask });
    };

    test(`every operation is reached by ${title}`, async () => {
      const created = await call('POST', '', { json: { externalId: title } });
      assert.deepEqual([created.status, created.contract], [201, 'humanapi']);
      const id = created.string('humanId');
      assert.ok((await call('GET')).text.includes(`"humanId":"${id}"`));
      assert.equal((await call('GET', `/${id}`)).at('humanId'), id);
      assert.equal((await call('DELETE', `/${id}`)).status, 204);
      assert.equal((await call('GET', `/${id}`)).status, 404);
    });

    test(`a wrong method and an unknown path have its envelope by ${title}`, async () => {
      const users = await call('PUT');
      assert.deepEqual([users.status, users.at('error')], [405, 'Method Not Allowed']);
      assert.deepEqual(methodsOf(users), ['GET', 'POST']);
      const one = await call('PATCH', '/x');
      assert.equal(one.status, 405);
      assert.deepEqual(methodsOf(one), ['DELETE', 'GET']);
      const unknown = await call('GET', '/x/elsewhere');
      assert.deepEqual(unknown.body, {
        code: 404,
        error: 'Not Found',
        message: 'There is nothing at this path.',
        'x-humanapi-request-id': unknown.header('x-request-id'),
      });
    });
  }
});

/** The methods in `Allow`, except those that every path has. */
function methodsOf(reply: Reply): string[] {
  const methods = reply.header('allow').split(/, */);
  return methods.filter((method) => method !== 'HEAD' && method !== 'OPTIONS').sort();
}
