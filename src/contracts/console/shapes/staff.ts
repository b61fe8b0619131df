/** The staff accounts of an organization, as the server writes and the pages read them. Times are ISO 8601 in UTC. */
import type { StaffRoleName } from './session.ts';

export interface StaffItem {
  /** `stf_` and 32 hex digits. */
  readonly id: string;
  readonly email: string;
  readonly name: string;
  readonly role: StaffRoleName;
  readonly createdAt: string;
  /** When a second factor was set up; null before. */
  readonly enrolledAt: string | null;
}

/** The answer to `GET /staff`. */
export interface StaffAnswer {
  readonly items: readonly StaffItem[];
}

/** The body of `POST /staff`. */
export interface NewStaffRequest {
  readonly email: string;
  readonly name: string;
  readonly role: StaffRoleName;
}

/** The body of `POST /staff/:staffId/email`. */
export interface StaffEmailRequest {
  readonly email: string;
}

/** The body of `PATCH /staff/:staffId`. */
export interface StaffRoleRequest {
  readonly role: StaffRoleName;
}

/** The answer to `POST /staff` and `POST /staff/:staffId/link`. */
export interface StaffLinkAnswer {
  readonly staff: StaffItem;
  /** The one-time address, shown now and never again. */
  readonly link: string;
  readonly expiresAt: string;
}

/** The answer to `GET /sessions`: the own sessions, newest first. */
export interface SessionsAnswer {
  readonly items: readonly {
    /** `ses_` and 32 hex digits. */
    readonly id: string;
    readonly startedAt: string;
    readonly lastUsedAt: string;
    readonly network: string;
    readonly isCurrent: boolean;
  }[];
}
