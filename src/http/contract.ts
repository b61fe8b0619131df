/**
 * What a contract must provide: which requests belong to it, how it authenticates the caller, its routes, and its
 * answer to every refusal. A new contract is a folder that exports a `Contract`, and a line in
 * `contracts/index.ts`. The server adds the rest for all contracts: ids, limits, bodies, 405, OpenAPI.
 */
import type { IncomingHttpHeaders } from 'node:http';
import type { Arrival } from '../core/access/arrival.ts';
import type { Action, Principal } from '../core/access/principal.ts';
import type { Core, NetworkBucket } from '../core/core.ts';
import type { User } from '../core/directory/user.ts';
import type { FieldFault } from '../core/errors.ts';
import type { Refusal, RefusalName } from './http-refusals.ts';
import type { TSchema } from './shape.ts';

export interface Contract {
  /** Lower-case; the first label of its host and its path prefix: `sonar.example.com`, `/sonar`. */
  readonly name: string;
  readonly title: string;
  /** Markdown for the reference page. */
  readonly description: string;
  /**
   * The JSON media type of this document, such as `application/scim+json`: the type of its answers and refusals, taken
   * for bodies beside `application/json`. `application/json` unless given.
   */
  readonly mediaType?: JsonType;
  /** What each tag of the routes is about; a tag without an entry gets the contract's own description. */
  readonly tags?: Readonly<Record<string, string>>;
  /** Whether a request without prefix and contract host belongs to this contract. `path` has no query. */
  claims(path: string, headers: IncomingHttpHeaders): boolean;
  /** Whether the host with its name as first label reaches it, as the prefix does. True unless given. */
  readonly hasOwnHost?: boolean;
  /** Reads a query, which comes without its question mark, in this document's grammar; refuses by throwing. */
  parseQuery?(text: string): Query;
  /** OpenAPI security schemes by name; each route with a credential names all of them as alternatives. */
  readonly securitySchemes: Readonly<Record<string, object>>;
  /** Finds the principal, or refuses with `unauthorized`. Not called for routes with access `public`. */
  authenticate(core: Core, call: Unauthenticated): Promise<Principal>;
  /**
   * The public id of the app that a call without a credential names, as the call says it; undefined where it names none.
   * A refused call is counted in the organization of this app. Absent if no call of the document names an app.
   */
  appIdOf?(call: Unauthenticated): string | undefined;
  /** `showUser` shows a user as each contract does. */
  routes(core: Core, showUser: ShowUser): readonly Route[];
  /** Faulty fields, in the core's names, for the reference's example of that refusal; the email unless given. */
  readonly sampleFaults?: readonly FieldFault[];
  /** The shape of the refusals with that status; without it the reference finds one shape for all from its examples. */
  refusalShape?(status: number): TSchema;
  /** Values of parameters, by name, with which a call from the reference succeeds on an installation with this app. */
  sampleParameters?(install: { readonly appId: string }): Readonly<Record<string, string>>;
  /** This document's answer to a refusal. The total table of codes is in the contract's `errors.ts`. */
  present(refusal: Refusal, context: RefusalContext): Answer;
  /**
   * The user as this document shows it, without the envelope, for `roster user show` and the console; `now` is in
   * epoch milliseconds. Absent if the document shows no users.
   */
  show?(user: User, now: number): unknown;
  /** A first call that answers 2xx on a fresh deployment; the banner of the first start shows it as a `curl` line. */
  sample?(credentials: SampleCredentials): SampleCall;
  /** Whether only programs of this deployment call it: its OpenAPI document is not published or in the reference. */
  readonly isInternal?: boolean;
  /** Whether browsers of the configured origins may call it. */
  readonly allowsBrowsers: boolean;
}

/** The user as each contract that shows users presents it, by the contract's name; `now` in epoch milliseconds. */
export type ShowUser = (user: User, now: number) => Readonly<Record<string, unknown>>;

/** The credentials of a fresh deployment, in plain text. */
export interface SampleCredentials {
  readonly apiKey: string;
  readonly appId: string;
  readonly appKey: string;
}

export interface SampleCall {
  /** Without the contract's prefix. */
  readonly path: string;
  readonly bearer?: string;
  /** The user name of Basic authentication, with a blank password. */
  readonly basicUser?: string;
  /** Makes the call a POST with this body. */
  readonly json?: unknown;
}

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** Who may call a route: every client, every client with a credential, or those that the rulebook allows the action. */
export type Access = 'public' | 'credential' | Action;

