/** A backend that calls `organization`: with the types of openapi-typescript, and with the client of hey-api. */
import createClient from 'openapi-fetch';
import type { Access } from './access.ts';
import { client } from './generated/organization/client.gen.ts';
import * as organization from './generated/organization/sdk.gen.ts';
import type { paths } from './generated/organization.ts';

export async function withTypes({ baseUrl, apiKey }: Access): Promise<unknown> {
  const { GET, POST } = createClient<paths>({ baseUrl, headers: { authorization: `Bearer ${apiKey}` } });
  const body = { name: 'Ada Lovelace', email: 'typed@organization.example', role: 'member' } as const;
  const made = await POST('/api/v1/users', { body });
  const id = made.data?.id ?? '';
  const shown = await GET('/api/v1/users/{id}', { params: { path: { id } } });
  const list = await GET('/api/v1/users', { params: { query: { page: 1, limit: 1 } } });
  const taken = await POST('/api/v1/users', { body });
  return {
    isSame: shown.data?.id === id,
    listed: list.data?.data[0]?.email,
    fault: taken.error?.error,
  };
}

export async function withClient({ baseUrl, apiKey }: Access): Promise<unknown> {
  client.setConfig({ baseUrl, auth: apiKey });
  const body = { name: 'Grace Hopper', email: 'generated@organization.example', role: 'member' } as const;
  const made = await organization.createUser({ body });
  const id = made.data?.id ?? '';
  const shown = await organization.getUser({ path: { id } });
  const list = await organization.listUsers({ query: { page: 1, limit: 1 } });
  const taken = await organization.createUser({ body });
  return {
    isSame: shown.data?.id === id,
    listed: list.data?.data[0]?.email,
    fault: taken.error?.error,
  };
}
