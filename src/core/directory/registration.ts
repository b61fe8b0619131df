/**
 * Signing up in a consumer app. The refusal names all faulty fields together. The new user is pending until the code
 * that is sent here comes back, always has the role `parent`, and gets a first session. A user with a phone also gets a
 * link that proves the email. Where the deployment tells no accounts, the address is only requested, so that a taken one
 * makes no difference; see `verification/requested-email.ts`.
 */

import type { Arrival } from '../access/arrival.ts';
import { isCommonInput, readPassword, readPasswordConfirmation } from '../access/password.ts';
import { may, type PublicPrincipal, type UserPrincipal } from '../access/principal.ts';
import { type SignedIn, startSession } from '../access/sign-in.ts';
import { noteNetwork } from '../access/sign-in-network.ts';
import { emailSubject } from '../access/subject.ts';
import type { Core } from '../core.ts';
import { type FieldFault, isRefusal, refuse, refuseFaults } from '../errors.ts';
import type { OrgKey } from '../ids.ts';
import { record } from '../record/audit-event.ts';
import { sendCode } from '../verification/confirmation.ts';
import { codeSendQuotas } from '../verification/confirmation-code.ts';
import { sendEmailProof } from '../verification/email-proof.ts';
import { emailRequestOf, sendRequestLink } from '../verification/requested-email.ts';
import type { App } from './organization.ts';
import { newUserDefaults } from './user.ts';
import {
  FieldReader,
  readBoolean,
  readDateOfBirth,
  readLanguage,
  readNewEmail,
  readOptional,
  readPhone,
  readText,
} from './user-fields.ts';
import { type EchoCheck, newUserOf } from './user-lifecycle.ts';

/** The fields of a sign-up, with the values as the client sent them. */
export interface RegistrationInput {
  readonly email?: unknown;
  readonly password?: unknown;
  readonly passwordConfirmation?: unknown;
  readonly firstName?: unknown;
  readonly lastName?: unknown;
  readonly phone?: unknown;
  readonly dateOfBirth?: unknown;
  readonly language?: unknown;
  readonly isTemplate?: unknown;
  readonly isClinical?: unknown;
  readonly isNativeSignup?: unknown;
  readonly arrival: Arrival;
  readonly echoes: EchoCheck;
}

/** Who registers the user, and the app of the new user. */
export interface RegistrationOrigin {
  readonly principal: PublicPrincipal | UserPrincipal;
  readonly app: App;
}

/**
 * Registers a user in an app; `origin` is null where the caller names an app that does not exist. Refuses with
 * `signup_closed` (admins may still register people), `invalid_fields` (a taken email among them),
 * `not_found` (app) and `unavailable`.
 */
export async function registerUser(
  core: Core,
  origin: RegistrationOrigin | null,
  input: RegistrationInput,
): Promise<SignedIn> {
  const isAdmin = origin !== null && may(origin.principal, 'care.manage');
  if (origin !== null && !origin.app.isSignupOpen && !isAdmin) throw refuse('signup_closed', {});
  const isCommon = await isCommonInput(input.password, core.isCommonPassword);
  const { values, password, faults } = readRegistration(core, input, isCommon);
  if (origin === null) {
    refuseFaults(faults);
    throw refuse('not_found', { noun: 'app' });
  }
  const { principal, app } = origin;
  const { email } = values;
  // A stranger learns from no answer whether the address is taken; staff do.
  const isRequest = !isAdmin && !core.policy.tellsAccounts;
  if (email !== undefined && !isRequest && (await isTaken(core, app.orgKey, email))) faults.push(takenFault);
  refuseFaults(faults);
  if (password === undefined || email === undefined) throw refuse('internal', {});
  const account = emailSubject(core.secrets, app.orgKey, email);
  const register = async (): Promise<SignedIn> => {
    const passwordHash = await core.hasher.hash(password, { arrival: input.arrival, account });

    try {
      return await core.work.change(app.orgKey, async (tx) => {
        const now = core.clock.now();
        const user = await tx.users.insert({
          ...newUserOf(app.id, now),
          ...(isRequest ? emailRequestOf(email, now) : { email }),
          firstName: values.firstName ?? null,
          lastName: values.lastName ?? null,
          phone: values.phone?.phone ?? null,
          phoneE164: values.phone?.phoneE164 ?? null,
          dateOfBirth: values.dateOfBirth ?? null,
          language: values.language ?? newUserDefaults.language,
          status: 'pending',
          isClinical: values.isClinical ?? false,
          // Outside production every caller may create users for testing; in production only admins.
          isTemplate: (values.isTemplate ?? false) && (isAdmin || !core.policy.isProduction),
          isNativeSignup: values.isNativeSignup ?? false,
          isSelfRegistered: !isAdmin,
          passwordHash,
        });
        if (isRequest) await sendRequestLink(core, tx, user, email);
        const channel = await sendCode(core, tx, user, codeSendQuotas);
        // A code that goes by mail itself proves the email.
        if (!isRequest && channel === 'sms') await sendEmailProof(core, tx, user, email);
        await record(tx, principal, 'user.created', { kind: 'user', id: user.id }, now);
        // An admin who registers a person is on a network of the admin.
        if (!isAdmin) await noteNetwork(core, tx, user.id, input.arrival.network, { isNew: false });
        return { user, token: await startSession(core, tx, principal, user) };
      });
    } catch (error) {
      // Another process took the email between the check and the insert.
      if (isRefusal(error, 'email_taken')) refuseFaults([takenFault]);
      throw error;
    }
  };
  if (isRequest) return register();
  // One sign-up with an address at a time: the others wait for its outcome, and then hash nothing.
  return core.signInGate.pass(
    `sign-up ${account}`,
    async () => 1,
    async () => {
      if (await isTaken(core, app.orgKey, email)) refuseFaults([takenFault]);
      return register();
    },
  );
}

const takenFault: FieldFault = { field: 'email', fault: 'taken' };

async function isTaken(core: Core, orgKey: OrgKey, email: string): Promise<boolean> {
  return (await core.work.read(orgKey, (tx) => tx.users.findByEmail(email))) !== null;
}

function readRegistration(core: Core, input: RegistrationInput, isCommon: boolean) {
  const fields = new FieldReader();
  const email = fields.take('email', readNewEmail(input.email, core.takesUnicodeAddresses()));
  const password = fields.take('password', readPassword(input.password, email ?? null, isCommon));
  fields.take('passwordConfirmation', readPasswordConfirmation(input.passwordConfirmation, input.password));
  const values = {
    email,
    firstName: fields.take('firstName', readText(input.firstName)),
    lastName: fields.take('lastName', readText(input.lastName)),
    phone: fields.take('phone', readOptional(input.phone, readPhone)),
    dateOfBirth: fields.take(
      'dateOfBirth',
      readOptional(input.dateOfBirth, (value) => readDateOfBirth(value, core.clock.now())),
    ),
    language: fields.take('language', readOptional(input.language, readLanguage)),
    isTemplate: fields.take('isTemplate', readOptional(input.isTemplate, readBoolean)),
    isClinical: fields.take('isClinical', readOptional(input.isClinical, readBoolean)),
    isNativeSignup: fields.take('isNativeSignup', readOptional(input.isNativeSignup, readBoolean)),
  };
  return { values, password, faults: [...fields.faults, ...input.echoes(null)] };
}
