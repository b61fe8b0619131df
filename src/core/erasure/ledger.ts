/**
 * The ledger of accepted erasures. It is outside the database, lines are only ever added, and it survives a
 * database that is replaced by an older copy: a replay repeats the erasures that the copy does not know, before
 * anything is answered. It has bare ids, times and receipts, and no data of a person.
 *
 * Each line has an authentication code over itself and the line before, under the secret of the deployment. A ledger
 * that was added to, changed, shortened or reordered by another program is refused as a whole.
 *
 * A grant that its provider has not confirmed as ended must be removable later, so it cannot be a line. It is a
 * sealed file beside the ledger, from the acceptance until the provider confirms.
 */
import type { Door, Principal } from '../access/principal.ts';
import type { User } from '../directory/user.ts';
import type { OrgKey, UserId } from '../ids.ts';
import type { Revocation } from '../providers/revocation.ts';

/** An accepted erasure. Its line is on disk before a client gets the answer that the user is deleted. */
export interface AcceptedErasure {
  readonly orgKey: OrgKey;
  readonly id: string;
  readonly userId: UserId;
  readonly requestedAt: number;
  readonly requestedBy: Principal['kind'];
  readonly door: Door;
  /** The grants that it waits for; absent where there are none. */
  readonly grants?: readonly NamedGrant[];
}

/** A grant as the ledger names it: by random ids, and its provider. */
export type NamedGrant = Pick<Revocation, 'id' | 'connectionId' | 'provider'>;

/** The end of a grant that an erasure waited for. */
export interface EndedGrant extends NamedGrant {
  readonly orgKey: OrgKey;
  readonly erasureId: string;
  /** Whether the provider confirmed it, or an operator gave up. */
  readonly state: 'confirmed' | 'abandoned';
  readonly outcome: string | null;
  readonly endedAt: number;
}

/** The end of an erasure. */
export interface CompletedErasure {
  readonly orgKey: OrgKey;
  readonly id: string;
  readonly completedAt: number;
  readonly receipt: string;
}

export type LedgerLine =
  | { readonly kind: 'accepted'; readonly erasure: AcceptedErasure }
  | { readonly kind: 'ended'; readonly grant: EndedGrant }
  | { readonly kind: 'completed'; readonly erasure: CompletedErasure };

export type CompletedLine = Extract<LedgerLine, { kind: 'completed' }>;

/** A position in the ledger: behind a line. */
export interface LedgerHead {
  /** In bytes from the beginning. */
  readonly bytes: number;
  /** The authentication code of the line before; null where the line is from before lines had codes. */
  readonly code: string | null;
}

/** How far each ledger is known in the database: every erasure before that position is a row there. */
export interface LedgerPositionStore {
  /** Null where the database never met the ledger. */
  find(ledgerId: string): Promise<LedgerHead | null>;
  /** Whether the database knows a ledger whose lines have codes. */
  isAnyKnown(): Promise<boolean>;
  /** The ids of all ledgers that the database knows. */
  listIds(): Promise<readonly string[]>;
  /** Knows a ledger no more. */
  forget(ledgerId: string): Promise<void>;
  /** Stores the position, unless a later one is stored. */
  put(ledgerId: string, known: LedgerHead): Promise<void>;
}

/** The ledger is not as Roster wrote it. The message is one line, fit for an operator, without personal data. */
export class LedgerError extends Error {
  override readonly name = 'LedgerError';
}

/** The database knows a ledger, and the folder has another one: the known one was taken away. */
export function otherLedger(): LedgerError {
  return new LedgerError('the erasures.ledger in the data folder is not the one that the database knows');
}

/** A grant of an open erasure, as its file holds it. */
export interface OpenGrant extends NamedGrant, Pick<Revocation, 'unanswered'> {
  readonly orgKey: OrgKey;
  readonly erasureId: string;
  /** Sealed as in the row of the revocation with the same id. */
  readonly sealedGrant: string;
}

/** A begun erasure, with the grants that it waits for. */
export interface BegunErasure extends Omit<AcceptedErasure, 'grants'> {
  readonly grants: readonly OpenGrant[];
  /** How else a caller names the user; null in the job that completes erasures, which has no caller. */
  readonly user: Pick<User, 'number' | 'appId'> | null;
}

/** The files of open grants beside the ledger. */
export interface OpenGrants {
  /** Adds grants; resolves when they are on disk. A grant that is there already stays. Refuses with `unavailable`. */
  keep(grants: readonly OpenGrant[]): Promise<void>;
  /** Null where it is not there, or cannot be read. */
  find(id: string): Promise<OpenGrant | null>;
  /** Replaces a grant that is still there by the same one, resealed. */
  replace(grant: OpenGrant): Promise<void>;
  /** The ids of all. */
  list(): Promise<readonly string[]>;
  /** Removes those of the grants that are there. */
  drop(ids: readonly string[]): Promise<void>;
  /** Removes files that a crash has left half written; nothing else removes them. */
  sweep(): Promise<void>;
}

/** A change needs more room on the disk than there is at the moment. It is tried again once there is enough, or refused. */
export class LackOfRoomError extends Error {
  override readonly name = 'LackOfRoomError';
  readonly bytes: number;

  constructor(bytes: number) {
    super(`no room for ${bytes} bytes`);
    this.bytes = bytes;
  }
}

/** The room on the disk that one change has taken for what the ledger gets after its commit. */
export interface LedgerRoom {
  /** Takes so many bytes in all, before the commit. Throws a `LackOfRoomError`, and waits for nothing. */
  take(bytes: number): void;
  giveBack(): void;
}

export interface ErasureLedger {
  /** Names this ledger among those of other folders; null where this process keeps none. */
  readonly id: string | null;
  /**
   * Verifies the whole ledger, and then yields the lines behind the position that the database knows, in pieces. Lines
   * from before lines had codes are taken over once: where the database knows the ledger by a position without a code.
   * Throws a `LedgerError` before the first piece where the ledger is not as Roster wrote it.
   */
  read(known: LedgerHead | null): AsyncIterable<readonly LedgerLine[]>;
  /** Adds lines; resolves when they are on disk. Refuses with `unavailable` where they cannot be written. */
  append(lines: readonly LedgerLine[]): Promise<void>;
  /** Verifies what was added since, and sees to room. Refuses with `unavailable` where no line can be added. */
  verify(): Promise<void>;
  /** The room of a change, which gives it back once its lines and grants are on disk. */
  room(): LedgerRoom;
  /** Makes room for so many bytes. Refuses with `unavailable` where the disk has none. */
  makeRoom(bytes: number): Promise<void>;
  /**
   * Authenticates all lines under the present secret, so that former secrets can go. False where they are so already.
   * Throws a `LedgerError` where the ledger is not as Roster wrote it.
   */
  checkpoint(): Promise<boolean>;
  /** How far this process has verified the ledger and knows it on disk; null where the database knows that by `noteKnown`. */
  unknownHead(): LedgerHead | null;
  /** Remembers that the database knows this position. */
  noteKnown(known: LedgerHead): void;
  /** Whether this process has written or read that the erasure was accepted; false where it does not know. */
  hasAccepted(erasureId: string): boolean;
  /** Whether this process has read at its start that the erasure was completed; false where it does not know. */
  hasCompleted(erasureId: string): boolean;
  readonly grants: OpenGrants;
}
