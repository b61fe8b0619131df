/** The tables of staff accounts, as queries see them; see `tables.ts`. */
import type { StaffRole } from '../../core/access/principal.ts';
import type { StaffStage } from '../../core/staff/staff-session.ts';
import type { Flag } from './flag.ts';

export interface StaffTables {
  staff_accounts: {
    org_key: number;
    id: string;
    email: string;
    /** The form in which addresses are compared. */
    email_key: string;
    name: string;
    role: StaffRole;
    password_hash: string | null;
    /** The secret of the TOTP, sealed. */
    sealed_totp: string | null;
    /** The time step of the last code that was taken. */
    totp_step: number | null;
    created_at: number;
    enrolled_at: number | null;
  };
  staff_passkeys: {
    org_key: number;
    id: string;
    staff_id: string;
    /** Base64url, as WebAuthn writes it. */
    credential_id: string;
    /** COSE, in base64url. */
    public_key: string;
    /** How often the authenticator says that it has signed. */
    signs: number;
    /** Names of WebAuthn, separated by commas. */
    transports: string;
    name: string;
    is_synced: Flag;
    created_at: number;
    used_at: number | null;
  };
  staff_recovery_codes: {
    org_key: number;
    staff_id: string;
    digest: string;
  };
  staff_links: {
    org_key: number;
    digest: string;
    staff_id: string;
    expires_at: number;
  };
  staff_sessions: {
    org_key: number;
    digest: string;
    id: string;
    staff_id: string;
    stage: StaffStage;
    network: string;
    started_at: number;
    last_used_at: number;
    /** When it ends without another use. */
    expires_at: number;
    /** When a second factor was given last. */
    factor_at: number | null;
    /** Of the WebAuthn challenge that waits for its answer. */
    challenge_digest: string | null;
    /** The secret of a TOTP that is not confirmed yet, sealed. */
    sealed_totp: string | null;
  };
  staff_networks: {
    org_key: number;
    staff_id: string;
    /** A keyed digest. */
    network: string;
    used_at: number;
  };
}
