/**
 * Our own routes beside the contracts: health, the reference, pages for people. They answer on any host, and most
 * need no credential. The first segment of such a path belongs to no contract, on any host.
 */
import type { Action, Principal } from '../core/access/principal.ts';
import type {
  Answer,
  BodyType,
  Call,
  Method,
  NetworkThrottle,
  RefusalContext,
  Unauthenticated,
} from './contract.ts';
import type { Refusal } from './http-refusals.ts';

/** `Permissions-Policy` of every page: no page of ours uses a device or a payment, so no injected script may either. */
export const permissionsPolicy =
  'accelerometer=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), hid=(), microphone=(), midi=(), payment=(), serial=(), usb=()';

export interface PageRoute {
  readonly method: Method;
  /** For example `/set-password`; `:name` parameters as in a contract's routes. */
  readonly path: string;
  /** Unique among the pages. */
  readonly operationId: string;
  /** Who may call it; every client unless given. Checked before anything else of the request. */
  readonly access?: PageAccess;
  /** The limit by network; unless given `page` for a page without `access`. */
  readonly networkThrottle?: NetworkThrottle;
  /** Health and static files have no limit by network and are answered in overload too: they cost no more than a refusal. */
  readonly isUnlimited?: true;
  /** Content types of a body; JSON only unless said otherwise. */
  readonly bodyTypes?: readonly BodyType[];
  /** A GET of the page changes something, so a HEAD does nothing and gets an empty answer. */
  readonly hasEffect?: boolean;
  handle(call: Call): Promise<Answer>;
  /** This page's own answer to a refusal; the fallback contract's envelope where it is absent. */
  present?(refusal: Refusal, context: RefusalContext): Answer;
}

/** A page that is not for every client, such as one for a person who has signed in. */
export interface PageAccess {
  /** Finds the principal, or refuses with `unauthorized`. */
  authenticate(call: Unauthenticated): Promise<Principal>;
  /** What the rulebook must allow the principal; a credential is enough unless given. */
  readonly action?: Action;
}
