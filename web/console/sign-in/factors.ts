/** The calls of sign-in, of enrolment and of the second factor, and the passkeys of the browser. */
import type {
  CodeRequest,
  EnrolRequest,
  FactorAddedAnswer,
  FactorKind,
  FactorsAnswer,
  FreshRequest,
  NewTotpAnswer,
  SignInAnswer,
  SignInRequest,
} from '../../../src/contracts/console/shapes/sign-in.ts';
import { call } from '../api.ts';
import { tellOtherTabs } from '../other-tabs.ts';

/** The person, or the browser, did not use the passkey. */
export class PasskeyRefused extends Error {
  override readonly name = 'PasskeyRefused';
}

/** The password ends the session that the browser had: the cookie is that of the new one. */
export async function signIn(body: SignInRequest): Promise<SignInAnswer> {
  const answer = await call<SignInAnswer>('POST', '/sign-in', { body });
  tellOtherTabs();
  return answer;
}

/** Spends the one-time link: sets the password, and begins a session that may only add factors. */
export async function enrol(body: EnrolRequest): Promise<void> {
  await call('POST', '/enrol', { body });
  tellOtherTabs();
}

export async function giveCode(kind: 'totp' | 'recovery', code: string, isFresh: boolean): Promise<void> {
  const fresh: FreshRequest = { totp: code };
  const first: CodeRequest = { code };
  if (isFresh) return call('POST', '/fresh', { body: fresh });
  await call('POST', `/sign-in/${kind}`, { body: first });
  tellOtherTabs();
}

/** Asks the browser for the passkey, and gives its answer to the server. */
export async function givePasskey(isFresh: boolean): Promise<void> {
  const { startAuthentication } = await import('@simplewebauthn/browser');
  const base = isFresh ? '/fresh' : '/sign-in';
  const optionsJSON = await call<Parameters<typeof startAuthentication>[0]['optionsJSON']>(
    'POST',
    `${base}/passkey/options`,
    { body: {} },
  );
  let passkey: object;
  try {
    passkey = await startAuthentication({ optionsJSON });
  } catch (error) {
    throw new PasskeyRefused('the passkey was not used', { cause: error });
  }
  const fresh: FreshRequest = { passkey };
  if (isFresh) return call('POST', '/fresh', { body: fresh });
  await call('POST', '/sign-in/passkey', { body: { response: passkey } });
  tellOtherTabs();
}

/** Makes a new passkey for the account. */
export async function addPasskey(): Promise<FactorAddedAnswer> {
  const { startRegistration } = await import('@simplewebauthn/browser');
  const optionsJSON = await call<Parameters<typeof startRegistration>[0]['optionsJSON']>(
    'POST',
    '/factors/passkey/options',
    { body: {} },
  );
  let response: object;
  try {
    response = await startRegistration({ optionsJSON });
  } catch (error) {
    throw new PasskeyRefused('the passkey was not made', { cause: error });
  }
  return tellAdded(call('POST', '/factors/passkey', { body: { response } }));
}

export function beginTotp(): Promise<NewTotpAnswer> {
  return call('POST', '/factors/totp', { body: {} });
}

export function confirmTotp(code: string): Promise<FactorAddedAnswer> {
  const body: CodeRequest = { code };
  return tellAdded(call('POST', '/factors/totp/confirm', { body }));
}

/** The first factor of an account opens its session. */
async function tellAdded(added: Promise<FactorAddedAnswer>): Promise<FactorAddedAnswer> {
  const answer = await added;
  tellOtherTabs();
  return answer;
}

export function readFactors(): Promise<FactorsAnswer> {
  return call('GET', '/factors');
}

/** The factors of the account that make a session fresh, the best first. */
export async function freshKinds(): Promise<readonly FactorKind[]> {
  const { hasTotp, passkeys } = await readFactors();
  return [...(passkeys.length > 0 ? (['passkey'] as const) : []), ...(hasTotp ? (['totp'] as const) : [])];
}

/** Whether this browser can use passkeys at this address. */
export function hasPasskeys(): boolean {
  return window.isSecureContext && typeof window.PublicKeyCredential === 'function';
}

/** Whether a text is a code as the app shows it. */
export function isTotpCode(code: string): boolean {
  return /^\d{6}$/.test(code.replaceAll(' ', ''));
}
