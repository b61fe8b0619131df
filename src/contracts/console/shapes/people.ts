/**
 * The JSON between the people pages of the console and their server. Instants are ISO 8601 in UTC, with milliseconds. For a
 * reader who may not see personal data, the server has masked the values (`isMasked`); the shapes stay the same.
 */

export type PersonStatus = 'pending' | 'active' | 'inactive';
export type PersonRole = 'parent' | 'member' | 'admin';

/** The query of `GET /people`. All are texts, as an address has them; an absent one does not filter. */
export interface PeopleQuery {
  /** What the reader typed. */
  readonly q?: string;
  /** From 1. */
  readonly page?: string;
  /** The `next` of a page of the same filters, in place of `page`. */
  readonly after?: string;
  /** By the time of creation; `oldest` only without a text and with no filter but `status`. */
  readonly sort?: 'newest' | 'oldest';
  /** 1 to 100; 50 unless given. */
  readonly pageSize?: string;
  readonly status?: PersonStatus;
  readonly role?: PersonRole;
  readonly appId?: string;
  readonly confirmed?: 'yes' | 'no';
  /** Whether the email or the phone is proved. */
  readonly proved?: 'yes' | 'no';
  /** Whether an admin has approved the person as a clinician. */
  readonly clinical?: 'yes' | 'no';
  /** With a connection to this provider. */
  readonly provider?: string;
  /** A time of RFC 3339 or a date (its beginning in UTC): from the first on, and before the second. */
  readonly createdFrom?: string;
  readonly createdTo?: string;
  /** The last sign-in. */
  readonly seenFrom?: string;
  readonly seenTo?: string;
}

/** A row of the table of people. */
export interface PersonRow {
  /** `usr_` and 32 hex digits. */
  readonly id: string;
  /** The public number, 1 to 2^53-1. */
  readonly number: number;
  readonly appId: string;
  readonly externalId: string | null;
  readonly email: string | null;
  readonly name: string | null;
  readonly phone: string | null;
  readonly status: PersonStatus;
  readonly role: PersonRole;
  readonly isClinicalApproved: boolean;
  readonly confirmedAt: string | null;
  readonly emailProvedAt: string | null;
  readonly phoneProvedAt: string | null;
  readonly createdAt: string;
  readonly lastLoginAt: string | null;
}

/** A page of people: with a text those who match best first, else the newest first. */
export interface PeoplePage {
  readonly total: number;
  /** False where `total` is a number that there are at least. Only pages up to it have items. */
  readonly isExact: boolean;
  readonly page: number;
  readonly pages: number;
  readonly pageSize: number;
  /** People who match and come before the page. */
  readonly offset: number;
  /** Gives the people after the page, as `after`. Null at the end, and where pages have numbers alone. */
  readonly next: string | null;
  /** Where the work of one call has ended the page: how many of all people it has looked at. Else null. */
  readonly progress: { readonly looked: number; readonly all: number } | null;
  readonly isMasked: boolean;
  readonly items: readonly PersonRow[];
}

/** The fields that are masked for some readers, and that `POST /people/:id/reveal` shows. */
export type MaskedField = 'email' | 'requestedEmail' | 'name' | 'phone' | 'dateOfBirth' | 'externalId';

/** The answer of `GET /people/:id`: everything about one person. */
export interface Person {
  readonly id: string;
  readonly number: number;
  readonly isMasked: boolean;
  /** Whether `roster demo` has made the person. */
  readonly isDemo: boolean;
  readonly app: { readonly id: string; readonly name: string };
  readonly fields: PersonFields;
  readonly proofs: { readonly email: AddressProof; readonly phone: AddressProof };
  readonly signIn: SignInState;
  readonly connections: readonly PersonConnection[];
  /** Newest first. */
  readonly sessions: readonly PersonSession[];
  /** The networks from which the person has signed in within 90 days. Roster stores no address of them. */
  readonly networks: readonly { readonly lastSeenAt: string }[];
  /** Newest first, at most 50; each for 30 days after it has ended. */
  readonly messages: readonly PersonMessage[];
  readonly failures: PersonFailures;
  /** What the reader may do, and why not. */
  readonly acts: Readonly<Record<PersonAct, ActState>>;
  readonly deletion: DeletionPlan;
}

export interface PersonFields {
  readonly externalId: string | null;
  readonly email: string | null;
  /** An email that the person has asked for and not proved yet. */
  readonly requestedEmail: string | null;
  readonly firstName: string | null;
  readonly lastName: string | null;
  readonly name: string | null;
  readonly phone: string | null;
  /** `YYYY-MM-DD`. */
  readonly dateOfBirth: string | null;
  readonly language: string;
  readonly timezone: string;
  readonly role: PersonRole;
  readonly status: PersonStatus;
  /** A wish of the person; gives no permission. */
  readonly isClinical: boolean;
  readonly isClinicalApproved: boolean;
  readonly isTemplate: boolean;
  readonly isNativeSignup: boolean;
  readonly isSelfRegistered: boolean;
  readonly hasPassword: boolean;
  readonly scoreStatus: 'calibrating' | 'ready' | 'stale';
  readonly createdAt: string;
  readonly updatedAt: string;
  readonly confirmedAt: string | null;
  readonly lastLoginAt: string | null;
  readonly lastSyncAt: string | null;
  readonly lastScoreAt: string | null;
}

