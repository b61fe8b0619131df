/** What every operation is given: the ports, the clock, the policy. Built once, in `create-app.ts`. */

import type { RunningRequests } from './access/idempotency-store.ts';
import type { PasswordHasher } from './access/password.ts';
import type { SignInGate } from './access/sign-in-gate.ts';
import type { Quota } from './access/throttle.ts';
import type { ErasureLedger } from './erasure/ledger.ts';
import type { PublicKeyFile } from './erasure/receipt-key-store.ts';
import type { Remains } from './erasure/remains.ts';
import type { MessageComposer } from './messaging/compose.ts';
import type { ProviderDirectory } from './providers/provider.ts';
import type { SecretBox } from './secret.ts';
import type { Clock } from './time.ts';
import type { UnitOfWork } from './unit-of-work.ts';

export interface Core {
  readonly work: UnitOfWork;
  readonly clock: Clock;
  readonly secrets: SecretBox;
  readonly hasher: PasswordHasher;
  readonly composer: MessageComposer;
  /** Whether a password is among the 10,000 commonest; compared without case. */
  readonly isCommonPassword: (password: string) => boolean;
  readonly policy: Policy;
  /** The providers of device data that are switched on. */
  readonly providers: ProviderDirectory;
  /** The erasures that were accepted, outside the database. */
  readonly ledger: ErasureLedger;
  /** The public halves of the keys that sign receipts, outside the database. */
  readonly publicKeys: PublicKeyFile;
  /** The database's files, as erasures look into them. */
  readonly remains: Remains;
  /** The idempotent requests that run in this process. */
  readonly running: RunningRequests;
  /** Password checks that run in this process, bounded for each account. */
  readonly signInGate: SignInGate;
}

/** What a deployment decides. */
export interface Policy {
  /** Production refuses what is for development only, such as public template users. */
  readonly isProduction: boolean;
  /** The app that sign-ups without `X-App-Id` go to; null: the deployment's first app. */
  readonly signupAppId: string | null;
  /** Off: `email_has_account` always says no. */
  readonly tellsAccounts: boolean;
  /** How often one network may call, by route group; also used by the HTTP layer. */
  readonly networkQuotas: Readonly<Record<NetworkBucket, Quota>>;
}

export type NetworkBucket = 'signup' | 'session' | 'confirmation' | 'password' | 'emailCheck' | 'connect';
