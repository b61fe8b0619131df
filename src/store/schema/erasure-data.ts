/** The registry of personal data for the tables of erasures; `personal-data.ts` says what it means. */

export const erasureData = {
  erasures: {
    columns: {
      seq: 'plain',
      org_key: 'plain',
      id: 'plain',
      user_digest: 'user',
      requested_at: 'plain',
      requested_by: 'plain',
      door: 'plain',
      state: 'plain',
      removed: 'plain',
      sealed_traces: 'trace',
      due_at: 'plain',
      abandon_reason: 'plain',
      replayed_at: 'plain',
      completed_at: 'plain',
      receipt: 'plain',
      claimed_by: 'plain',
    },
    onErase: {
      do: 'keep',
      why: 'the erasure itself: a digest of the random id, times, counts and the receipt',
    },
  },
  refused_deletions: {
    columns: {
      org_key: 'plain',
      erasure_id: 'plain',
      user_digest: 'user',
      user_number: 'user',
      app_id: 'plain',
      refused_at: 'plain',
    },
    onErase: {
      do: 'keep',
      why: 'a digest of the random id, and the random number, for a day',
      partOf: 'erasures',
    },
  },
  unwritten_receipts: {
    columns: { org_key: 'plain', pass: 'plain', erasure_id: 'plain' },
    onErase: { do: 'keep', why: 'no row is about a person' },
  },
  receipt_keys: {
    columns: {
      org_key: 'plain',
      id: 'plain',
      public_key: 'plain',
      sealed_key: 'plain',
      created_at: 'plain',
      retired_at: 'plain',
    },
    onErase: { do: 'keep', why: 'no row is about a person' },
  },
  erasure_ledgers: {
    columns: { org_key: 'plain', id: 'plain', known_bytes: 'plain', known_code: 'plain' },
    onErase: { do: 'keep', why: 'no row is about a person' },
  },
} as const;
