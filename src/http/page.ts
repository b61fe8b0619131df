/**
 * Routes of our own beside the contracts: health, the reference, pages for people. They answer on any host, and
 * most ask for no credential; the first segment of each path is theirs alone on every host.
 */
import type { Principal } from '../core/access/principal.ts';
import type { Answer, BodyType, Call, NetworkThrottle, RefusalContext, Unauthenticated } from './contract.ts';
import type { Refusal } from './http-refusals.ts';

export interface PageRoute {
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** For example `/set-password`; `:name` parameters as in a contract's routes. */
  readonly path: string;
  /** Unique among the pages. */
  readonly operationId: string;
  /** Finds out who asks, or refuses with `unauthorized`, before anything else of the request is looked at. */
  readonly authenticate?: (call: Unauthenticated) => Promise<Principal>;
  readonly networkThrottle?: NetworkThrottle;
  /** Content types of a body; JSON only unless said otherwise. */
  readonly bodyTypes?: readonly BodyType[];
  /** Whether it answers also when too many requests are being worked on. */
  readonly isAlwaysServed?: boolean;
  handle(call: Call): Promise<Answer>;
  /** This page's own answer to a refusal; the fallback contract's envelope where it is absent. */
  present?(refusal: Refusal, context: RefusalContext): Answer;
}
