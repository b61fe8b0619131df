/**
 * The closed list of refusals.
 *
 * A refusal is an expected outcome: it carries a code from this list and details that are safe to show. It
 * knows no status and no public sentence; each contract owns a total table from code to its own envelope,
 * checked by the compiler. Anything thrown that is not a `DomainError` is a fault of ours.
 */

/** What may be wrong with one field. `min` and `max` are limits in the unit of the field. */
export type FieldFaultCode =
  | 'blank'
  | 'invalid'
  | 'too_short'
  | 'too_long'
  | 'too_common'
  | 'same_as_email'
  | 'taken'
  | 'out_of_range'
  | 'read_only'
  | 'in_future'
  | 'required_for_change'
  /** Not one of a list that the deployment decides: `choices`. */
  | 'unlisted';

export interface FieldFault {
  /** The core's name of the field (`email`, `externalId`); contracts translate it. */
  readonly field: string;
  readonly fault: FieldFaultCode;
  readonly min?: number;
  readonly max?: number;
  readonly choices?: readonly string[];
}

/** Every refusal with the details that go with it. */
export interface RefusalDetails {
  /** No credential, or one that is unknown, expired or revoked. */
  unauthorized: Record<never, never>;
  /** The principal is known and may not do this. */
  forbidden: Record<never, never>;
  /** Email and password do not belong together; says nothing about which was wrong. */
  invalid_credentials: Record<never, never>;
  /** The app takes no sign-ups. */
  signup_closed: Record<never, never>;
  /** No such user for this principal. `id` is the reference as the caller wrote it. */
  user_not_found: { readonly id?: string };
  app_not_found: Record<never, never>;
  organization_not_found: Record<never, never>;
  api_key_not_found: Record<never, never>;
  /** No such connection of that user. `id` is the reference as the caller wrote it. */
  connection_not_found: { readonly id?: string };
  /** No such erasure for this principal. */
  erasure_not_found: Record<never, never>;
  /** One or more fields are faulty; never empty. */
  invalid_fields: { readonly faults: readonly FieldFault[] };
  email_taken: Record<never, never>;
  /** `userId` is the holder, 32 hex digits. */
  external_id_taken: { readonly externalId: string; readonly userId: string };
  /** The change would leave the organization without an active admin. */
  last_admin: Record<never, never>;
  /** The life cycle has no such edge. */
  wrong_state: { readonly from: string; readonly to: string };
  /** A confirmation code is wrong, old, used, void or somebody else's. */
  invalid_code: Record<never, never>;
  already_confirmed: Record<never, never>;
  /** A reset or invitation token is unknown, spent or expired. */
  invalid_token: Record<never, never>;
  /** Too many tries. */
  rate_limited: { readonly retryAfterSeconds: number };
  /** The same idempotency key came with another body. */
  idempotency_key_reused: Record<never, never>;
  /** The first request with this idempotency key is still running. */
  idempotency_in_progress: { readonly retryAfterSeconds: number };
  route_not_found: Record<never, never>;
  method_not_allowed: { readonly allow: readonly string[] };
  /** The bytes are not what the content type says. */
  malformed_body: Record<never, never>;
  unsupported_media_type: Record<never, never>;
  payload_too_large: { readonly limitBytes: number };
  /** The request did not arrive in time. */
  request_timeout: Record<never, never>;
  /** Overloaded, or the database is away. */
  unavailable: { readonly retryAfterSeconds: number };
  /** A fault of ours; the details stay in the log. */
  internal: Record<never, never>;
}

export type ErrorCode = keyof RefusalDetails;

/** An expected refusal. Thrown inside a transaction, it rolls the transaction back. */
export class DomainError<C extends ErrorCode = ErrorCode> extends Error {
  override readonly name = 'DomainError';
  readonly code: C;
  readonly details: RefusalDetails[C];

  constructor(code: C, details: RefusalDetails[C]) {
    super(code);
    this.code = code;
    this.details = details;
  }
}

/** A refusal of the given code; narrows `details` to what that code carries. */
export function isRefusal<C extends ErrorCode>(error: unknown, code: C): error is DomainError<C> {
  return error instanceof DomainError && error.code === code;
}

/** Makes a refusal: `throw refuse('forbidden', {})`. */
export function refuse<C extends ErrorCode>(code: C, details: RefusalDetails[C]): DomainError<C> {
  return new DomainError(code, details);
}

/** Refuses with every faulty field at once, or returns when there is none. */
export function refuseFaults(faults: readonly FieldFault[]): void {
  if (faults.length > 0) throw refuse('invalid_fields', { faults });
}
