/**
 * The JSON between the Connect page and its server: of requests and answers, and of the texts in the page. The code of the page reads these types
 * too.
 */

/** `offline`: the server could not be reached. */
export type PageProblem = Exclude<ProblemCode, 'expired'> | 'offline';

/** A text for each plural category (CLDR) that the language has; `other` for those that are left out. */
export type PluralShape = { readonly other: string } & Readonly<
  Partial<Record<'zero' | 'one' | 'two' | 'few' | 'many', string>>
>;

/**
 * The texts of the page in one language, with placeholders: `{{app}}`, `{{provider}}`, `{{count}}`, `{{date}}`, and
 * `{{wanted}}` for what the person searches.
 */
export interface ConnectPageTexts {
  readonly title: string;
  readonly intro: string;
  readonly close: string;
  readonly done: string;
  readonly loading: string;
  readonly search: string;
  readonly searchHint: string;
  readonly sources: string;
  readonly found: PluralShape;
  readonly noneConnected: string;
  readonly connectedCount: PluralShape;
  readonly none: string;
  readonly nothingFound: string;
  readonly connect: string;
  readonly connectAgain: string;
  readonly disconnect: string;
  readonly demo: string;
  readonly demoHint: string;
  readonly since: string;
  readonly ended: string;
  readonly needsUser: string;
  readonly ending: string;
  readonly opening: string;
  readonly waiting: string;
  readonly openAgain: string;
  readonly notFinished: string;
  readonly denied: string;
  readonly failed: string;
  readonly accountTaken: string;
  readonly blocked: string;
  readonly goTo: string;
  readonly nowConnected: string;
  readonly nowDisconnected: string;
  readonly askDisconnect: string;
  readonly disconnectHint: string;
  readonly keep: string;
  readonly tryAgain: string;
  readonly problems: Readonly<Record<PageProblem, string>>;
  readonly expired: { readonly heading: string; readonly body: string };
  readonly closed: { readonly heading: string; readonly body: string };
}

/** The page in one language. */
export interface LanguageShape {
  /** A BCP 47 tag. */
  readonly tag: string;
  /** The language's own name. */
  readonly name: string;
  readonly direction: 'ltr' | 'rtl';
  readonly texts: ConnectPageTexts;
}

export interface SessionShape {
  readonly app: { readonly name: string };
  /** By title. */
  readonly sources: readonly SourceShape[];
}

export interface SourceShape {
  readonly provider: string;
  readonly title: string;
  /** The address of its mark, relative to the address of the API; null for none. */
  readonly mark: string | null;
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
