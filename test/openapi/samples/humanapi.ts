/** A backend that calls `humanapi`: with the types of openapi-typescript, and with the client of hey-api. */
import createClient from 'openapi-fetch';
import type { Access } from './access.ts';
import { client } from './generated/humanapi/client.gen.ts';
import * as humanapi from './generated/humanapi/sdk.gen.ts';
import type { paths } from './generated/humanapi.ts';

export async function withTypes({ baseUrl, appId, appKey }: Access): Promise<unknown> {
  const headers = { authorization: `Basic ${btoa(`${appKey}:`)}` };
  const { GET, POST } = createClient<paths>({ baseUrl, headers });
  const path = { appId };
  const made = await POST('/v1/apps/{appId}/users', { params: { path }, body: { externalId: 'typed' } });
  const list = await GET('/v1/apps/{appId}/users', { params: { path } });
  // The answer to `Accept: application/x-ndjson` is one user in each line.
  const listed = Array.isArray(list.data) ? list.data : [];
  const unknown = await GET('/v1/apps/{appId}/users/{humanId}', {
    params: { path: { appId, humanId: '0'.repeat(32) } },
  });
  return {
    listed: listed.find(({ humanId }) => humanId === made.data?.humanId)?.externalId,
    fault: unknown.error?.error,
  };
}

export async function withClient({ baseUrl, appId, appKey }: Access): Promise<unknown> {
  client.setConfig({ baseUrl, auth: `${appKey}:` });
  const path = { appId };
  const made = await humanapi.createUser({ path, body: { externalId: 'generated' } });
  const list = await humanapi.listUsers({ path });
  const unknown = await humanapi.getUser({ path: { appId, humanId: '0'.repeat(32) } });
  return {
    listed: list.data?.find(({ humanId }) => humanId === made.data?.humanId)?.externalId,
    fault: unknown.error?.error,
  };
}