/** An address, masked where the reader sees it masked, and since when it is proved. */
export type AddressProof = { readonly address: string | null; readonly provedAt: string | null };

/** `can`: whether the right password starts a session now, from everywhere. */
export type SignInState = { readonly can: boolean; readonly reasons: readonly SignInReason[] };

/**
 * `cancelled`: the account is inactive. `no_email`: there is no address to sign in with. `email_requested`: the address is
 * only asked for, and waits for its proof. `email_unproved`: this deployment tells no accounts, so an unproved address cannot
 * sign in. `no_password`: none was ever set. `invited`: the invitation was not accepted. `network_locked`: wrong passwords
 * from one network. `guesses_spent`: wrong passwords from unknown networks. `code_locked`: wrong codes have voided the code.
 * `unconfirmed`: no code has come back yet.
 */
export type SignInReasonCode =
  | 'cancelled'
  | 'no_email'
  | 'email_requested'
  | 'email_unproved'
  | 'no_password'
  | 'invited'
  | 'network_locked'
  | 'guesses_spent'
  | 'code_locked'
  | 'unconfirmed';

export interface SignInReason {
  readonly code: SignInReasonCode;
  /** From where a sign-in is refused. `nowhere`: it is not, but the person may complain about it. */
  readonly scope: 'everywhere' | 'one_network' | 'unknown_networks' | 'nowhere';
  /** When it ends by itself; null where it does not. */
  readonly until: string | null;
  /** The act that helps; null where none does. */
  readonly act: PersonAct | null;
}

export interface PersonConnection {
  /** `dev_` and 32 hex digits. */
  readonly id: string;
  readonly provider: string;
  /** The name of the provider for people. */
  readonly title: string;
  readonly status: 'pending' | 'active' | 'needs_user' | 'revoking' | 'revoked' | 'overdue';
  readonly connectedAt: string | null;
  readonly lastSyncAt: string | null;
  /** Failed refreshes in a row, and the short code of the last failure. */
  readonly refreshFailures: number;
  readonly refreshOutcome: string | null;
  readonly createdAt: string;
  readonly updatedAt: string;
}

export interface PersonSession {
  /** `ses_` and 32 hex digits. */
  readonly id: string;
  readonly startedAt: string;
  readonly lastUsedAt: string;
  readonly expiresAt: string;
}

export interface PersonMessage {
  /** `msg_` and 32 hex digits. */
  readonly id: string;
  readonly channel: 'sms' | 'email';
  /** `confirmation`, `password_reset`, `invitation` and so on. */
  readonly template: string;
  /** `queued`: waits, also for another attempt. `kept`: the development outbox has it. */
  readonly state: 'queued' | 'sent' | 'kept' | 'failed';
  readonly attempts: number;
  readonly createdAt: string;
  /** When it was sent, kept or given up; null while it waits. */
  readonly endedAt: string | null;
  /** When the next attempt is due; null unless it waits. */
  readonly nextAttemptAt: string | null;
  /** Only in development, and only while the content is stored: never in production, and never masked. */
  readonly content: MessageContent | null;
}

export interface MessageContent {
  readonly to: string;
  readonly subject: string;
  readonly body: string;
  readonly code: string | null;
}

export interface PersonFailures {
  /** Wrong passwords, by network. Roster stores no address of a network: they are numbered. */
  readonly passwords: readonly WrongPasswords[];
  /** The open confirmation code; null without one. */
  readonly code: { readonly expiresAt: string; readonly triesLeft: number } | null;
  /** Links that can still be used. */
  readonly links: readonly {
    readonly purpose: 'reset' | 'invitation' | 'proof' | 'change' | 'undo';
    readonly expiresAt: string;
  }[];
  /** What is counted against a limit now, such as codes that were sent. */
  readonly limits: readonly {
    /** Its name: `code`, `reset`, `email_change`, `message stranger`, … */
    readonly limit: string;
    /** What it counts for: `account`, `email` or `phone`. */
    readonly of: string;
    readonly used: number;
    /** How many are allowed in the window; null for a count that only delays. */
    readonly most: number | null;
    readonly windowSeconds: number | null;
    /** Until when the next one is refused; null where it is allowed. */
    readonly until: string | null;
  }[];
}

export interface WrongPasswords {
  /** `network`: one network. `known` and `unknown`: all networks of the kind together. */
  readonly from: 'network' | 'known' | 'unknown';
  /** In a row; null for a group of networks. */
  readonly count: number | null;
  readonly lastAt: string;
  /** Until when no try from there is checked; null where the next one is. */
  readonly lockedUntil: string | null;
}

