/** The port to the marks of trial persons. A mark goes with its user. */
import type { UserId } from '../ids.ts';

export interface TrialPersonStore {
  /** Marks the user, who is there already, as the trial person of the app; false where the app has one. */
  insert(appId: string, userId: UserId): Promise<boolean>;
  find(appId: string): Promise<UserId | null>;
}
