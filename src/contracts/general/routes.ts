/** Every operation of the document, and our addition: reading one user. */
import type { Core } from '../../core/core.ts';
import type { Route } from '../../http/contract.ts';
import {
  approveClinicalRoute,
  cancelUserRoute,
  createUserRoute,
  deleteUserRoute,
  updateUserRoute,
} from './account-routes.ts';
import { confirmUserRoute, resendConfirmationRoute } from './confirmation-routes.ts';
import {
  createPasswordResetRoute,
  resetPasswordRoute,
  validatePasswordResetRoute,
} from './password-routes.ts';
import { emailHasAccountRoute, getUserRoute, listUsersRoute } from './query-routes.ts';
import {
  createSessionRoute,
  deleteSessionRoute,
  endSessionRoute,
  listSessionsRoute,
} from './session-routes.ts';

export function routes(core: Core): readonly Route[] {
  return [
    listUsersRoute(core),
    createUserRoute(core),
    getUserRoute(core),
    updateUserRoute(core),
    approveClinicalRoute(core),
    cancelUserRoute(core),
    deleteUserRoute(core),
    confirmUserRoute(core),
    resendConfirmationRoute(core),
    emailHasAccountRoute(core),
    createPasswordResetRoute(core),
    validatePasswordResetRoute(core),
    resetPasswordRoute(core),
    createSessionRoute(core),
    deleteSessionRoute(core),
    listSessionsRoute(core),
    endSessionRoute(core),
  ];
}
