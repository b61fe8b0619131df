/**
 * The contract that the tests of the HTTP layer serve. It keeps lamps in place of users, and knows callers by the
 * role that they write into `X-Lamp-Key`.
 */
import { Type } from 'typebox';
import { type KeyRole, keyRoles } from '../../../src/core/access/principal.ts';
import { refuse } from '../../../src/core/errors.ts';
import type { Answer, Call, Contract, Route } from '../../../src/http/contract.ts';
import { present } from './errors.ts';

/** The handlers by operation id; a test can replace one. */
export type Handlers = Record<string, (call: Call) => Promise<Answer>>;

const Lamp = Type.Object({
  id: Type.String({ description: 'The name of the lamp' }),
  lit: Type.Boolean(),
});
const lamp = { id: 'north', lit: true };
const NewLamp = Type.Object({
  id: Type.String(),
  lit: Type.Optional(Type.Boolean()),
});
const showsLamp = { description: 'The lamp', schema: Lamp, example: lamp };

const defaults: Handlers = {
  listLamps: async () => ({ status: 200, body: [lamp] }),
  createLamp: async ({ body }) => ({ status: 201, body: { received: body ?? null } }),
  readLamp: async ({ params, query }) => ({ status: 200, body: { ...lamp, id: params['id'], query } }),
  replaceLamp: async () => ({ status: 200, body: lamp }),
  removeLamp: async () => ({ status: 204 }),
  signal: async ({ body, network }) => ({ status: 200, body: { received: body ?? null, network } }),
};

export function createLighthouse(handlers: Handlers = {}): Contract {
  const handle = { ...defaults, ...handlers };
  return {
    name: 'lighthouse',
    title: 'Lighthouse',
    description: 'Lamps.',
    claims: (path) => path === '/v2/lamps' || path.startsWith('/v2/lamps/') || path === '/v2/signal',
    securitySchemes: { lampKey: { type: 'apiKey', in: 'header', name: 'X-Lamp-Key' } },
    async authenticate(_core, { headers, door }) {
      const role = keyRoles.find((each) => each === headers['x-lamp-key']);
      if (role === undefined) throw refuse('unauthorized', {});
      return { kind: 'api_key', orgKey: 1, keyId: `key_${role}`, role: role satisfies KeyRole, door };
    },
    routes: () => routes(handle),
    present,
    allowsBrowsers: true,
  };
}

function routes(handle: Handlers): Route[] {
  const route = (rest: Omit<Route, 'handle'>): Route => ({
    ...rest,
    handle: (call) => handle[rest.operationId]?.(call) ?? Promise.reject(new Error('no handler')),
  });
  const params = Type.Object({ id: Type.String() });
  return [
    route({
      ...{ method: 'GET', path: '/v2/lamps', operationId: 'listLamps', summary: 'List lamps' },
      access: 'users.read',
      query: Type.Object({
        page: Type.Optional(Type.Integer({ minimum: 1, description: 'Which page' })),
      }),
      responses: { 200: { description: 'Lamps', schema: Type.Array(Lamp), example: [lamp] } },
      refusals: [422],
    }),
    route({
      ...{ method: 'POST', path: '/v2/lamps', operationId: 'createLamp', summary: 'Make a lamp' },
      access: 'users.create',
      body: NewLamp,
      bodyExample: { id: 'north' },
      bodyTypes: ['application/json', 'application/x-www-form-urlencoded'],
      responses: { 201: { ...showsLamp, headers: { 'X-Lamp': { description: 'Its name' } } } },
      refusals: [409, 422],
    }),
    route({
      ...{ method: 'GET', path: '/v2/lamps/:id', operationId: 'readLamp', summary: 'Read a lamp' },
      ...{ access: 'users.read', params },
      responses: { 200: showsLamp },
      refusals: [404],
    }),
    route({
      ...{ method: 'PUT', path: '/v2/lamps/:id', operationId: 'replaceLamp', summary: 'Replace a lamp' },
      ...{ access: 'credential', params, body: NewLamp },
      responses: { 200: showsLamp },
      refusals: [404],
    }),
    route({
      ...{ method: 'DELETE', path: '/v2/lamps/:id', operationId: 'removeLamp', summary: 'Remove a lamp' },
      ...{ access: 'users.delete', params },
      responses: { 204: { description: 'Removed' } },
      refusals: [404],
    }),
    route({
      ...{ method: 'POST', path: '/v2/signal', operationId: 'signal', summary: 'Send a signal' },
      ...{ access: 'public', networkThrottle: 'signup' },
      responses: { 200: { description: 'Sent' } },
    }),
  ];
}
