/**
 * The tables, as queries see them. Every table leads with the organization; instants are epoch milliseconds,
 * booleans the integers 0 and 1. `personal-data.ts` says for each column what it holds of a person.
 */
import type { Generated } from 'kysely';
import type { KeyRole } from '../../core/access/principal.ts';
import type { ConnectTokenKind } from '../../core/connect-page/connect-token.ts';
import type { DayTotalKind } from '../../core/figures/day-totals.ts';
import type { MessageLane } from '../../core/messaging/lane.ts';
import type { Channel, MessageState, MessageTemplate } from '../../core/messaging/message.ts';
import type { BudgetState, SmsOutcome } from '../../core/messaging/sms-rules.ts';
import type { AttemptOutcome, ConnectionState, ReturnTo } from '../../core/providers/connection.ts';
import type { RevocationState } from '../../core/providers/revocation.ts';
import type { AuditAction, AuditEvent, AuditSubjectKind } from '../../core/record/audit-event.ts';
import type { RejectReason } from '../../core/transfer/import-progress.ts';
import type { EmailTokenPurpose } from '../../core/verification/email-token.ts';
import type { PasswordTokenPurpose } from '../../core/verification/password-token.ts';
import type { ErasureTables } from './erasure-tables.ts';
import type { Flag } from './flag.ts';
import type { PeopleTables } from './people-tables.ts';
import type { SearchTables } from './search-tables.ts';
import type { StaffTables } from './staff-tables.ts';
import type { UserTable } from './user-table.ts';

