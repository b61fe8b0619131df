/**
 * The operation that a request reached: a contract's route, one of our own pages, or no route. The three have one
 * type, so that one pipeline checks, answers and logs them all.
 */
import type { IncomingHttpHeaders } from 'node:http';
import type { Action } from '../core/access/principal.ts';
import type {
  Answer,
  BodyType,
  Call,
  Contract,
  JsonType,
  NetworkThrottle,
  Query,
  RefusalContext,
  Route,
  Unauthenticated,
} from './contract.ts';
import type { Refusal } from './http-refusals.ts';
import type { PageRoute } from './page.ts';

export interface Operation {
  /** The contract's name; null where the request reached none. */
  readonly contract: string | null;
  /** The pattern under which the router knows it; null where there is no route. */
  readonly pattern: string | null;
  readonly operationId: string | null;
  /** Who may call it; null for every client. */
  readonly admission: Admission | null;
  /** The limit by network; null where a credential decides, and for health and static files. */
  readonly throttle: NetworkThrottle | null;
  /** The app that a call without a credential names; null where no call names one. */
  readonly appIdOf: ((call: Unauthenticated) => string | undefined) | null;
  /** Whether the body is read and parsed, read and dropped, or not read. */
  readonly body: 'parsed' | 'dropped' | 'ignored';
  readonly bodyTypes: readonly BodyType[];
  /** The content type of answers and refusals in JSON. */
  readonly jsonType: string;
  /** Reads the query, which comes without its question mark; null for the default grammar. */
  readonly parseQuery: ((text: string) => Query) | null;
  /** Null where browsers of other origins may not call. */
  readonly cors: Cors | null;
  /** Whether it is also served when too many requests are in flight. */
  readonly isAlwaysServed: boolean;
  /** Whether a GET changes something; a HEAD then does nothing. */
  readonly hasEffect: boolean;
  handle(call: Call): Promise<Answer>;
  present(refusal: Refusal, context: RefusalContext): Answer;
}

/** Which browsers may call, by the Fetch standard's CORS protocol. */
export interface Cors {
  /** The header fields by which a page of that origin may read an answer. */
  fields(headers: IncomingHttpHeaders): Readonly<Record<string, string>>;
  /** The answer to a preflight for a path with these methods; null where the request is none. */
  preflight(headers: IncomingHttpHeaders, methods: readonly string[]): Answer | null;
}

export interface Admission {
  readonly contract: Pick<Contract, 'authenticate'>;
  /** The action that the rulebook must allow; null where a credential is enough. */
  readonly action: Action | null;
}

/** The content type of JSON answers where no other is declared. */
export const plainJsonType = 'application/json; charset=utf-8';

/** A contract's route; `cors` is for the contracts that allow browsers. */
export function operationOf(contract: Contract, route: Route, cors: Cors | null): Operation {
  return {
    contract: contract.name,
    pattern: patternOf(contract, route),
    operationId: route.operationId,
    admission: admissionOf(contract, route),
    throttle: route.networkThrottle ?? (route.access === 'public' ? 'page' : null),
    appIdOf: contract.appIdOf?.bind(contract) ?? null,
    body: bodyOf(route),
    bodyTypes: route.bodyTypes ?? jsonTypesOf(contract),
    jsonType: contract.mediaType ?? plainJsonType,
    parseQuery: contract.parseQuery?.bind(contract) ?? null,
    cors: contract.allowsBrowsers ? cors : null,
    isAlwaysServed: false,
    hasEffect: false,
    handle: (call) => route.handle(call),
    present: (refusal, context) => contract.present(refusal, context),
  };
}

/** A page; `fallback` presents its refusals if the page does not. */
export function operationOfPage(page: PageRoute, fallback: Contract): Operation {
  return {
    contract: null,
    pattern: page.path,
    operationId: page.operationId,
    admission: admissionOfPage(page),
    throttle:
      page.networkThrottle ?? (page.access === undefined && page.isUnlimited !== true ? 'page' : null),
    appIdOf: null,
    body: bodyOf(page),
    bodyTypes: page.bodyTypes ?? jsonTypesOf({}),
    jsonType: plainJsonType,
    parseQuery: null,
    cors: null,
    isAlwaysServed: page.isUnlimited ?? false,
    hasEffect: page.hasEffect ?? false,
    handle: (call) => page.handle(call),
    present: (refusal, context) =>
      page.present === undefined ? fallback.present(refusal, context) : page.present(refusal, context),
  };
}

/** The internal form of a route's path. */
export function patternOf(contract: Contract, route: Route): string {
  return `/${contract.name}${route.path}`;
}

/** The types that a contract takes as JSON, its own first. */
export function jsonTypesOf({ mediaType }: Pick<Contract, 'mediaType'>): readonly JsonType[] {
  return mediaType === undefined ? ['application/json'] : [mediaType, 'application/json'];
}

function admissionOf(contract: Contract, { access }: Route): Admission | null {
  if (access === 'public') return null;
  return { contract, action: access === 'credential' ? null : access };
}

function admissionOfPage(page: PageRoute): Admission | null {
  const { access } = page;
  if (access === undefined) return null;
  return {
    contract: { authenticate: (_core, call) => access.authenticate(call) },
    action: access.action ?? null,
  };
}

/** The body of a DELETE has no meaning (RFC 9110, section 9.3.5), but its size is still limited. */
function bodyOf({ method }: Pick<Route, 'method'>): Operation['body'] {
  if (method === 'GET') return 'ignored';
  return method === 'DELETE' ? 'dropped' : 'parsed';
}
