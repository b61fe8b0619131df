/**
 * `Core` is the first argument of every operation: the ports, the clock, the policy. `app/open-directory.ts` builds it
 * once.
 */

import type { HumanityCheck } from './access/humanity-check.ts';
import type { RunningRequests } from './access/idempotency-store.ts';
import type { CommonPasswordCheck, PasswordHasher } from './access/password.ts';
import type { PasswordChanges } from './access/password-changes.ts';
import type { SignInGate } from './access/sign-in-gate.ts';
import type { Quota } from './access/throttle.ts';
import type { ErasureLedger } from './erasure/ledger.ts';
import type { PublicKeyFile } from './erasure/receipt-key-store.ts';
import type { RefusedDeletions } from './erasure/refused-deletion-store.ts';
import type { Remains } from './erasure/remains.ts';
import type { ShedRequests } from './figures/shed-requests.ts';
import type { KeyUses } from './keys/key-uses.ts';
import type { MessageLimits } from './messaging/budget-store.ts';
import type { MessageComposer } from './messaging/compose.ts';
import type { Channel } from './messaging/message.ts';
import type { SmsRules } from './messaging/sms-rules.ts';
import type { ProviderDirectory } from './providers/provider.ts';
import type { AuditTally } from './record/tally.ts';
import type { SecretBox } from './secret.ts';
import type { StaffFactorChecks } from './staff/factor-check.ts';
import type { StaffLimits } from './staff/staff-limits.ts';
import type { Clock } from './time.ts';
import type { UnitOfWork } from './unit-of-work.ts';

export interface Core {
  readonly work: UnitOfWork;
  readonly clock: Clock;
  readonly secrets: SecretBox;
  readonly hasher: PasswordHasher;
  readonly composer: MessageComposer;
  /** What text messages may cost; null with the development outbox, which takes every text. */
  readonly sms: SmsRules | null;
  /** Whether a password is on a list of common or breached ones, or a simple change of a common one. */
  readonly isCommonPassword: CommonPasswordCheck;
  readonly policy: Policy;
  /** Asks strangers for a proof of humanity; null where the deployment asks for none. */
  readonly humanity: HumanityCheck | null;
  /** Checks the second factors of staff accounts. */
  readonly staffFactors: StaffFactorChecks;
  /** The providers of device data that are switched on. */
  readonly providers: ProviderDirectory;
  /** The accepted erasures, in a file outside the database. */
  readonly ledger: ErasureLedger;
  /** The deletions that this process had to refuse after their commit. */
  readonly refused: RefusedDeletions;
  /** The public keys of receipts, in a file outside the database. */
  readonly publicKeys: PublicKeyFile;
  /** The database's files, as erasures look into them. */
  readonly remains: Remains;
  /** The idempotent requests that run in this process now. */
  readonly running: RunningRequests;
  /** Bounds the password checks of each account in this process. */
  readonly signInGate: SignInGate;
  /** Admits one change of a password an account at a time in this process. */
  readonly passwordChanges: PasswordChanges;
  /** What this process counts for the audit log. */
  readonly tally: AuditTally;
  /** The requests that this process refused unread. */
  readonly shed: ShedRequests;
  /** The keys that were used in this process in the present hour. */
  readonly keyUses: KeyUses;
  /**
   * Whether the sender of email is known to deliver to local parts outside ASCII (SMTPUTF8, RFC 6531). New addresses of
   * this kind are refused otherwise.
   */
  readonly takesUnicodeAddresses: () => boolean;
  /** The public address of the deployment, as receipts name it. */
  readonly issuer: () => string;
}

/** Decisions of a deployment. */
export interface Policy {
  /** Production refuses features that are only for development, such as public template users. */
  readonly isProduction: boolean;
  /** The app of sign-ups without `X-App-Id`; null: the deployment's first app. */
  readonly signupAppId: string | null;
  /** False: `email_has_account` always answers no. */
  readonly tellsAccounts: boolean;
  /** How often one network may call, by group of routes; the HTTP layer uses it too. */
  readonly networkQuotas: Readonly<Record<NetworkBucket, Quota>>;
  /** How many times as often the wider networks around it may call. */
  readonly networkFactors: NetworkFactors;
  /** How many wrong passwords an account takes from all networks together that it does not know. */
  readonly guessQuota: Quota;
  /** The channels whose messages are kept in the development outbox instead of sent. */
  readonly outboxChannels: readonly Channel[];
  /** How many messages may be sent. */
  readonly messageLimits: MessageLimits;
  /** How much an account may do to itself; see `record/own-acts.ts`. */
  readonly ownActQuotas: readonly Quota[];
  /** How much one staff account may do in an hour. */
  readonly staffLimits: StaffLimits;
  /** How long audit events are kept, in milliseconds. */
  readonly auditMs: number;
}

export type NetworkFactors = Readonly<Record<'/24' | '/56' | '/48', number>>;

/** The groups of routes with a limit by network. `page` is that of all others that need no credential. */
export type NetworkBucket =
  | 'signup'
  | 'session'
  | 'confirmation'
  | 'password'
  | 'emailCheck'
  | 'connect'
  | 'page';
