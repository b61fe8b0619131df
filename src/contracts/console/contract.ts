/**
 * `console`: what the pages below `/console` call. It is internal: no document describes it in public, and it has neither a
 * host nor a bare path. A call comes with the cookie of a staff session; an `Authorization` header is not read.
 */
import { authenticateStaff } from '../../core/staff/authenticate-staff.ts';
import type { Contract } from '../../http/contract.ts';
import { presentRefusal } from './errors.ts';
import { routes } from './routes.ts';
import { readSessionToken, secureCookieName } from './session-cookie.ts';
import { isPoll } from './staff-caller.ts';

export const consoleContract: Contract = {
  name: 'console',
  title: 'Console API',
  description:
    'What the pages of the console call. A call comes with the cookie of a staff session. A call that is no GET also needs the header `X-Roster-Console: 1`, and must come from a page of this deployment.',
  claims: () => false,
  hasOwnHost: false,
  isInternal: true,
  tags: {
    'Sign-in': 'Signing in with two factors, and giving the second one again.',
    Factors: 'One-time links, passkeys, apps for codes and recovery codes.',
    Session: 'The session of the staff account that is signed in.',
    Staff: 'The staff accounts of the organization, for owners.',
    People: 'The people of the directory, and what staff does to their accounts.',
    Erasures: 'What became of deletions, and their receipts.',
    Keys: 'The API keys of the organization.',
    Apps: 'The apps of the organization, and the providers that people can connect.',
    Overview: 'The figures of the organization.',
    Record: 'Who did what.',
    Outbox: 'What would have been sent, in development.',
  },
  securitySchemes: {
    session: {
      type: 'apiKey',
      in: 'cookie',
      name: secureCookieName,
      description: 'The session of a staff account: 12 hours, 30 minutes without a call.',
    },
  },
  authenticate: async (core, call) => {
    return authenticateStaff(core, call.door, { token: readSessionToken(core, call), isPoll: isPoll(call) });
  },
  routes,
  present: presentRefusal,
  allowsBrowsers: false,
};
