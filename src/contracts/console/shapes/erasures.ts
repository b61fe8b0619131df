/** Erasures and their receipts, as the server writes and the pages read them. Times are ISO 8601 in UTC. */
import type { ListAnswer } from './list.ts';

export type ErasureStateName = 'running' | 'overdue' | 'complete';

export interface ErasureItem {
  /** `era_` and 32 hex digits. */
  readonly id: string;
  readonly state: ErasureStateName;
  readonly requestedAt: string;
  /** The kind of caller, such as `api_key`. */
  readonly requestedBy: string;
  /** The API, or `cli`. */
  readonly door: string;
  /** When it is overdue, unless it is complete by then. */
  readonly dueBy: string;
  readonly completedAt: string | null;
  /** SHA-256 of the user id's 32 hex digits, in hex. */
  readonly userIdSha256: string;
}

/** The answer to `GET /erasures`. */
export interface ErasuresAnswer extends ListAnswer<ErasureItem> {
  /** All erasures that the reference names, by state. */
  readonly counts: Readonly<Record<ErasureStateName, number>>;
}

export interface ErasureProvider {
  readonly provider: string;
  readonly state: 'pending' | 'confirmed' | 'overdue' | 'abandoned';
  /** The last answer as a short code; null where there was none. */
  readonly outcome: string | null;
  readonly attempts: number;
  readonly since: string;
  readonly endedAt: string | null;
}

/** The answer to `GET /erasures/{erasureId}`. */
export interface ErasureAnswer extends ErasureItem {
  /** Removed rows by table. */
  readonly removed: Readonly<Record<string, number>>;
  readonly providers: readonly ErasureProvider[];
  readonly abandonedBecause: string | null;
  readonly replayedAt: string | null;
  /** A compact JWS; null until complete. */
  readonly receipt: string | null;
}

/** The answer to `POST /receipts/verify`. */
export interface ReceiptCheckAnswer {
  readonly isValid: boolean;
  /** Why not: `malformed`, `unknown_key` or `bad_signature`; null where it is valid. */
  readonly reason: 'malformed' | 'unknown_key' | 'bad_signature' | null;
  /** The key that has signed it; null where it is not valid. */
  readonly kid: string | null;
  /** What it says; null where it is not valid. */
  readonly claims: Readonly<Record<string, unknown>> | null;
}
