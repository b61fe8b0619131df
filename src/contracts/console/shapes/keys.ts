/** API keys, apps and providers, as the server writes and the pages read them. Times are ISO 8601 in UTC. */

export type KeyRoleName = 'admin' | 'member' | 'reader';

export interface KeyItem {
  /** `key_` and 32 hex digits. */
  readonly id: string;
  readonly name: string | null;
  readonly role: KeyRoleName;
  readonly state: 'active' | 'expired' | 'revoked';
  readonly createdAt: string;
  readonly expiresAt: string | null;
  readonly revokedAt: string | null;
  /** The hour of the last use, by its first instant; null where it was never used. */
  readonly usedAt: string | null;
  /** The /24 or the /48 of that use. */
  readonly network: string | null;
  /** Until when the key works that the last rotation has replaced; null where it does not. */
  readonly formerUntil: string | null;
  /** The hour of the last use of that key. */
  readonly formerUsedAt: string | null;
}

/** The answer to `GET /keys`. */
export interface KeysAnswer {
  readonly items: readonly KeyItem[];
}

/** The body of `POST /keys`. */
export interface NewKeyBody {
  readonly name: string;
  readonly role: KeyRoleName;
  /** Null: it does not expire. */
  readonly expiresAt: string | null;
}

/** The body of `PATCH /keys/{keyId}`; an absent member stays. */
export interface KeyChangesBody {
  readonly name?: string;
  readonly expiresAt?: string | null;
}

/** The body of `POST /keys/{keyId}/rotate`. */
export interface RotationBody {
  /** How many hours the old key still works: 0, not at all, to 168. */
  readonly formerHours: number;
}

/** A new secret in plain text. No other answer shows it. */
export interface IssuedKeyAnswer {
  readonly key: KeyItem;
  readonly secret: string;
}

export interface AppItem {
  /** 40 hex digits. */
  readonly id: string;
  readonly name: string;
  readonly isSignupOpen: boolean;
  /** Whether a provider's account that is linked to one user is refused for others. */
  readonly isOneAccount: boolean;
  /** Web origins whose pages may show the Connect page in a frame. */
  readonly origins: readonly string[];
  /** Such as `#1a2b3c`. */
  readonly colour: string | null;
  /** The path of the logo. */
  readonly logoPath: string | null;
  readonly createdAt: string;
}

/** A provider of the deployment. Settings switch it on, for all apps. */
export interface ProviderItem {
  readonly name: string;
  readonly title: string;
}

/** The answer to `GET /apps`. */
export interface AppsAnswer {
  readonly items: readonly AppItem[];
  readonly providers: readonly ProviderItem[];
}

/** The body of `PATCH /apps/{appId}`; an absent member stays, and null removes a colour or a logo. */
export interface AppChangesBody {
  readonly name?: string;
  readonly isSignupOpen?: boolean;
  readonly isOneAccount?: boolean;
  readonly origins?: readonly string[];
  readonly colour?: string | null;
  /** The bytes of a PNG, JPEG or WebP picture in Base64, at most 64 KiB. */
  readonly logo?: string | null;
}

/** The answer to `POST /apps`. */
export interface IssuedAppAnswer {
  readonly app: AppItem;
  readonly appKey: string;
  readonly clientSecret: string;
}

/** The body of `POST /apps/{appId}/rotate`. */
export interface AppRotationBody {
  readonly secret: 'app_key' | 'client_secret';
}

/** The answer to it. */
export interface AppSecretAnswer {
  readonly app: AppItem;
  readonly secret: string;
}

/** The answer to `POST /apps/{appId}/try-connect`: a page that is open for a trial person for an hour. */
export interface TryConnectAnswer {
  /** The path of the Connect page with its token. */
  readonly path: string;
  /** The person whom the trial makes, `usr_` and 32 hex digits. */
  readonly userId: string;
  readonly expiresInSeconds: number;
}
