/** Organizations and their apps: the tenancy that everything else hangs on. */
import type { OrgKey } from '../ids.ts';

/** The "account" of an API key. Nothing of one organization is ever told to another. */
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
  /** Whether strangers may register through the consumer API. */
  readonly isSignupOpen: boolean;
  /** Web origins whose pages may show the Connect page in a frame. */
  readonly origins: readonly string[];
  readonly createdAt: number;
}

export interface OrganizationStore {
  /** Adds an organization under a fresh key. */
  insert(organization: Omit<Organization, 'key'>): Promise<Organization>;
  findById(id: string): Promise<Organization | null>;
  /** Oldest first. */
  list(): Promise<readonly Organization[]>;
}

/** Apps, looked up before a tenant is known. */
export interface AppDirectory {
  find(appId: string): Promise<App | null>;
  findByKeyDigest(keyDigest: string): Promise<App | null>;
  /** The app with the digest of its client secret, null for one that was made without. */
  findWithSecret(appId: string): Promise<{ readonly app: App; readonly secretDigest: string | null } | null>;
  /** The very first app of the deployment, or null on an empty one. */
  findFirst(): Promise<App | null>;
  list(): Promise<readonly App[]>;
}

/** The apps of one organization. */
export interface AppStore {
  insert(app: Omit<App, 'orgKey'>, digests: AppDigests): Promise<App>;
  find(appId: string): Promise<App | null>;
  /** The organization's first app: where users go for whom nobody named one. */
  getFirst(): Promise<App>;
  /** Its id, which never changes. */
  getFirstId(): Promise<string>;
  /** False where there is no such app. */
  update(appId: string, changes: AppChanges): Promise<boolean>;
}

/** What is kept of an app's secrets. */
export interface AppDigests {
  readonly keyDigest: string;
  readonly secretDigest: string;
}

export type AppChanges = Partial<AppDigests & Pick<App, 'isSignupOpen' | 'origins'>>;
