/**
 * Checks the second factors of staff: passkeys by `@simplewebauthn/server`, codes by `otpauth`. Both packages are loaded at the
 * first use, so that a start does not wait for them. User verification is demanded: a passkey alone is two factors then, and a
 * found security key is none.
 */
import type { PasskeyCheck, PasskeySite, StaffFactorChecks, TotpCheck } from '../core/staff/factor-check.ts';

const siteName = 'Roster';
const timeoutMs = 5 * 60_000;
/** EdDSA, ES256 and RS256 (COSE), which all authenticators have between them. */
const supportedAlgorithmIDs = [-8, -7, -257];
const secretBytes = 20;
const period = 30;

const passkeys: PasskeyCheck = {
  async creationOptions({ host }, { id, email, name, known }) {
    const { generateRegistrationOptions } = await import('@simplewebauthn/server');
    const options = await generateRegistrationOptions({
      ...{ rpName: siteName, rpID: host, userID: new TextEncoder().encode(id), userName: email },
      ...{ userDisplayName: name, timeout: timeoutMs, attestationType: 'none' },
      supportedAlgorithmIDs,
      excludeCredentials: known.map((credentialId) => ({ id: credentialId })),
      authenticatorSelection: { residentKey: 'preferred', userVerification: 'required' },
    });
    return { options: { ...options }, challenge: options.challenge };
  },
  async readCreation(site, challenge, response) {
    const { verifyRegistrationResponse } = await import('@simplewebauthn/server');
    type Given = Parameters<typeof verifyRegistrationResponse>[0]['response'];
    const result = await orNull(() =>
      verifyRegistrationResponse({
        ...{ response: response as Given, supportedAlgorithmIDs },
        ...expected(site, challenge),
      }),
    );
    if (result?.verified !== true) return null;
    const { credential, credentialDeviceType } = result.registrationInfo;
    return {
      credentialId: credential.id,
      publicKey: Buffer.from(credential.publicKey).toString('base64url'),
      signs: credential.counter,
      transports: (credential.transports ?? []).map(String).filter((each) => /^[a-z-]{1,32}$/.test(each)),
      isSynced: credentialDeviceType === 'multiDevice',
    };
  },
  async requestOptions({ host }, known) {
    const { generateAuthenticationOptions } = await import('@simplewebauthn/server');
    const options = await generateAuthenticationOptions({
      ...{ rpID: host, timeout: timeoutMs, userVerification: 'required' },
      allowCredentials: known.map(({ credentialId, transports }) => ({
        id: credentialId,
        transports: [...transports],
      })),
    });
    return { options: { ...options }, challenge: options.challenge };
  },
  async readRequest(site, challenge, { passkey, response }) {
    const { verifyAuthenticationResponse } = await import('@simplewebauthn/server');
    type Given = Parameters<typeof verifyAuthenticationResponse>[0]['response'];
    const result = await orNull(() =>
      verifyAuthenticationResponse({
        response: response as Given,
        ...expected(site, challenge),
        credential: {
          id: passkey.credentialId,
          publicKey: new Uint8Array(Buffer.from(passkey.publicKey, 'base64url')),
          counter: passkey.signs,
        },
      }),
    );
    return result?.verified === true ? result.authenticationInfo.newCounter : null;
  },
};

function expected({ host, origin }: PasskeySite, challenge: string) {
  return {
    ...{ expectedChallenge: challenge, expectedOrigin: origin, expectedRPID: host },
    requireUserVerification: true,
  };
}

/** The package throws for every answer that it does not take. */
async function orNull<T>(check: () => Promise<T>): Promise<T | null> {
  try {
    return await check();
  } catch {
    return null;
  }
}

const totp: TotpCheck = {
  async newSecret() {
    const { Secret } = await import('otpauth');
    return new Secret({ size: secretBytes }).base32;
  },
  async addressOf(secret, { issuer, account }) {
    const { Secret, TOTP } = await import('otpauth');
    return new TOTP({ issuer, label: account, secret: Secret.fromBase32(secret), period }).toString();
  },
  async stepOf(secret, code, now) {
    const { Secret, TOTP } = await import('otpauth');
    if (!/^\d{6}$/.test(code)) return null;
    const from = { token: code, secret: Secret.fromBase32(secret), timestamp: now, window: 1, period };
    const delta = TOTP.validate(from);
    return delta === null ? null : TOTP.counter({ period, timestamp: now }) + delta;
  },
};

export const staffFactorChecks: StaffFactorChecks = { passkeys, totp };
