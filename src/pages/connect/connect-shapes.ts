/**
 * The JSON of requests and answers between the Connect page and its server. The code of the page reads these types
 * too.
 */

export interface SessionShape {
  readonly app: { readonly name: string };
  /** By title. */
  readonly sources: readonly SourceShape[];
}

export interface SourceShape {
  readonly provider: string;
  readonly title: string;
  /** The demo provider, for trying the page without an account. */
  readonly isDemo: boolean;
  /** Whether it can be connected now. */
  readonly isOffered: boolean;
  readonly connection: ConnectionShape | null;
}

export interface ConnectionShape {
  /** `dev_` and 32 hex digits. */
  readonly id: string;
  readonly status: 'pending' | 'active' | 'needs_user' | 'revoking' | 'revoked' | 'overdue';
  /** RFC 3339; null before the provider has given anything. */
  readonly connectedAt: string | null;
}

export interface StartedShape {
  readonly connectionId: string;
  /** The address of the start page, on this origin, to which the page sends the person. */
  readonly authUrl: string;
}

/** How far the flow of a person at a provider is. */
export interface FlowShape {
  /** `waiting` until the person has come back; `expired` where they did not within ten minutes. */
  readonly progress:
    | 'waiting'
    | 'exchanging'
    | 'connected'
    | 'denied'
    | 'failed'
    | 'account_taken'
    | 'refused'
    | 'withdrawn'
    | 'expired';
}

/** `expired`: the session is over. `gone`: the requested thing does not exist any more. */
export type ProblemCode = 'expired' | 'gone' | 'not_understood' | 'too_many' | 'busy' | 'fault';

export interface ProblemShape {
  readonly error: ProblemCode;
}
