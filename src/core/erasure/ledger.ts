/**
 * The ledger of accepted erasures. It lies outside the database, is only ever added to, and survives the database
 * being replaced by a copy of former times: what it knows and the copy does not is done again before anything is
 * answered. It holds bare ids, times, and receipts; nothing of a person.
 *
 * What a provider gave and has not confirmed to have ended cannot stand in what is never taken away from. It lies
 * beside the ledger, sealed, from the acceptance until the provider confirms.
 */
import type { Door, Principal } from '../access/principal.ts';
import type { OrgKey, UserId } from '../ids.ts';
import type { Revocation } from '../providers/revocation.ts';

/** An erasure that was accepted. Nobody is told that a user is deleted before this is on disk. */
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

/** The end of one. */
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

/** A part of the ledger that was read. */
export interface LedgerPiece {
  readonly lines: readonly LedgerLine[];
  /** Where to read on, in bytes from the beginning. */
  readonly end: number;
}

/** How far each ledger is known in the database: every erasure before that position is a row there. */
export interface LedgerPositionStore {
  /** In bytes from the beginning of the ledger; null where the database never met it. */
  find(ledgerId: string): Promise<number | null>;
  put(ledgerId: string, knownBytes: number): Promise<void>;
}

/** A grant of an open erasure as it lies beside the ledger. */
export interface OpenGrant extends NamedGrant, Pick<Revocation, 'unanswered'> {
  readonly orgKey: OrgKey;
  readonly erasureId: string;
  /** Sealed as in the row of the revocation with the same id. */
  readonly sealedGrant: string;
}

/** What lies beside the ledger. */
export interface OpenGrants {
  /** Adds grants; resolves when they are on disk. One that is there stays. Refuses with `unavailable`. */
  keep(grants: readonly OpenGrant[]): Promise<void>;
  /** Null where it is not there, or cannot be read. */
  find(id: string): Promise<OpenGrant | null>;
  /** Puts the same grant, sealed anew, in the place of one that is still there. */
  replace(grant: OpenGrant): Promise<void>;
  /** The ids of all. */
  list(): Promise<readonly string[]>;
  /** Takes away what is there of these. */
  drop(ids: readonly string[]): Promise<void>;
  /** Takes away what a crash has left half written, which nobody else would find again. */
  sweep(): Promise<void>;
}

export interface ErasureLedger {
  /** Names this ledger among those of other folders; null where this process keeps none. */
  readonly id: string | null;
  /** Adds lines; resolves when they are on disk. Refuses with `unavailable` where they cannot be written. */
  append(lines: readonly LedgerLine[]): Promise<void>;
  /** Whether this process has written or read that the erasure was accepted; false where it does not know. */
  hasAccepted(erasureId: string): boolean;
  /** How long it is now, in bytes. */
  length(): Promise<number>;
  /** The lines after that place, in pieces, to the end that the ledger has now. */
  read(from: number): AsyncIterable<LedgerPiece>;
  readonly grants: OpenGrants;
}
