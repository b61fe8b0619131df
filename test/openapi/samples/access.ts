/** What the samples need of a running server. */
export interface Access {
  /** The address of the sample's contract. */
  readonly baseUrl: string;
  /** An admin's API key. */
  readonly apiKey: string;
  /** An admin's session. */
  readonly session: string;
  readonly appId: string;
  readonly appKey: string;
}
