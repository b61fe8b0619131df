/** The operations that create, change, cancel and delete an account. */
import type { Core } from '../../core/core.ts';
import { approveClinical } from '../../core/directory/clinical-approval.ts';
import { cancelUser, updateProfile } from '../../core/directory/profile.ts';
import { registerUser } from '../../core/directory/registration.ts';
import { deleteUser } from '../../core/directory/user-lifecycle.ts';
import { erasedAnswer, erasedResponse } from '../../http/answering/erased.ts';
import type { Route } from '../../http/contract.ts';
import { checkEchoes } from '../../http/reading/echo.ts';
import { readBeside, readUserBody, type UserBody } from './body.ts';
import { askStranger, findOrigin, userOf } from './caller.ts';
import {
  approvedExample,
  cancelledExample,
  createExample,
  newUserExample,
  updatedExample,
  updateExample,
} from './examples.ts';
import { presentTo, presentUser } from './present.ts';
import { refOf } from './query-routes.ts';
import { createBody, idParams, strangerHeaders, updateBody, userSchema } from './schemas.ts';

const sessionHeader = {
  'X-User-Token': { description: 'A first session of the new user: the credential of the other calls.' },
};

const pendingHeader = {
  'X-Email-Pending': {
    description: '`true` where the new email waits for the link that was sent to it; else absent.',
  },
};

/** Read-only fields of an answer. For two of them a new user has fixed values. */
const shownOnly = ['id', 'confirmed', 'created_at', 'updated_at'];
const shownOfNew = { active: true, confirmed: false };

export function createUserRoute(core: Core): Route {
  return {
    method: 'POST',
    path: '/v1/users',
    operationId: 'createUser',
    tag: 'Users',
    summary: 'Create a user',
    description:
      'Creates a new user account with the role `parent`, sends a verification code by SMS (by email where there is no phone), sends a link that proves the email of a user with a phone, and hands out a first session in the header `X-User-Token`. An app may be closed for registration: 403. Where a deployment tells no accounts, a taken email is accepted too, is shown to this session only, and belongs to the user once the link in the message to it was used.',
    access: 'public',
    networkThrottle: 'signup',
    headers: strangerHeaders,
    body: createBody,
    bodyExample: createExample,
    responses: {
      201: {
        description: 'The new user',
        schema: userSchema,
        example: newUserExample,
        headers: sessionHeader,
      },
    },
    refusals: ['signup_closed', 'proof_required', 'app_not_found', 'invalid_fields'],
    async handle(call) {
      const body = readUserBody(call.body);
      const { user: fields } = body;
      const echoed = Object.entries(fields).filter(([name, value]) => !isOfNew(name, value));
      const origin = await findOrigin(core, call);
      await askStranger(core, call, origin?.principal ?? null);
      const { user, token } = await registerUser(core, origin, {
        ...personIn(body),
        isTemplate: readBeside(body, 'template'),
        isClinical: readBeside(body, 'clinical'),
        isNativeSignup: readBeside(body, 'native_signup'),
        arrival: call.arrival,
        echoes: checkEchoes(Object.fromEntries(echoed), [...shownOnly, 'active'], presentUser),
      });
      // The token is of the new user, and so is what the answer shows.
      return { status: 201, headers: { 'X-User-Token': token }, body: presentTo({ userId: user.id }, user) };
    },
  };
}

