/**
 * The ports of second factors. `gateways/staff-factors.ts` implements them. They know no account and no database: what was
 * used before is the business of the operations that call them.
 */

/** The site for which a passkey is made: WebAuthn binds it to the host. */
export interface PasskeySite {
  /** The host, such as `roster.example.com`. */
  readonly host: string;
  /** The origin of the pages, such as `https://roster.example.com`. */
  readonly origin: string;
}

/** Options as the browser takes them, in JSON (WebAuthn level 3, section 5.1.8), and the challenge in them. */
export interface PasskeyOptions {
  readonly options: Readonly<Record<string, unknown>>;
  readonly challenge: string;
}

export interface NewPasskey {
  /** Base64url. */
  readonly credentialId: string;
  /** COSE, in base64url. */
  readonly publicKey: string;
  readonly signs: number;
  readonly transports: readonly string[];
  readonly isSynced: boolean;
}

export interface PasskeyCheck {
  creationOptions(
    site: PasskeySite,
    user: {
      readonly id: string;
      readonly email: string;
      readonly name: string;
      readonly known: readonly string[];
    },
  ): Promise<PasskeyOptions>;
  /** The new passkey; null where the answer of the browser is wrong, or its user was not verified. */
  readCreation(site: PasskeySite, challenge: string, response: unknown): Promise<NewPasskey | null>;
  requestOptions(
    site: PasskeySite,
    passkeys: readonly Pick<NewPasskey, 'credentialId' | 'transports'>[],
  ): Promise<PasskeyOptions>;
  /** How often the passkey has signed; null where the answer of the browser is wrong, or its user was not verified. */
  readRequest(
    site: PasskeySite,
    challenge: string,
    given: { readonly passkey: NewPasskey; readonly response: unknown },
  ): Promise<number | null>;
}

/** Time-based codes (RFC 6238): SHA-1, six digits, 30 seconds, as every app for codes takes them. */
export interface TotpCheck {
  /** A new secret in base32, 160 bits. */
  newSecret(): Promise<string>;
  /** The address by which an app takes the secret. */
  addressOf(secret: string, names: { readonly issuer: string; readonly account: string }): Promise<string>;
  /** The time step of the code, at most one step beside the present one; null for a wrong code. */
  stepOf(secret: string, code: string, now: number): Promise<number | null>;
}

export interface StaffFactorChecks {
  readonly passkeys: PasskeyCheck;
  readonly totp: TotpCheck;
}

/** The challenge that an answer of a browser is about; null where the answer has none. */
export function challengeIn(response: unknown): string | null {
  const data = memberOf(memberOf(response, 'response'), 'clientDataJSON');
  if (typeof data !== 'string' || data.length > clientDataCharactersMax) return null;
  try {
    const challenge = memberOf(JSON.parse(Buffer.from(data, 'base64url').toString('utf8')), 'challenge');
    return typeof challenge === 'string' && challenge !== '' ? challenge : null;
  } catch {
    return null;
  }
}

/** The id of the passkey that an answer of a browser is about; null where the answer has none. */
export function credentialIn(response: unknown): string | null {
  const id = memberOf(response, 'id');
  return typeof id === 'string' ? id : null;
}

const clientDataCharactersMax = 4_096;

function memberOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? Reflect.get(value, name)
    : undefined;
}