export interface Route {
  readonly method: Method;
  /** The documented path with `:name` parameters, without the contract's prefix. */
  readonly path: string;
  /** Unique in the contract; names the operation in OpenAPI and to `present`. */
  readonly operationId: string;
  readonly summary: string;
  readonly description?: string;
  /** The resource that it is about: the reference groups operations by it. The contract's title unless given. */
  readonly tag?: string;
  readonly access: Access;
  /** Counts the caller's network against this limit of the settings before the body is read; `page` unless given for `public`. */
  readonly networkThrottle?: NetworkThrottle;
  /** Path, query and header parameters and the body, as the reference shows them. */
  readonly params?: TSchema;
  readonly query?: TSchema;
  readonly headers?: TSchema;
  readonly body?: TSchema;
  /** An example of the body, from the document where it has one. */
  readonly bodyExample?: unknown;
  /** Content types of a body; unless given the contract's JSON types. */
  readonly bodyTypes?: readonly BodyType[];
  /** Every success this route answers with; refusals are added from `refusals`. */
  readonly responses: Readonly<Record<number, ResponseDocument>>;
  /**
   * Refusals beyond those that access and body imply: names, or a status for all refusals that the contract answers
   * with it.
   */
  readonly refusals?: readonly (RefusalName | number)[];
  /** Faulty fields for the reference's example of that refusal; the contract's unless given. */
  readonly sampleFaults?: readonly FieldFault[];
  handle(call: Call): Promise<Answer>;
}

/** The media type of JSON, or one of its kind (RFC 6839, section 3.1). */
export type JsonType = 'application/json' | `application/${string}+json`;

export type BodyType = JsonType | 'application/x-www-form-urlencoded';

/** What was read from a query. */
export type Query = Readonly<Record<string, unknown>>;

export type NetworkThrottle = NetworkBucket;

export interface ResponseDocument {
  readonly description: string;
  readonly schema?: TSchema;
  readonly example?: unknown;
  readonly headers?: Readonly<Record<string, { readonly description: string }>>;
  /** The contract's JSON type unless given. Of `application/x-ndjson` each line is one of the schema's items. */
  readonly contentTypes?: readonly string[];
}

/** A request before authentication. */
export interface Unauthenticated {
  readonly headers: IncomingHttpHeaders;
  readonly params: Readonly<Record<string, string>>;
  /** The door for audit events: the contract's name. */
  readonly door: string;
  /** The operation that the request reached; null where it reached none. */
  readonly operationId: string | null;
  /** The caller's network: from the address of the connection, or from the one that a trusted proxy reports. */
  readonly network: string;
}

/** A request with its principal; a route with access `public` has none. */
export interface Call extends Unauthenticated {
  readonly principal: Principal | null;
  /** What the contract's grammar reads; by default texts as they came, several where a name came more than once. */
  readonly query: Query;
  /**
   * The absolute address of the contract, without a slash at the end; a documented path goes behind it. It is made of the
   * deployment's public URL and the contract's prefix, for requests by host, prefix and bare path alike.
   */
  readonly baseUrl: string;
  /** The parsed body; undefined where none was sent. */
  readonly body: unknown;
  /** The bytes of the body as received; empty where none was sent. */
  readonly rawBody: Buffer;
  /** A UUID. */
  readonly requestId: string;
  /** The request, for operations whose work depends on it. */
  readonly arrival: Arrival;
}

/** A part of a body: a text, which is sent in UTF-8, or bytes. */
export type Piece = string | Uint8Array;

export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Rendered as JSON; absent where there is no body. */
  readonly body?: unknown;
  /** Instead of `body`: a rendered body, such as HTML or JSON text. */
  readonly content?: string | Uint8Array;
  /** Instead of `body`: a body in pieces. The server pulls them as fast as the reader takes them, until it leaves. */
  readonly stream?: AsyncIterable<Piece>;
  /** The type of `content` or `stream`; JSON unless given. */
  readonly contentType?: string;
}

export interface RefusalContext {
  /** A UUID; also in the header `X-Request-Id`. */
  readonly requestId: string;
  /** The operation that the request reached; null where it reached none. */
  readonly operationId: string | null;
  readonly params: Readonly<Record<string, string>>;
  /** Whether a script in a browser sent the request: a challenge for Basic would open the browser's own dialog. */
  readonly isScripted: boolean;
}
