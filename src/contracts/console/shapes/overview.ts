/** The figures of the overview, as the server writes and the pages read them. Days are UTC; times are ISO 8601 in UTC. */

/** What happened on one day. */
export interface OverviewDay {
  /** `YYYY-MM-DD`. */
  readonly day: string;
  readonly created: number;
  readonly confirmed: number;
  readonly connected: number;
  readonly deleted: number;
  /** Messages that were given up. */
  readonly failedSms: number;
  readonly failedEmails: number;
  /** What the failed texts cost, in millionths of the currency of the prices; a part of what was spent. */
  readonly failedSpent: number;
  /** Text messages that were queued, those that were not sent, and what the first cost, in millionths of the currency of the prices. */
  readonly texts: number;
  readonly textsNotSent: number;
  readonly spent: number;
  /** Calls that a limit refused, that a role does not allow, and wrong passwords. */
  readonly throttled: number;
  readonly forbidden: number;
  readonly wrongPasswords: number;
  /** Requests that the whole deployment refused unread, because all of them were too many. */
  readonly shed: number;
}

/** The answer to `GET /overview`. */
export interface OverviewAnswer {
  readonly users: {
    readonly total: number;
    readonly pending: number;
    readonly active: number;
    readonly inactive: number;
  };
  readonly erasures: { readonly running: number; readonly overdue: number; readonly complete: number };
  /** Oldest first; the last one is today. */
  readonly days: readonly OverviewDay[];
  /** Since when messages and spending are known: both reach back 30 days. */
  readonly messagesSince: string;
}
