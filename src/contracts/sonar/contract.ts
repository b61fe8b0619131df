/**
 * `sonar`: the users of an account for a partner's backend, which knows them by `reference_id`. On the bare host
 * the contract claims `/v1/users` and below where the request has a bearer token, all paths below `/v1/erasures`, and
 * `/v1/audit_events`.
 */
import { authenticateApiKey } from '../../core/access/authentication.ts';
import type { Contract } from '../../http/contract.ts';
import { readBearer } from '../../http/reading/bearer.ts';
import { listAuditEventsRoute } from './audit-routes.ts';
import { connectDeviceRoute, disconnectDeviceRoute, listDevicesRoute } from './device-routes.ts';
import { getErasureRoute } from './erasure-routes.ts';
import { presentRefusal } from './errors.ts';
import { toSonarUser } from './present.ts';
import { reportScoreRoute, reportSyncRoute } from './report-routes.ts';
import { createUserRoute, deleteUserRoute, getUserRoute, listUsersRoute, updateUserRoute } from './routes.ts';
import { conflictSchema, refusalSchema } from './schemas.ts';

export const sonarContract: Contract = {
  name: 'sonar',
  title: 'Sonar Users API',
  description: [
    'The users of an account, for a partner\'s backend. Single users come as `{"data": {...}}`, lists as',
    '`{"data": [...], "meta": {...}}`, refusals as `{"error", "message", "details"}`. Times are UTC in whole seconds.',
    '',
    'An API key has a role: `admin` may do all, `member` all but delete, `reader` only read.',
  ].join('\n'),
  claims(path, headers) {
    if (path.startsWith('/v1/erasures/') || path === '/v1/audit_events') return true;
    const isUsers = path === '/v1/users' || path.startsWith('/v1/users/');
    return isUsers && /^bearer(?: |$)/i.test(headers.authorization ?? '');
  },
  tags: {
    Users: 'The users of the account.',
    Reports: 'What a service that ingests device data tells about a user.',
    Devices: "A user's connections to providers of device data.",
    Erasures: 'What became of deletions.',
    Audit: 'Who did what, and who looked at whom.',
  },
  securitySchemes: {
    apiKey: { type: 'http', scheme: 'bearer', description: 'An API key of the organization: `roster_...`.' },
  },
  authenticate(core, call) {
    return authenticateApiKey(core, call, readBearer(call.headers) ?? '');
  },
  routes(core) {
    return [
      listUsersRoute(core),
      createUserRoute(core),
      getUserRoute(core),
      updateUserRoute(core),
      deleteUserRoute(core),
      reportSyncRoute(core),
      reportScoreRoute(core),
      listDevicesRoute(core),
      connectDeviceRoute(core),
      disconnectDeviceRoute(core),
      getErasureRoute(core),
      listAuditEventsRoute(core),
    ];
  },
  sampleFaults: [{ field: 'timezone', fault: 'invalid' }],
  refusalShape: (status) => (status === 409 ? conflictSchema : refusalSchema),
  present: presentRefusal,
  show: toSonarUser,
  sample({ apiKey }) {
    return { path: '/v1/users', bearer: apiKey };
  },
  allowsBrowsers: false,
};
