/** The calls of sign-in and of the second factor, and the passkeys of the browser. */
import { call } from '../api.ts';

export type SecondFactor = 'totp' | 'passkey' | 'recovery';

/** What comes after the password. */
export interface SignInAnswer {
  readonly next: 'totp' | 'passkey' | 'enrol';
  /** The factors that the account has. */
  readonly factors: readonly SecondFactor[];
}

/** The person, or the browser, did not use the passkey. */
export class PasskeyRefused extends Error {
  override readonly name = 'PasskeyRefused';
}

export function signIn(email: string, password: string): Promise<SignInAnswer> {
  return call('POST', '/sign-in', { body: { email, password } });
}

export async function giveCode(kind: 'totp' | 'recovery', code: string, isFresh: boolean): Promise<void> {
  if (isFresh) await call('POST', '/fresh', { body: { totp: code } });
  else await call('POST', `/sign-in/${kind}`, { body: { code } });
}

/** Asks the browser for the passkey, and gives its answer to the server. */
export async function givePasskey(isFresh: boolean): Promise<void> {
  const { startAuthentication } = await import('@simplewebauthn/browser');
  const base = isFresh ? '/fresh/passkey' : '/sign-in/passkey';
  const optionsJSON = await call<Parameters<typeof startAuthentication>[0]['optionsJSON']>(
    'POST',
    `${base}/options`,
    {
      body: {},
    },
  );
  let response: Awaited<ReturnType<typeof startAuthentication>>;
  try {
    response = await startAuthentication({ optionsJSON });
  } catch (error) {
    throw new PasskeyRefused('the passkey was not used', { cause: error });
  }
  await call('POST', isFresh ? '/fresh' : base, { body: isFresh ? { passkey: response } : { response } });
}

/** Makes a new passkey for the account. */
export async function addPasskey(): Promise<void> {
  const { startRegistration } = await import('@simplewebauthn/browser');
  const optionsJSON = await call<Parameters<typeof startRegistration>[0]['optionsJSON']>(
    'POST',
    '/factors/passkey/options',
    { body: {} },
  );
  let response: Awaited<ReturnType<typeof startRegistration>>;
  try {
    response = await startRegistration({ optionsJSON });
  } catch (error) {
    throw new PasskeyRefused('the passkey was not made', { cause: error });
  }
  await call('POST', '/factors/passkey', { body: { response } });
}

/** Whether this browser can use passkeys at this address. */
export function hasPasskeys(): boolean {
  return window.isSecureContext && typeof window.PublicKeyCredential === 'function';
}
