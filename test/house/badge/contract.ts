/**
 * `badge`: the badges of users and what became of those that were given back. It uses every extension point of
 * contracts that the four documents do not: a media type and a query grammar of its own, absolute addresses, entity
 * tags and several resources.
 */
import { authenticateApiKey } from '../../../src/core/access/authentication.ts';
import type { Contract } from '../../../src/http/contract.ts';
import { readBearer } from '../../../src/http/reading/bearer.ts';
import { presentRefusal } from './errors.ts';
import { presentBadge } from './present.ts';
import { parseBadgeQuery } from './query.ts';
import { getReturn } from './return-routes.ts';
import { badgeRoutes } from './routes.ts';

export const badgeContract: Contract = {
  name: 'badge',
  title: 'Badge API',
  description: 'The badges of users.',
  mediaType: 'application/badge+json',
  claims: (path) => /^\/v3\/(badges|returns)(\/|$)/.test(path),
  parseQuery: parseBadgeQuery,
  securitySchemes: { bearer: { type: 'http', scheme: 'bearer' } },
  authenticate: (core, call) => authenticateApiKey(core, call, readBearer(call.headers) ?? ''),
  routes: (core) => [...badgeRoutes(core), getReturn(core)],
  sampleFaults: [{ field: 'timezone', fault: 'invalid' }],
  present: presentRefusal,
  show: presentBadge,
  allowsBrowsers: false,
};