export interface Database extends SearchTables, ErasureTables, StaffTables, PeopleTables {
  organizations: {
    /** Order of creation. */
    seq: Generated<number>;
    org_key: number;
    id: string;
    name: string;
    created_at: number;
  };
  apps: {
    /** Stands for the public id in the rows of users, and is the order of creation. */
    app_key: Generated<number>;
    org_key: number;
    id: string;
    name: string;
    key_digest: string;
    is_signup_open: Flag;
    is_one_account: Generated<Flag>;
    created_at: number;
    client_secret_digest: string | null;
    /** A JSON array of texts. */
    origins: string;
    /** Six hex digits after a `#`. */
    colour: string | null;
    /** Base64. */
    logo: string | null;
    logo_digest: string | null;
  };
  api_keys: {
    seq: Generated<number>;
    org_key: number;
    id: string;
    role: KeyRole;
    digest: string;
    created_at: number;
    expires_at: number | null;
    revoked_at: number | null;
    name: string | null;
    /** The hour of the last use, by its first instant. */
    used_at: number | null;
    /** The /24 or the /48 of that use. */
    network: string | null;
    /** Of the secret that the last rotation has replaced, while it is still valid. */
    former_digest: string | null;
    former_until: number | null;
    former_used_at: number | null;
  };
  users: UserTable;
  user_counts: {
    org_key: number;
    node: number;
    entries: Uint8Array;
  };
  /** The users whom `roster demo` has made. */
  demo_people: {
    org_key: number;
    user_id: string;
  };
  sessions: {
    org_key: number;
    digest: string;
    id: string;
    user_id: string;
    started_at: number;
    last_used_at: number;
    /** When it ends without another use. */
    expires_at: number;
    /** In a row. */
    wrong_passwords: Generated<number>;
  };
  confirmation_codes: {
    org_key: number;
    user_id: string;
    digest: string;
    expires_at: number;
    tries_left: number;
  };
  password_tokens: {
    org_key: number;
    digest: string;
    user_id: string | null;
    purpose: PasswordTokenPurpose;
    expires_at: number;
    /** Of the address that the link went to; null in rows of earlier versions. */
    email_digest: string | null;
  };
  email_tokens: {
    org_key: number;
    digest: string;
    user_id: string;
    /** Of the address that the link went to. */
    email_digest: string;
    expires_at: number;
    purpose: Generated<EmailTokenPurpose>;
    /** The address, sealed under the token; null where the link only proves it. */
    sealed_email: string | null;
  };
  password_requests: {
    seq: Generated<number>;
    org_key: number;
    id: string;
    email_digest: string;
    sealed_email: string;
    door: string;
    created_at: number;
  };
  hash_costs: {
    org_key: number;
    units: number;
    is_measured: Flag;
  };
  password_leases: {
    org_key: number;
    user_id: string;
    /** Which change of the password holds it; random. */
    holder: string;
    expires_at: number;
  };
  throttle_hits: {
    seq: Generated<number>;
    org_key: number;
    subject: string;
    bucket: string;
    at: number;
    /** When the hit has left the longest window it was counted in. */
    expires_at: number;
  };
  message_hits: {
    seq: Generated<number>;
    /** The organization that sent the message. */
    org_key: number;
    /** A keyed digest of the mailbox or the number, the same in all organizations. */
    subject: string;
    bucket: string;
    at: number;
    /** When the hit has left the longest window it was counted in. */
    expires_at: number;
  };
  day_totals: {
    /** 0 for the deployment. */
    org_key: number;
    /** When the day begins, in UTC. */
    day: number;
    what: DayTotalKind;
    times: number;
  };
  day_counts: {
    /** 0 for the deployment. */
    org_key: number;
    /** What is counted, such as `sms`; `invitation` with the id of a key; or the keyed digest of a member of staff who invites. */
    budget: string;
    /** When the day begins, in UTC. */
    day: number;
    /** The budget of a deployment is spread over several rows, so that organizations rarely wait for each other. */
    shard: number;
    used: number;
  };
  login_failures: {
    org_key: number;
    subject: string;
    /** A keyed digest, or the name of a group of networks. */
    network: string;
    failures: number;
    last_at: number;
    /** When the wrong passwords so far would be forgotten, one after the other. */
    debt_until: number;
  };
  known_networks: {
    org_key: number;
    user_id: string;
    /** A keyed digest of the wider network in which the network is. */
    site: string;
    /** A keyed digest. */
    network: string;
    used_at: number;
  };
  messages: {
    seq: Generated<number>;
    org_key: number;
    id: string;
    user_id: string | null;
    channel: Channel;
    template: MessageTemplate;
    is_outbox_only: Flag;
    sealed_content: string | null;
    lane: MessageLane;
    destination: string;
    /** Whether a queued message may be claimed (`due`), is under way (`claimed`), or waits for its next attempt. */
    stage: 'due' | 'claimed' | 'waiting';
    state: MessageState;
    attempts: number;
    next_attempt_at: number;
    created_at: number;
    /** What a text was counted with, in millionths of the currency of the prices; null for what costs nothing. */
    cost: number | null;
  };
  idempotency: {
    org_key: number;
    key_digest: string;
    body_digest: string;
    user_id: string;
    status: number;
    created_at: number;
    connection_id: string | null;
  };
  connections: {
    seq: Generated<number>;
    org_key: number;
    id: string;
    user_id: string;
    provider: string;
    status: ConnectionState;
    connected_at: number | null;
    last_sync_at: number | null;
    sealed_grants: string | null;
    account_digest: string | null;
    refresh_at: number | null;
    unanswered: number;
    refresh_failures: number;
    refresh_refusals: Generated<number>;
    refresh_outcome: string | null;
    version: number;
    created_at: number;
    updated_at: number;
  };
  oauth_attempts: {
    org_key: number;
    flow_digest: string;
    connection_id: string;
    user_id: string;
    sealed_secrets: string;
    return_to: ReturnTo;
    expires_at: number;
    state_digest: string | null;
    browser_digest: string | null;
    outcome: AttemptOutcome | null;
    settles_at: number | null;
  };
  revocations: {
    seq: Generated<number>;
    org_key: number;
    id: string;
    connection_id: string;
    provider: string;
    sealed_grant: string | null;
    erasure_id: string | null;
    state: RevocationState;
    unanswered: number;
    attempts: number;
    next_attempt_at: number;
    outcome: string | null;
    deadline_at: number;
    version: number;
    created_at: number;
    ended_at: number | null;
    /** The process that has claimed it, on SQLite; see `claimants.ts`. */
    claimed_by: number | null;
  };
  /** The newest events. */
  audit_events: AuditEventTable & { seq: Generated<number> };
  /** All other events. */
  audit_archive: AuditEventTable & { seq: number };
  /** The lists of the archive that are counted by a tree; both positions are null once all events are counted. */
  audit_lists: {
    org_key: number;
    selector: string;
    counted_at: number | null;
    counted_seq: number | null;
  };
  audit_counts: {
    org_key: number;
    selector: string;
    node: number;
    entries: Uint8Array;
  };
  connect_tokens: {
    org_key: number;
    digest: string;
    user_id: string;
    kind: ConnectTokenKind;
    expires_at: number;
    family: string | null;
    spent_at: number | null;
  };
  sms_days: {
    org_key: number;
    /** The first instant of the day (UTC). */
    day: number;
    /** In millionths. */
    spent: number;
    /** Whether a text was not sent because the budget did not suffice. */
    is_exhausted: Flag;
    /** The state of the budget that the operator was told of. */
    told: BudgetState | null;
  };
  sms_counts: {
    org_key: number;
    day: number;
    outcome: SmsOutcome;
    /** Empty where the number has none. */
    country: string;
    texts: number;
    spent: number;
  };
  sms_ranges: {
    org_key: number;
    phone_range: string;
    /** The first instant of five minutes. */
    slot: number;
    texts: number;
    returned: number;
  };
  sms_closings: {
    org_key: number;
    phone_range: string;
    country: string;
    closed_until: number;
    is_told: Flag;
  };
  imports: {
    org_key: number;
    id: string;
    bytes: number;
    lines: number;
    digest: string;
    imported: number;
    rejected: number;
    elapsed_ms: number;
    started_at: number;
    finished_at: number | null;
    skipped: number;
    without_password: number;
  };
  import_rejects: {
    org_key: number;
    import_id: string;
    line: number;
    field: string;
    reason: RejectReason;
  };
  schema_migrations: {
    version: number;
    name: string;
    applied_at: number;
  };
}

interface AuditEventTable {
  org_key: number;
  id: string;
  at: number;
  actor_kind: AuditEvent['actorKind'];
  actor_id: string | null;
  door: string;
  action: AuditAction;
  subject_kind: AuditSubjectKind;
  subject_id: string;
  /** The names of the changed fields, separated by commas. */
  fields: string | null;
  /** How many users a read has shown. */
  users: number | null;
  /** How often it happened, in a row that counts. */
  times: number | null;
  /** What the row counts, and in which hour; null in a row of one event. */
  tally: string | null;
}
