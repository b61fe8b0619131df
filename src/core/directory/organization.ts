/** Organizations and their apps: every other row belongs to an organization. */
import type { OrgKey } from '../ids.ts';
import type { Logo } from './app-brand.ts';

/** The "account" of an API key. An organization never sees data of another one. */
export interface Organization {
  /** Internal; leads every table. */
  readonly key: OrgKey;
  /** `org_` and 32 hex digits. */
  readonly id: string;
  readonly name: string;
  readonly createdAt: number;
}

/** One application of an organization. Every user belongs to one. */
export interface App {
  readonly orgKey: OrgKey;
  /** 40 hex digits. */
  readonly id: string;
  readonly name: string;
  /** Whether new users may register through the consumer API. */
  readonly isSignupOpen: boolean;
  /** Whether a provider's account that is linked to one user is refused for others. */
  readonly isOneAccount: boolean;
  /** Web origins whose pages may show the Connect page in a frame. */
  readonly origins: readonly string[];
  /** The colour of the app on web pages, such as `#1a2b3c`. */
  readonly colour: string | null;
  /** Stands for the logo, which is read only when it is shown. */
  readonly logoDigest: string | null;
  readonly createdAt: number;
}

export interface OrganizationStore {
  /** Adds an organization under a fresh key. */
  insert(organization: Omit<Organization, 'key'>): Promise<Organization>;
  findById(id: string): Promise<Organization | null>;
  /** The organization with that key, which exists. */
  getByKey(key: OrgKey): Promise<Organization>;
  /** The oldest one; null in an empty directory. */
  findFirst(): Promise<Organization | null>;
  /** False where there is no such organization. */
  rename(id: string, name: string): Promise<boolean>;
  /** Those with these keys, in no order. */
  listByKeys(keys: readonly OrgKey[]): Promise<readonly Organization[]>;
  /** Oldest first. For work that concerns each of them: there may be many thousands. */
  list(): Promise<readonly Organization[]>;
  /** Oldest first, from the one at `offset`, with the number of all. */
  page(
    offset: number,
    size: number,
  ): Promise<{ readonly items: readonly Organization[]; readonly total: number }>;
}

/** The apps of all organizations, for a look-up before the organization is known. */
export interface AppDirectory {
  find(appId: string): Promise<App | null>;
  findByKeyDigest(keyDigest: string): Promise<App | null>;
  /** The app with the digest of its client secret, null for an app that was created without one. */
  findWithSecret(appId: string): Promise<{ readonly app: App; readonly secretDigest: string | null } | null>;
  /** The bytes of the logo with that digest; null where the app has another one or none. */
  findLogo(appId: string, digest: string): Promise<Uint8Array | null>;
  /** The very first app of the deployment, or null on an empty one. */
  findFirst(): Promise<App | null>;
  list(): Promise<readonly App[]>;
}

/** The apps of one organization. */
export interface AppStore {
  insert(app: Omit<App, 'orgKey'>, digests: AppDigests): Promise<App>;
  find(appId: string): Promise<App | null>;
  /** Oldest first. */
  list(): Promise<readonly App[]>;
  /** The names of an app that exists, and of its organization. */
  getNames(appId: string): Promise<AppNames>;
  /** The organization's first app: the app of users whose creator names none. */
  getFirst(): Promise<App>;
  /** The id of the first app, which never changes. */
  getFirstId(): Promise<string>;
  /** False where there is no such app. */
  update(appId: string, changes: AppChanges): Promise<boolean>;
}

export interface AppNames {
  readonly app: string;
  readonly organization: string;
}

/** The stored digests of an app's secrets. */
export interface AppDigests {
  readonly keyDigest: string;
  readonly secretDigest: string;
}

export type AppChanges = Partial<
  AppDigests &
    Pick<App, 'name' | 'isSignupOpen' | 'isOneAccount' | 'origins' | 'colour'> & {
      readonly logo: Logo | null;
    }
>;