export function updateUserRoute(core: Core): Route {
  return {
    method: 'PUT',
    path: '/v1/users/:id',
    operationId: 'updateUser',
    tag: 'Users',
    summary: 'Update a user',
    description:
      'Changes any subset of the fields, by the user or an admin. Only an admin changes `role`, `active`, `clinical` and `template`: 403 for everybody else, which is our choice. `clinical: true` sets the shown wish and approves nothing. A `role` above `parent` is not given to a user whose email was never proved: 422. A new phone number clears `confirmed` and sends a code. A proved email is replaced only by a proved one: the answer shows the present email and has `X-Email-Pending: true`, and the link in the message to the new address changes it. An email that was never proved, and one that an admin changes for another user, is replaced at once. A change of the own email or password needs `user.current_password`, unless the session is younger than ten minutes. One that is sent is checked in any case, and five wrong ones in a row end the session. A new password ends all other sessions. One change of a password is made at a time: another request that comes meanwhile is 409.',
    access: 'credential',
    params: idParams,
    body: updateBody,
    bodyExample: updateExample,
    responses: {
      200: {
        description: 'The user',
        schema: userSchema,
        example: updatedExample,
        headers: pendingHeader,
      },
    },
    refusals: [
      'forbidden',
      'user_not_found',
      'invalid_fields',
      'last_admin',
      'rate_limited',
      'change_in_progress',
    ],
    sampleFaults: [
      { field: 'currentPassword', fault: 'blank' },
      { field: 'phone', fault: 'invalid' },
    ],
    async handle(call) {
      const body = readUserBody(call.body);
      const { user: fields } = body;
      const { user, isEmailPending } = await updateProfile(core, userOf(call), {
        ref: refOf(call),
        change: {
          ...personIn(body),
          role: fields['role'],
          isActive: fields['active'],
          isClinical: readBeside(body, 'clinical'),
          isTemplate: readBeside(body, 'template'),
          isNativeSignup: readBeside(body, 'native_signup'),
        },
        currentPassword: fields['current_password'] ?? body.beside['current_password'],
        echoes: checkEchoes(fields, shownOnly, presentUser),
        arrival: call.arrival,
      });
      const headers = isEmailPending ? { 'X-Email-Pending': 'true' } : {};
      return { status: 200, headers, body: presentTo(userOf(call), user) };
    },
  };
}

export function approveClinicalRoute(core: Core): Route {
  return {
    method: 'POST',
    path: '/v1/users/:id/approve_clinical',
    operationId: 'approveClinical',
    tag: 'Users',
    summary: 'Approve a clinical user',
    description:
      'Approves a user as clinical, who then sees the users of the organization; for admins, 403 for everybody else. An addition of Roster: `clinical: true` at sign-up or in a `PUT` is a wish that gives no permission. A user whose email was never proved is not approved: 422. `PUT {"clinical": false}` takes the approval back.',
    access: 'care.manage',
    params: idParams,
    responses: { 200: { description: 'The user', schema: userSchema, example: approvedExample } },
    refusals: ['user_not_found', 'invalid_fields'],
    sampleFaults: [{ field: 'email', fault: 'unproved' }],
    async handle(call) {
      return {
        status: 200,
        body: presentUser(await approveClinical(core, userOf(call), { ref: refOf(call) })),
      };
    },
  };
}

export function cancelUserRoute(core: Core): Route {
  return {
    method: 'POST',
    path: '/v1/users/:id/cancel',
    operationId: 'cancelUser',
    tag: 'Users',
    summary: 'Cancel a user account',
    description:
      'Deactivates an account, by the user or an admin: all its sessions end and nobody can log in. A second time changes nothing. Data is kept, and an admin can bring the user back with `PUT {"user": {"active": true}}`.',
    access: 'credential',
    params: idParams,
    responses: { 200: { description: 'The user', schema: userSchema, example: cancelledExample } },
    refusals: ['user_not_found', 'last_admin'],
    async handle(call) {
      const caller = userOf(call);
      return { status: 200, body: presentTo(caller, await cancelUser(core, caller, { ref: refOf(call) })) };
    },
  };
}

export function deleteUserRoute(core: Core): Route {
  return {
    method: 'DELETE',
    path: '/v1/users/:id',
    operationId: 'deleteUser',
    tag: 'Users',
    summary: 'Delete a user',
    description:
      'Permanently deletes a user account and all its data, which cannot be undone. For admins; the answer to everybody else is 403, which is our choice: the document shows no status for it.',
    access: 'users.delete',
    params: idParams,
    responses: { 204: erasedResponse('The user is deleted') },
    refusals: ['user_not_found', 'last_admin'],
    async handle(call) {
      return erasedAnswer(await deleteUser(core, userOf(call), { ref: refOf(call) }));
    },
  };
}

/** The fields of a body that describe the person, under the core's names; the values are unread. */
function personIn(body: UserBody) {
  const fields = body.user;
  return {
    email: fields['email'],
    password: fields['password'],
    passwordConfirmation: readBeside(body, 'password_confirmation'),
    firstName: fields['first_name'],
    lastName: fields['last_name'],
    phone: fields['phone'],
    dateOfBirth: fields['date_of_birth'],
    language: fields['language'],
  };
}

/** Whether a new user shows that value without any input. */
function isOfNew(name: string, value: unknown): boolean {
  return Object.entries(shownOfNew).some(([field, shown]) => field === name && shown === value);
}
