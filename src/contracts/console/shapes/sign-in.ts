/** Sign-in, second factors and enrolment, as the server writes and the pages read them. Times are ISO 8601 in UTC. */

export type FactorKind = 'totp' | 'passkey' | 'recovery';

/** The body of `POST /sign-in`. */
export interface SignInRequest {
  readonly email: string;
  readonly password: string;
  /** The id of an organization, for an address that works for several. */
  readonly organization?: string;
}

/** The answer to `POST /sign-in`; its cookie is good for the second step alone. */
export interface SignInAnswer {
  /** `enrol`: the account has no second factor yet, and must set one up at `/factors` first. */
  readonly next: 'totp' | 'passkey' | 'enrol';
  /** What the account may give; empty where it must set one up. */
  readonly factors: readonly FactorKind[];
}

/** The body of `POST /sign-in/totp`, `/sign-in/recovery` and `/factors/totp/confirm`. */
export interface CodeRequest {
  readonly code: string;
}

/** The body of `POST /sign-in/passkey`: what `startAuthentication` of `@simplewebauthn/browser` returns. */
export interface PasskeyRequest {
  readonly response: object;
}

/** The body of `POST /fresh`: one of the two. */
export interface FreshRequest {
  readonly totp?: string;
  readonly passkey?: object;
}

/** The answer to a second factor that was taken, also to `POST /fresh`. */
export interface FactorAnswer {
  readonly freshUntil: string;
}

/** The body of `POST /enrol`: the token is what stands behind `#` in the address of the link. */
export interface EnrolRequest {
  readonly token: string;
  readonly password: string;
}

/** The answer to `POST /enrol`; its cookie is good for setting up a factor alone. */
export interface EnrolAnswer {
  readonly next: 'enrol';
  readonly staff: { readonly email: string; readonly name: string; readonly role: string };
}

/** The answer to `POST /factors/totp`. */
export interface NewTotpAnswer {
  /** In base32, for typing. */
  readonly secret: string;
  /** An address for apps, `otpauth://totp/…`. */
  readonly address: string;
}

/** The body of `POST /factors/passkey`: what `startRegistration` of `@simplewebauthn/browser` returns. */
export interface NewPasskeyRequest {
  readonly response: object;
  readonly name?: string;
}

/** The answer to `POST /factors/totp/confirm` and `POST /factors/passkey`. */
export interface FactorAddedAnswer {
  /** Shown now and never again; null where the account had a factor before. The first factor also signs in. */
  readonly recoveryCodes: readonly string[] | null;
}

/** The answer to `POST /factors/recovery-codes`. */
export interface RecoveryCodesAnswer {
  readonly recoveryCodes: readonly string[];
}

/** The answer to `GET /factors`. */
export interface FactorsAnswer {
  readonly hasTotp: boolean;
  readonly passkeys: readonly {
    /** `pky_` and 32 hex digits. */
    readonly id: string;
    readonly name: string;
    /** Whether the devices of its owner share it. */
    readonly isSynced: boolean;
    readonly createdAt: string;
    readonly usedAt: string | null;
  }[];
  readonly recoveryCodesLeft: number;
}
