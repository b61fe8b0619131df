/**
 * Routes of our own beside the contracts: health, the reference, pages for people. They answer on any host and
 * ask for no credential; the first segment of each path is theirs alone on every host.
 */
import type { DomainError } from '../core/errors.ts';
import type { Answer, BodyType, Call, NetworkThrottle, RefusalContext } from './contract.ts';

export interface PageRoute {
  readonly method: 'GET' | 'POST';
  /** For example `/set-password`; `:name` parameters as in a contract's routes. */
  readonly path: string;
  /** Unique among the pages. */
  readonly operationId: string;
  readonly networkThrottle?: NetworkThrottle;
  /** Content types of a body; JSON only unless said otherwise. */
  readonly bodyTypes?: readonly BodyType[];
  /** Whether it answers also when too many requests are being worked on. */
  readonly isAlwaysServed?: boolean;
  handle(call: Call): Promise<Answer>;
  /** This page's own answer to a refusal; the fallback contract's envelope where it is absent. */
  present?(refusal: DomainError, context: RefusalContext): Answer;
}
