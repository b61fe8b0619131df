/**
 * `organization`: staff tools over the members of an organization, their roles and their statuses. The contract
 * claims `/api/v1/users` on the bare host. It accepts an API key of the organization, or the session token of a
 * user; the role of the key or user decides.
 */
import { authenticateApiKey, authenticateSession } from '../../core/access/authentication.ts';
import { refuse } from '../../core/errors.ts';
import { isApiKeyText } from '../../core/secret.ts';
import type { Contract } from '../../http/contract.ts';
import { readBearer } from '../../http/reading/bearer.ts';
import { presentRefusal } from './errors.ts';
import { presentFull } from './present.ts';
import { routes, usersPath } from './routes.ts';

export const organizationContract: Contract = {
  name: 'organization',
  title: 'Organization Users API',
  description:
    "The members of an organization: list, invite, read and delete them. Send an API key, or a user's session token, as a bearer token; the role of either decides what it may do.",
  claims: (path) => path === usersPath || path.startsWith(`${usersPath}/`),
  tags: {
    Users: 'The members of the organization.',
  },
  securitySchemes: {
    bearer: {
      type: 'http',
      scheme: 'bearer',
      description: 'An API key of the organization (`roster_…`) or the session token of a user.',
    },
  },
  async authenticate(core, call) {
    const token = readBearer(call.headers);
    if (token === null) throw refuse('unauthorized', {});
    // No session token has this form, and both refuse other texts alike.
    return isApiKeyText(token)
      ? authenticateApiKey(core, call, token)
      : authenticateSession(core, call.door, token);
  },
  routes,
  present: presentRefusal,
  show: presentFull,
  sample: ({ apiKey }) => ({ path: usersPath, bearer: apiKey }),
  allowsBrowsers: false,
};
