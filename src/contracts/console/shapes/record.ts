/** The record and the development outbox, as the server writes and the pages read them. Times are ISO 8601 in UTC. */

export interface RecordItem {
  /** `evt_` and 32 hex digits. */
  readonly id: string;
  /** Of a count: when its hour began. */
  readonly at: string;
  readonly actor: {
    /** `api_key`, `app`, `user`, `connect`, `staff`, `public` or `operator`. */
    readonly kind: string;
    readonly id: string | null;
    /** The name of the key or the app, or the email of the staff account; null for users, and for what is gone. */
    readonly name: string | null;
  };
  /** The API, `console`, `cli` or `job`. */
  readonly door: string;
  /** Such as `user.updated`. */
  readonly action: string;
  readonly subject: { readonly kind: string; readonly id: string };
  /** The names of the fields that changed. */
  readonly fields: readonly string[];
  /** How many people a read has shown; null for other events. */
  readonly users: number | null;
  /** How often it happened in the hour; null for a single event. */
  readonly times: number | null;
}

/** The answer to `GET /record/actions`. */
export interface RecordActionsAnswer {
  readonly actions: readonly string[];
}

export interface OutboxItem {
  /** `msg_` and 32 hex digits. */
  readonly id: string;
  readonly channel: 'sms' | 'email';
  readonly template: string;
  readonly to: string;
  /** Empty for a text message. */
  readonly subject: string;
  readonly body: string;
  readonly code: string | null;
  /** The links in the body, in their order. */
  readonly links: readonly string[];
  readonly createdAt: string;
}

/** The answer to `GET /outbox`. */
export interface OutboxAnswer {
  /** Whether addresses are masked, and texts, codes and links left out. */
  readonly isMasked: boolean;
  readonly items: readonly OutboxItem[];
}
