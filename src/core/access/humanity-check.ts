/** The port of a proof of humanity. `humanity.ts` says when strangers are asked for one. */

export interface HumanityCheck {
  /** A new challenge, which expires at that time in milliseconds: printable ASCII without spaces, so that it fits into a header. */
  issue(expiresAt: number): Promise<string>;
  /**
   * Judges an answer to a challenge of this deployment, at that time in milliseconds. Returns the id of the challenge; null where the answer is
   * wrong or malformed, too late, or of a challenge that expires after `latest`. Whether it was used before is not its business.
   */
  judge(answer: string, now: number, latest: number): Promise<string | null>;
}
