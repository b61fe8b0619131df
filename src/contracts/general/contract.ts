/**
 * `general`: the users of a consumer app. They sign up, confirm by SMS, sign in and manage their own account; some
 * are admins and clinicians. On the bare host the contract claims `/v1/sessions`, and all of `/v1/users` that no
 * contract before it in the list claims.
 */
import type { Contract } from '../../http/contract.ts';
import { appIdOf, authenticate } from './caller.ts';
import { presentRefusal } from './errors.ts';
import { emailExample } from './examples.ts';
import { presentUser } from './present.ts';
import { routes } from './routes.ts';
import { fieldRefusalSchema, refusalSchema } from './schemas.ts';

const ownPaths = ['/v1/users', '/v1/sessions'];

export const generalContract: Contract = {
  name: 'general',
  title: 'General Users API',
  description: [
    'Endpoints for user management and authentication. Single users come bare, lists as',
    '`{"users": [...], "meta": {...}}`, refusals as `{"errors"}`: a text, or a list of texts by field. Times are UTC',
    'with milliseconds.',
    '',
    'A session token goes into `X-User-Token`. It comes from `POST /v1/sessions`, and for a new user from the header',
    '`X-User-Token` of the answer to the registration. A call without one works in the organization of the app that',
    "`X-App-Id` names, else of the deployment's sign-up app.",
    '',
    'Who is known and may not do something gets 403 with the text of a 401. The document shows no status for a',
    'missing role; this one is our choice.',
  ].join('\n'),
  claims: (path) => ownPaths.some((own) => path === own || path.startsWith(`${own}/`)),
  tags: {
    Users: 'Accounts: signing up, reading, changing, cancelling and deleting them.',
    Confirmation: 'Codes that prove a phone number or an email address.',
    Passwords: 'Setting a password by a link.',
    Sessions: 'Signing in and out.',
  },
  securitySchemes: {
    userToken: {
      type: 'apiKey',
      in: 'header',
      name: 'X-User-Token',
      description: 'A session of a user: opaque, good for 30 days since last use and at most 180 days.',
    },
  },
  authenticate,
  appIdOf,
  routes,
  // The example of a 422 in the document.
  sampleFaults: [
    { field: 'email', fault: 'blank' },
    { field: 'password', fault: 'too_short', min: 8 },
    { field: 'firstName', fault: 'blank' },
  ],
  refusalShape: (status) => (status === 422 ? fieldRefusalSchema : refusalSchema),
  sampleParameters: ({ appId }) => ({ 'X-App-Id': appId }),
  present: presentRefusal,
  show: presentUser,
  sample: () => ({ path: '/v1/users/email_has_account', json: emailExample }),
  allowsBrowsers: true,
};
