/**
 * The ledger of accepted erasures. It lies outside the database, is only ever added to, and survives the database
 * being replaced by a copy of former times: what it knows and the copy does not is done again before anything is
 * answered. It holds bare ids, times, and receipts; nothing of a person.
 */
import type { Door, Principal } from '../access/principal.ts';
import type { OrgKey, UserId } from '../ids.ts';

/** An erasure that was accepted. Nobody is told that a user is deleted before this is on disk. */
export interface AcceptedErasure {
  readonly orgKey: OrgKey;
  readonly id: string;
  readonly userId: UserId;
  readonly requestedAt: number;
  readonly requestedBy: Principal['kind'];
  readonly door: Door;
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
  | { readonly kind: 'completed'; readonly erasure: CompletedErasure };

/** A part of the ledger that was read. */
export interface LedgerPiece {
  readonly lines: readonly LedgerLine[];
  /** Where to read on, in bytes from the beginning. */
  readonly end: number;
}

/** How far each ledger is known in the database: every erasure before that place is a row there. */
export interface LedgerPlaceStore {
  /** In bytes from the beginning of the ledger; null where the database never met it. */
  find(ledgerId: string): Promise<number | null>;
  put(ledgerId: string, knownBytes: number): Promise<void>;
}

export interface ErasureLedger {
  /** Names this ledger among those of other folders; null where this process keeps none. */
  readonly id: string | null;
  /** Adds lines; resolves when they are on disk. Refuses with `unavailable` where they cannot be written. */
  append(lines: readonly LedgerLine[]): Promise<void>;
  /** How long it is now, in bytes. */
  length(): Promise<number>;
  /** The lines after that place, in pieces, to the end that the ledger has now. */
  read(from: number): AsyncIterable<LedgerPiece>;
}
