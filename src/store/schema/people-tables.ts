/** The tables of what staff does to people, as queries see them; see `tables.ts`. */
import type { BulkActName, BulkState } from '../../core/people/bulk-act.ts';

export interface PeopleTables {
  /** The person for whom the Connect page of an app is tried. */
  trial_people: {
    org_key: number;
    user_id: string;
    app_id: string;
  };
  reveals: {
    org_key: number;
    /** The id of the audit event. */
    event_id: string;
    user_id: string;
    /** Why a masked field was looked at; it may name the person. */
    reason: string;
    at: number;
  };
  bulk_acts: {
    org_key: number;
    id: string;
    act: BulkActName;
    /** What the act gives, as JSON; null for an act that gives nothing. */
    act_value: string | null;
    /** The id of the staff account. */
    made_by: string;
    state: BulkState;
    total: number;
    /** Numbers by reason, as JSON. */
    planned: string;
    changed: number;
    failed: string;
    created_at: number;
  };
  /** Who is left to do. */
  bulk_act_users: {
    org_key: number;
    bulk_id: string;
    user_id: string;
    leased_until: number;
    created_at: number;
  };
}
