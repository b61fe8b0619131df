/** The tables of erasures, as queries see them; see `tables.ts`. */
import type { Generated } from 'kysely';
import type { Erasure, ErasureState } from '../../core/erasure/erasure.ts';

export interface ErasureTables {
  erasures: {
    seq: Generated<number>;
    org_key: number;
    id: string;
    user_digest: string;
    requested_at: number;
    requested_by: Erasure['requestedBy'];
    door: string;
    state: ErasureState;
    /** JSON: rows by table. */
    removed: string;
    sealed_traces: string | null;
    due_at: number;
    abandon_reason: string | null;
    replayed_at: number | null;
    completed_at: number | null;
    receipt: string | null;
    /** As in `revocations`. */
    claimed_by: number | null;
  };
  /** Deletions that were refused after their commit. */
  refused_deletions: {
    org_key: number;
    erasure_id: string;
    user_digest: string;
    user_number: number;
    app_id: string;
    refused_at: number;
  };
  /** Complete erasures whose line is not in the ledger yet, by the pass that completed them. */
  unwritten_receipts: {
    org_key: number;
    pass: string;
    erasure_id: string;
  };
  receipt_keys: {
    org_key: number;
    /** The thumbprint of the public key, which receipts name it by. */
    id: string;
    public_key: string;
    /** Null once it signs no more. */
    sealed_key: string | null;
    created_at: number;
    retired_at: number | null;
  };
  erasure_ledgers: {
    org_key: number;
    id: string;
    /** Every line before that position is known in the database. */
    known_bytes: number;
    /** The authentication code of the line before it; null where that line is from before lines had codes. */
    known_code: string | null;
  };
}
