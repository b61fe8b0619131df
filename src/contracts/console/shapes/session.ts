/** The session of the console, as the server writes and the pages read it. Times are ISO 8601 in UTC. */

export type StaffRoleName = 'owner' | 'support' | 'privacy' | 'engineer';

/** The answer to `GET /session`. */
export interface SessionAnswer {
  readonly staff: {
    /** `stf_` and 32 hex digits. */
    readonly id: string;
    readonly email: string;
    readonly name: string;
    readonly role: StaffRoleName;
  };
  readonly organization: { readonly id: string; readonly name: string };
  /** When the session ends without another call. */
  readonly expiresAt: string;
  /** Until when the last second factor counts as fresh; null where it no longer does. */
  readonly freshUntil: string | null;
  /** Whether the deployment is for development, and has an outbox. */
  readonly isDevelopment: boolean;
  /** The language of the browser that suits best: `en` or `es`. */
  readonly locale: string;
}
