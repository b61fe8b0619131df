/** The port to the requests of email addresses in all organizations, for the job that ends them. */
import type { OrgKey, UserId } from '../ids.ts';

export interface EmailRequestQueue {
  /** The users whose requests are from that instant or before, the oldest first. */
  list(until: number, limit: number): Promise<readonly { readonly orgKey: OrgKey; readonly id: UserId }[]>;
}