/** Those before `edit` are `POST /people/:id/acts/:act`. */
export type PersonAct =
  | 'resend'
  | 'send-reset'
  /** Confirms in place of a code: a pending person becomes active. Proves no address. */
  | 'confirm'
  | 'end-sessions'
  | 'unlock'
  | 'cancel'
  | 'reinstate'
  | 'role'
  | 'clinical'
  | 'rename'
  | 'edit'
  | 'reveal'
  | 'export'
  | 'delete';

/**
 * Why an act is refused. `role`: the reader's staff role may not do it. `wrong_status`: the account is not in the state for
 * it. `nothing_to_do`: it would change nothing. `no_address`: there is no address to send to. `already_confirmed`, `last_admin`:
 * as the APIs say. `email_unproved`: rights need a proved email. `rate_limited`: too many were sent; `until` says how long.
 */
export type ActRefusal =
  | 'role'
  | 'wrong_status'
  | 'nothing_to_do'
  | 'no_address'
  | 'already_confirmed'
  | 'last_admin'
  | 'email_unproved'
  | 'rate_limited';

export interface ActState {
  readonly isAllowed: boolean;
  /** Null where it is allowed. */
  readonly why: ActRefusal | null;
  readonly until: string | null;
  /** Whether a second factor of the last five minutes is needed. */
  readonly needsFreshFactor: boolean;
  /** For `resend`: what would be sent now; null where nothing would. For other acts null. */
  readonly sends: ResendKind | null;
}

/** What `resend` sends: the code of the confirmation, the invitation, or the link that proves the email. */
export type ResendKind = 'confirmation' | 'invitation' | 'proof';

export interface DeletionPlan {
  /** What the reader has to type: the email, else the external id, else the id; null for a masked reader. */
  readonly confirmation: string | null;
  readonly providers: readonly {
    readonly provider: string;
    readonly title: string;
    /** `revoke`: the provider is told to end the access, and the erasure waits for its answer. */
    readonly what: 'revoke' | 'already_ended' | 'never_granted';
  }[];
}

/** The answer of `GET /people/:id/contracts`: exactly what each document shows of the person (for a masked reader, masked). */
export interface PersonContracts {
  readonly sonar: unknown;
  readonly general: unknown;
  readonly humanapi: unknown;
  readonly organization: unknown;
}

export interface TimelineEvent {
  readonly id: string;
  readonly at: string;
  readonly action: string;
  /** `staff` with the id of the staff account, `name` its email; `operator` with the account of the system, `user`, … */
  readonly actor: { readonly kind: string; readonly id: string | null; readonly name: string | null };
  /** Why a masked field was looked at; null for other events. */
  readonly reason: string | null;
  readonly door: string;
  readonly subject: { readonly kind: string; readonly id: string };
  readonly fields: readonly string[];
  readonly users: number | null;
  readonly times: number | null;
}

/** `GET /people/:id/timeline?page=&pageSize=`, newest first; for the roles `owner` and `privacy`. */
export interface Timeline {
  readonly total: number;
  readonly isExact: boolean;
  readonly page: number;
  readonly pages: number;
  readonly pageSize: number;
  readonly items: readonly TimelineEvent[];
}

/** `POST /people/:id/reveal`. The reason is 3 to 200 characters, and stands in the record. `all` needs a fresh factor. */
export type RevealRequest = { readonly field: MaskedField | 'all'; readonly reason: string };
export type RevealAnswer = { readonly values: Readonly<Partial<Record<MaskedField, string | null>>> };

/** Bodies of `POST /people/:id/acts/:act`; acts that are not here take `{}`. */
export interface ActRequests {
  /** Absent: what `acts.resend.sends` says. */
  readonly resend: { readonly what?: ResendKind };
  readonly role: { readonly role: PersonRole };
  /** `isApproved` is the approval by an admin. */
  readonly clinical: { readonly isApproved: boolean };
  /** Gives another external id; null removes it. */
  readonly rename: { readonly externalId: string | null };
}

/** The answer of every act: what was done. The page then reads the person again. */
export interface ActAnswer {
  readonly act: PersonAct;
  /** False where the account was in that state already. */
  readonly isChanged: boolean;
  /** For `resend` and `send-reset`: what went to which channel. */
  readonly sent: { readonly what: ResendKind | 'reset'; readonly channel: 'sms' | 'email' } | null;
  /** For `end-sessions`: how many. */
  readonly sessionsEnded: number | null;
  /** For `unlock`: how many locks and counts it has removed. */
  readonly locksEnded: number | null;
}

/** `PATCH /people/:id`: an absent field stays; the rules of the fields are those of the APIs. Answers with the `Person`. */
export interface PersonPatch {
  readonly email?: string;
  readonly firstName?: string;
  readonly lastName?: string;
  /** Null removes it. */
  readonly phone?: string | null;
  readonly dateOfBirth?: string | null;
  readonly language?: string;
  readonly timezone?: string;
  readonly isTemplate?: boolean;
}

/** `POST /people/:id/delete` (a `DELETE` has no body). Refused with `invalid_fields` (`confirmation`) where it differs from `deletion.confirmation`. */
export type DeleteRequest = { readonly confirmation: string };
/** The erasure as `GET /erasures/:id` shows it. */
export type DeleteAnswer = { readonly erasureId: string };
