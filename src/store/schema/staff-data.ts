/** The registry of personal data for the tables of staff accounts; `personal-data.ts` says what it means. */

/** An erasure of a user touches no staff account: removing the account deletes its rows (`core/staff/manage-staff.ts`). */
const kept = { do: 'keep', why: 'a staff account is no user' } as const;

export const staffData = {
  staff_accounts: {
    columns: {
      org_key: 'plain',
      id: 'staff',
      email: 'staff',
      email_key: 'staff',
      name: 'staff',
      role: 'plain',
      password_hash: 'staff',
      sealed_totp: 'staff',
      totp_step: 'plain',
      created_at: 'plain',
      enrolled_at: 'plain',
    },
    onErase: kept,
  },
  staff_passkeys: {
    columns: {
      org_key: 'plain',
      id: 'plain',
      staff_id: 'staff',
      credential_id: 'staff',
      public_key: 'staff',
      signs: 'plain',
      transports: 'plain',
      name: 'staff',
      is_synced: 'plain',
      created_at: 'plain',
      used_at: 'staff',
    },
    onErase: kept,
  },
  staff_recovery_codes: {
    columns: { org_key: 'plain', staff_id: 'staff', digest: 'plain' },
    onErase: kept,
  },
  staff_links: {
    columns: { org_key: 'plain', digest: 'plain', staff_id: 'staff', expires_at: 'plain' },
    onErase: kept,
  },
  staff_sessions: {
    columns: {
      org_key: 'plain',
      digest: 'plain',
      id: 'plain',
      staff_id: 'staff',
      stage: 'plain',
      network: 'staff',
      started_at: 'staff',
      last_used_at: 'staff',
      expires_at: 'staff',
      factor_at: 'staff',
      challenge_digest: 'plain',
      sealed_totp: 'staff',
    },
    onErase: kept,
  },
  staff_networks: {
    columns: { org_key: 'plain', staff_id: 'staff', network: 'staff', used_at: 'staff' },
    onErase: kept,
  },
} as const;
