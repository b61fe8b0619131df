/** A partner's backend that calls `sonar`: with the types of openapi-typescript, and with the client of hey-api. */
import createClient from 'openapi-fetch';
import type { Access } from './access.ts';
import { client } from './generated/sonar/client.gen.ts';
import * as sonar from './generated/sonar/sdk.gen.ts';
import type { paths } from './generated/sonar.ts';

export async function withTypes({ baseUrl, apiKey }: Access): Promise<unknown> {
  const { GET, POST } = createClient<paths>({ baseUrl, headers: { authorization: `Bearer ${apiKey}` } });
  const made = await POST('/v1/users', { body: { reference_id: 'typed', timezone: 'Europe/London' } });
  const id = made.data?.data.id ?? '';
  const shown = await GET('/v1/users/{user_id}', { params: { path: { user_id: id } } });
  const list = await GET('/v1/users', { params: { query: { page: 1, per_page: 1 } } });

  const invalid = await POST('/v1/users', { body: { timezone: 'nowhere' } });
  const taken = await POST('/v1/users', { body: { reference_id: 'typed' } });
  return {
    isSame: shown.data?.data.id === id,
    listed: list.data?.data[0]?.reference_id,
    fault: invalid.error && invalid.error.error !== 'conflict' && invalid.error.details.timezone[0],
    isHolder: taken.error?.error === 'conflict' && taken.error.details.user_id === id,
  };
}

export async function withClient({ baseUrl, apiKey }: Access): Promise<unknown> {
  client.setConfig({ baseUrl, auth: apiKey });
  const made = await sonar.createUser({ body: { reference_id: 'generated' } });
  const id = made.data?.data.id ?? '';
  const shown = await sonar.getUser({ path: { user_id: id } });
  const list = await sonar.listUsers({ query: { page: 1, per_page: 1 } });

  const invalid = await sonar.createUser({ body: { timezone: 'nowhere' } });
  const taken = await sonar.createUser({ body: { reference_id: 'generated' } });
  return {
    isSame: shown.data?.data.id === id,
    listed: list.data?.data[0]?.reference_id,
    fault: invalid.error && invalid.error.error !== 'conflict' && invalid.error.details.timezone[0],
    isHolder: taken.error?.error === 'conflict' && taken.error.details.user_id === id,
  };
}
