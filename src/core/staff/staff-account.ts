/**
 * Staff accounts: the people who work in the console of one organization. They are no users, and their roles stand apart from
 * the roles of users. An organization keeps at least one owner.
 */
import type { StaffRole } from '../access/principal.ts';
import type { OrgKey } from '../ids.ts';
import { dayMs } from '../time.ts';

export interface StaffAccount {
  readonly orgKey: OrgKey;
  /** `stf_` and 32 hex digits. */
  readonly id: string;
  /** As it was typed; unique in the organization, in the form in which addresses are compared. */
  readonly email: string;
  readonly name: string;
  readonly role: StaffRole;
  /** Null until a one-time link was used. */
  readonly passwordHash: string | null;
  /** The secret of the TOTP, sealed; null without one. */
  readonly sealedTotp: string | null;
  readonly createdAt: number;
  /** When a second factor was set up; null before. */
  readonly enrolledAt: number | null;
}

/** What an update changes. */
export type StaffChanges = Partial<
  Pick<StaffAccount, 'email' | 'role' | 'name' | 'passwordHash' | 'sealedTotp' | 'enrolledAt'>
>;

export interface StaffLink {
  readonly staffId: string;
  readonly expiresAt: number;
}

export interface Passkey {
  /** `pky_` and 32 hex digits. */
  readonly id: string;
  readonly staffId: string;
  /** Base64url. */
  readonly credentialId: string;
  /** COSE, in base64url. */
  readonly publicKey: string;
  /** How often the authenticator says that it has signed. */
  readonly signs: number;
  readonly transports: readonly string[];
  /** What its owner calls it. */
  readonly name: string;
  /** Whether the owner's devices share it. */
  readonly isSynced: boolean;
  readonly createdAt: number;
  readonly usedAt: number | null;
}

/** The staff accounts of one organization. */
export interface StaffStore {
  /** Refuses with `email_taken`. */
  insert(account: Omit<StaffAccount, 'orgKey'>): Promise<StaffAccount>;
  find(staffId: string): Promise<StaffAccount | null>;
  /** As `find`; no other change of the account runs until the transaction ends. */
  lock(staffId: string): Promise<StaffAccount | null>;
  /** Oldest first. */
  list(): Promise<readonly StaffAccount[]>;
  /** The ids of the owners, which no other change can give away until the transaction ends. */
  lockOwners(): Promise<readonly string[]>;
  /** Refuses with `email_taken`. */
  update(staffId: string, changes: StaffChanges): Promise<void>;
  /** Deletes the account with everything that belongs to it; false where it is gone. */
  remove(staffId: string): Promise<boolean>;
  /** Takes the code of a time step: false where this step or a later one was taken. */
  consumeTotpStep(staffId: string, step: number): Promise<boolean>;
  /** Whether the account has signed in from the network of that digest since then. */
  isKnownNetwork(staffId: string, network: string, since: number): Promise<boolean>;
  noteNetwork(staffId: string, network: string, at: number): Promise<void>;
}

/** What a staff account proves itself with, and its one-time links. */
export interface StaffFactorStore {
  insertPasskey(passkey: Passkey): Promise<void>;
  /** Oldest first. */
  listPasskeys(staffId: string): Promise<readonly Passkey[]>;
  notePasskey(passkeyId: string, use: { readonly signs: number; readonly at: number }): Promise<void>;
  /** False where the account has no such passkey. */
  removePasskey(staffId: string, passkeyId: string): Promise<boolean>;
  /** Replaces the recovery codes of the account. */
  replaceCodes(staffId: string, digests: readonly string[]): Promise<void>;
  /** Takes a recovery code: true once. */
  consumeCode(staffId: string, digest: string): Promise<boolean>;
  countCodes(staffId: string): Promise<number>;
  /** Adds a link; the former ones of the account are deleted. */
  replaceLink(link: StaffLink, digest: string): Promise<void>;
  findLink(digest: string): Promise<StaffLink | null>;
  /** Takes the link: true once. Its end stays, for `findUsedLink`. */
  consumeLink(digest: string): Promise<boolean>;
  /** The link that the account has used last; null where another one was made since, and some time after its end. */
  findUsedLink(staffId: string): Promise<StaffLink | null>;
  /** Deletes every factor of the account: passkeys, recovery codes and the TOTP. */
  dropAll(staffId: string): Promise<void>;
}

/** The staff accounts of all organizations. */
export interface StaffDirectory {
  /** The accounts with that address, oldest first. An address may work for several organizations. */
  listByEmail(email: string): Promise<readonly StaffAccount[]>;
  find(staffId: string): Promise<StaffAccount | null>;
  isAnyThere(): Promise<boolean>;
  list(): Promise<readonly StaffAccount[]>;
}

/** How long a one-time link is valid, and how long an account without a factor may set one up after it was used. */
export const staffLinkLifeMs = 7 * dayMs;

/** The context that the sealed secret of a TOTP is bound to. */
export function totpContext({ orgKey, id }: Pick<StaffAccount, 'orgKey' | 'id'>): string {
  return `totp ${orgKey} ${id}`;
}
