/**
 * The closed list of the core's refusals.
 *
 * A refusal is an expected outcome. It has a code from this list and details that are safe to show, but no status
 * and no sentence: the same code is 409 in one contract and 422 in another. The tables from code to status and
 * words are in `contracts/<name>/errors.ts`, one for each contract; the compiler checks that each table has every
 * code. Refusals that only HTTP knows (method, size, media type) are in `http/http-refusals.ts`. Every other
 * thrown error is a fault of ours.
 */

/** What a `not_found` is about. Contracts word a new noun by default; no table needs an edit. */
export const nouns = [
  'user',
  'app',
  'organization',
  'api_key',
  'connection',
  'erasure',
  'session',
  'staff_account',
  'passkey',
  'bulk_act',
] as const;
export type Noun = (typeof nouns)[number];

/** The kinds of field faults. `min` and `max` are limits in the unit of the field. */
export type FieldFaultCode =
  | 'blank'
  | 'invalid'
  | 'too_short'
  | 'too_long'
  | 'too_common'
  | 'same_as_email'
  /** The second copy of a password is not the same. */
  | 'differs'
  | 'taken'
  | 'out_of_range'
  | 'read_only'
  /** The operation has no field of that name. */
  | 'unknown'
  | 'in_future'
  | 'required_for_change'
  /** The address was never proved by its user, and the change needs it. */
  | 'unproved'
  /** Not in the list that the deployment configures: `choices`. */
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
  /** A stranger has to prove humanity first; `challenge` is a new challenge, printable ASCII without spaces. */
  proof_required: { readonly challenge: string };
  /** Email and password do not match; never says which of them was wrong. */
  invalid_credentials: Record<never, never>;
  /** The app takes no sign-ups. */
  signup_closed: Record<never, never>;
  /** This principal can see no such thing. `id` is the reference as the caller wrote it. */
  not_found: { readonly noun: Noun; readonly id?: string };
  /** One or more fields are faulty; `faults` is never empty. */
  invalid_fields: { readonly faults: readonly FieldFault[] };
  email_taken: Record<never, never>;
  /** `userId` is the holder, 32 hex digits. */
  external_id_taken: { readonly externalId: string; readonly userId: string };
  /** The change would leave the organization without an active admin. */
  last_admin: Record<never, never>;
  /** The change would leave the organization without a staff account that is an owner. */
  last_owner: Record<never, never>;
  /** The act needs a second factor that was given in the last minutes. */
  fresh_factor_required: Record<never, never>;
  /** The life cycle has no such transition. */
  wrong_state: { readonly from: string; readonly to: string };
  /** A confirmation code is wrong, expired, used, void or of another user. */
  invalid_code: Record<never, never>;
  already_confirmed: Record<never, never>;
  /** A reset or invitation token is unknown, spent or expired. */
  invalid_token: Record<never, never>;
  /** Too many attempts. */
  rate_limited: { readonly retryAfterSeconds: number };
  /** The same idempotency key came with another body. */
  idempotency_key_reused: Record<never, never>;
  /** The first request with this idempotency key is still running. */
  idempotency_in_progress: { readonly retryAfterSeconds: number };
  /** The password of the account is being changed by another request. */
  change_in_progress: { readonly retryAfterSeconds: number };
  /** Overloaded, or the database is away. */
  unavailable: { readonly retryAfterSeconds: number };
  /** The database has the data on a page that cannot be read. A retry does not help; an operator must restore it. */
  damaged: Record<never, never>;
  /** A fault of ours; the details stay in the log. */
  internal: Record<never, never>;
}

export type ErrorCode = keyof RefusalDetails;

/** An error with a code from a list, and the details that `D` gives to that code. */
export abstract class CodedError<D, C extends keyof D & string> extends Error {
  readonly code: C;
  readonly details: D[C];

  constructor(code: C, details: D[C]) {
    super(code);
    this.code = code;
    this.details = details;
  }
}

/** An expected refusal. If it is thrown inside a transaction, the transaction is rolled back. */
export class DomainError<C extends ErrorCode = ErrorCode> extends CodedError<RefusalDetails, C> {
  override readonly name = 'DomainError';
}

/** A refusal of the given code; narrows `details` to what that code carries. */
export function isRefusal<C extends ErrorCode>(error: unknown, code: C): error is DomainError<C> {
  return error instanceof DomainError && error.code === code;
}

/** A `not_found` of this noun. */
export function isNotFound(error: unknown, noun: Noun): error is DomainError<'not_found'> {
  return isRefusal(error, 'not_found') && error.details.noun === noun;
}

/** Makes a refusal: `throw refuse('forbidden', {})`. */
export function refuse<C extends ErrorCode>(code: C, details: RefusalDetails[C]): DomainError<C> {
  return new DomainError(code, details);
}

/** Refuses with all field faults together; returns if there are none. */
export function refuseFaults(faults: readonly FieldFault[]): void {
  if (faults.length > 0) throw refuse('invalid_fields', { faults });
}
