/**
 * `humanapi`: the users of one application, which authenticates with its App Key, and the tokens of Connect for
 * its backend. On the bare host the contract claims `/v1/apps`, `/v1/connect` and all paths below them.
 */
import { authenticateAppKey } from '../../core/access/authentication.ts';
import { refuse } from '../../core/errors.ts';
import type { Contract } from '../../http/contract.ts';
import { readUserName } from './basic.ts';
import { connectRoutes } from './connect-routes.ts';
import { presentRefusal } from './errors.ts';
import { toHumanUser } from './present.ts';
import { createUserRoute, deleteUserRoute, getUserRoute, listUsersRoute } from './routes.ts';

export const humanapiContract: Contract = {
  name: 'humanapi',
  title: 'Human API Users',
  description: [
    'The users of a specific app. Users are primarily created using Connect; these calls are for their management.',
    '',
    'Use the App Key as the user name of Basic authentication and a blank password. Single users come bare, the list',
    'as one JSON array, refusals as `{"code", "error", "message", "x-humanapi-request-id"}`. Times are UTC with',
    'milliseconds. The token calls of Connect take the client id and secret in the body instead.',
  ].join('\n'),
  claims: (path) => /^\/v1\/(apps|connect)(\/|$)/.test(path),
  tags: {
    Users: 'The users of the app.',
    Connect: 'Tokens for the Connect page, on which people connect their sources.',
  },
  securitySchemes: {
    appKey: {
      type: 'http',
      scheme: 'basic',
      description: 'The App Key, 40 hex digits, as user name; the password is ignored.',
    },
  },
  /** A valid key on another app's path gets `not_found`, whether or not that app exists. */
  async authenticate(core, { headers, params, door }) {
    const principal = await authenticateAppKey(core, door, readUserName(headers) ?? '');
    if (params['appId'] !== principal.appId) throw refuse('not_found', { noun: 'app' });
    return principal;
  },
  routes(core) {
    return [
      ...[listUsersRoute(core), createUserRoute(core), getUserRoute(core), deleteUserRoute(core)],
      ...connectRoutes(core),
    ];
  },
  sampleFaults: [{ field: 'externalId', fault: 'blank' }],
  sampleParameters: ({ appId }) => ({ appId }),
  present: presentRefusal,
  show: toHumanUser,
  sample({ appId, appKey }) {
    return { path: `/v1/apps/${appId}/users`, basicUser: appKey };
  },
  allowsBrowsers: false,
};
