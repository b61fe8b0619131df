/**
 * The closed list of the refusals that are HTTP's own: no route, a wrong method, a bad host, a body of the wrong size, type or
 * form, a condition that does not hold, a request that arrives too slowly. The core never refuses so; its refusals are in `core/errors.ts`. A
 * contract answers both kinds from one table, `contracts/<name>/errors.ts`, which is total over `RefusalCode`.
 */
import { CodedError, DomainError, type ErrorCode, isRefusal, type Noun } from '../core/errors.ts';

/** Every refusal of HTTP with the details that go with it. */
export interface HttpRefusalDetails {
  route_not_found: Record<never, never>;
  /** `allow` lists the methods that the path has. */
  method_not_allowed: { readonly allow: readonly string[] };
  /** The bytes are not what the content type says. */
  malformed_body: Record<never, never>;
  /** The request has no `Host`, several, or one that names no host (RFC 9112, section 3.2). */
  malformed_host: Record<never, never>;
  unsupported_media_type: { readonly reason: MediaReason };
  payload_too_large: { readonly limitBytes: number };
  /** The resource is not in the state that `If-Match` or `If-None-Match` expects. */
  precondition_failed: Record<never, never>;
  /** A page of another site may have sent the request, with the cookie of the browser. */
  cross_site: Record<never, never>;
  /** The request did not arrive in time. */
  request_timeout: Record<never, never>;
}

/**
 * What of a body is not supported: its media type, its charset (with characters outside ASCII), or its content coding
 * (RFC 9110, section 15.5.16).
 */
export type MediaReason = 'type' | 'charset' | 'coding';

export type HttpErrorCode = keyof HttpRefusalDetails;

/** An expected refusal of a request that reached no operation of the core. */
export class HttpRefusal<C extends HttpErrorCode = HttpErrorCode> extends CodedError<HttpRefusalDetails, C> {
  override readonly name = 'HttpRefusal';
}

/** A refusal of either kind, as contracts and pages present it. */
export type Refusal = DomainError | HttpRefusal;
export type RefusalCode = ErrorCode | HttpErrorCode;

/** A refusal as routes declare it and as the reference names it: a `not_found` is named by its noun. */
export type RefusalName = Exclude<RefusalCode, 'not_found'> | `${Noun}_not_found`;

/** Makes a refusal of HTTP: `throw refuseHttp('malformed_body', {})`. */
export function refuseHttp<C extends HttpErrorCode>(code: C, details: HttpRefusalDetails[C]): HttpRefusal<C> {
  return new HttpRefusal(code, details);
}

/** An HTTP refusal of the given code; narrows `details` to what that code carries. */
export function isHttpRefusal<C extends HttpErrorCode>(error: unknown, code: C): error is HttpRefusal<C> {
  return error instanceof HttpRefusal && error.code === code;
}

export function isEitherRefusal(error: unknown): error is Refusal {
  return error instanceof DomainError || error instanceof HttpRefusal;
}

export function nameOfRefusal(refusal: Refusal): RefusalName {
  if (isRefusal(refusal, 'not_found')) return `${refusal.details.noun}_not_found`;
  return refusal.code as Exclude<RefusalCode, 'not_found'>;
}
