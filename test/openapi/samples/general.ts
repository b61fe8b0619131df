/** A browser app that calls `general`: with the types of openapi-typescript, and with the client of hey-api. */
import createClient from 'openapi-fetch';
import type { Access } from './access.ts';
import { client } from './generated/general/client.gen.ts';
import * as general from './generated/general/sdk.gen.ts';
import type { paths } from './generated/general.ts';

const person = { password: 'a-quiet-harbour-41', first_name: 'Ada', last_name: 'Lovelace' };

export async function withTypes({ baseUrl, appId, session }: Access): Promise<unknown> {
  const { GET, POST } = createClient<paths>({ baseUrl, headers: { 'x-user-token': session } });
  const params = { header: { 'X-App-Id': appId } };
  const made = await POST('/v1/users', {
    params,
    body: { user: { ...person, email: 'typed@general.example' } },
  });
  const id: number = made.data?.id ?? 0;
  const shown = await GET('/v1/users/{id}', { params: { path: { id } } });
  const list = await GET('/v1/users', { params: { query: { page: 1, page_size: 1 } } });

  const { error } = await POST('/v1/users', { params, body: { user: { ...person, email: 'nowhere' } } });
  return {
    isSame: shown.data?.id === id,
    listed: list.data?.users[0]?.email,
    fault: error && typeof error.errors !== 'string' && error.errors.email[0],
  };
}

export async function withClient({ baseUrl, appId, session }: Access): Promise<unknown> {
  client.setConfig({ baseUrl, auth: session });
  const headers = { 'X-App-Id': appId };
  const made = await general.createUser({
    headers,
    body: { user: { ...person, email: 'generated@general.example' } },
  });
  const id = made.data?.id ?? 0;
  const shown = await general.getUser({ path: { id } });
  const list = await general.listUsers({ query: { page: 1, page_size: 1 } });

  const { error } = await general.createUser({ headers, body: { user: { ...person, email: 'nowhere' } } });
  return {
    isSame: shown.data?.id === id,
    listed: list.data?.users[0]?.email,
    fault: error && typeof error.errors !== 'string' && error.errors.email[0],
  };
}
