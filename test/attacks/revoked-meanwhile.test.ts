/** A credential that is taken back while the body of its call is still on the way: the call is refused in every contract. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type OutgoingHttpHeaders, request } from 'node:http';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { rotateAppKey } from '../../src/core/directory/organization-lifecycle.ts';
import { createApiKey, revokeApiKey } from '../../src/core/keys/api-key-lifecycle.ts';
import { credentialHeaders } from '../support/server/http.ts';
import { setUpRoster } from '../support/server/set-up.ts';
import { testDoor } from '../support/server/start.ts';
import { signUpProved, userOf } from './support/accounts.ts';

/** Longer than a body may take that the server takes as one that came at once. */
const lateMs = 1_500;

describe('a credential that ends while the body is on the way', () => {
  const roster = setUpRoster();

  interface SlowCall {
    readonly line: string;
    readonly headers: OutgoingHttpHeaders;
    readonly json: unknown;
    /** Takes the credential back. */
    revoke(): Promise<unknown>;
  }

  /** The status of a call whose body begins when the server has seen the credential, and ends when `meanwhile` is done and much later. */
  async function send({ line, headers, json }: SlowCall, meanwhile: () => Promise<unknown>) {
    const [method, path] = line.split(' ');
    const body = JSON.stringify(json);
    const call = request(roster.baseUrl + path, {
      method,
      headers: {
        ...headers,
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(body),
        expect: '100-continue',
      },
    });
    call.flushHeaders();
    const answered = once(call, 'response');
    await Promise.race([once(call, 'continue'), answered]);
    call.write(body.slice(0, 2));
    await meanwhile();
    await sleep(lateMs);
    call.end(body.slice(2));
    const [reply] = await answered;
    reply.resume();
    await once(reply, 'end');
    return reply.statusCode;
  }

  const withKey = async (line: string, json: unknown): Promise<SlowCall> => {
    const input = { organization: roster.organization, role: 'admin', expiresAt: null } as const;
    const { key, apiKey } = await createApiKey(roster.core, testDoor, input);
    return {
      ...{ line, json, headers: credentialHeaders({ bearer: apiKey }) },
      revoke: () => revokeApiKey(roster.core, testDoor, key.id),
    };
  };
  const withAppKey = async (): Promise<SlowCall> => {
    const { app } = await roster.addOrganization();
    return {
      line: `POST /humanapi/v1/apps/${app.appId}/users`,
      json: { externalId: 'late-1' },
      headers: credentialHeaders({ appKey: app.appKey }),
      revoke: () => rotateAppKey(roster.core, testDoor, app.appId),
    };
  };
  const withSession = async (): Promise<SlowCall> => {
    const account = await signUpProved(roster);
    const { id } = await userOf(roster, account);
    return {
      line: `PUT /general/v1/users/${account.number}`,
      json: { user: { first_name: 'Late' } },
      headers: credentialHeaders({ session: account.session }),
      revoke: () => roster.core.work.change(roster.organization.key, (tx) => tx.sessions.endAll(id)),
    };
  };
  const makeCalls = () =>
    Promise.all([
      withKey('POST /sonar/v1/users', { first_name: 'Late' }),
      withKey('POST /organization/api/v1/users', { email: 'late@example.com', name: 'Late', role: 'member' }),
      withAppKey(),
      withSession(),
    ]);

  test('is refused in every contract, and changes nothing', async () => {
    const calls = await makeCalls();
    const users = await roster.rows.all('users');
    const statuses = await Promise.all(calls.map((call) => send(call, () => call.revoke())));
    assert.deepEqual(statuses, [401, 401, 401, 401]);
    assert.deepEqual(await roster.rows.all('users'), users);
  });

  test('is taken where it lasts, however late the body comes', async () => {
    const calls = await makeCalls();
    const statuses = await Promise.all(calls.map((call) => send(call, async () => {})));
    assert.ok(
      statuses.every((status) => status !== undefined && status < 300),
      statuses.join(' '),
    );
  });
});
