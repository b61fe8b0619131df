/**
 * What a refusal of a provider means, by its body. The codes of OAuth count wherever providers put them: in `error`, as
 * the standard says, or in members and lists of their own. The forms of the provider's description come first.
 */
import type { BodyForm } from '../../core/providers/provider-description.ts';
import { type Members, membersOf } from './provider-http.ts';

/** The code or the refresh token is unknown: RFC 6749, section 5.2, and the names that services use instead. */
const unknownGrant: ReadonlySet<string> = new Set([
  'invalid_grant',
  'invalid_refresh_token',
  'refresh_token_not_found',
  'refresh_token_invalid',
  'refresh_token_expired',
  'refresh_token_revoked',
  'refresh_token_already_used',
  'bad_refresh_token',
  'invalid_code',
  'invalid_authorization_code',
  'bad_verification_code',
  'code_expired',
]);

/** The token is unknown: RFC 6750, section 3.1, and the names that services use instead. */
const unknownToken: ReadonlySet<string> = new Set([
  'invalid_token',
  'invalid_access_token',
  'bad_token',
  'unknown_token',
  'no_such_token',
  'token_not_found',
  'token_invalid',
  'token_inactive',
  'token_expired',
  'token_revoked',
  'expired_token',
  'expired_access_token',
  'revoked_token',
]);

/** The service does not know this client or its secret; the same for every grant. */
const wrongClient: ReadonlySet<string> = new Set(['invalid_client']);

const busy: ReadonlySet<string> = new Set([
  'temporarily_unavailable',
  'server_error',
  'slow_down',
  'rate_limit_exceeded',
  'too_many_requests',
]);

/** The other codes of RFC 6749, section 5.2. */
const unclear: ReadonlySet<string> = new Set([
  'invalid_request',
  'unauthorized_client',
  'unsupported_grant_type',
  'invalid_scope',
  'access_denied',
]);

/** What a refusal says. `code` is one of the known codes, null for any other. */
export interface RefusalMeaning {
  readonly kind: 'unknown_grant' | 'wrong_client' | 'busy' | 'unclear';
  readonly code: string | null;
}

/** What the codes in the body of a token endpoint mean; null where the body says of no error. */
export function meaningOf(body: Members): RefusalMeaning | null {
  const codes = codesOf(body);
  const within = (set: ReadonlySet<string>): string | undefined => codes.find((code) => set.has(code));
  const client = within(wrongClient);
  if (client !== undefined) return { kind: 'wrong_client', code: client };
  const grant = within(unknownGrant) ?? within(unknownToken);
  if (grant !== undefined) return { kind: 'unknown_grant', code: grant };
  const later = within(busy);
  if (later !== undefined) return { kind: 'busy', code: later };
  const isError = errorMembers.some((name) => Boolean(body[name])) || body['success'] === false;
  return isError ? { kind: 'unclear', code: within(unclear) ?? null } : null;
}

/** Whether a refusal says that the token is unknown, in its body or in its header (RFC 6750, section 3). */
export function saysUnknownToken(response: Response, body: Members): boolean {
  const [, code = ''] = /\berror="([^"]*)"/i.exec(response.headers.get('www-authenticate') ?? '') ?? [];
  return [...codesOf(body), codeOf(code)].some((each) => unknownToken.has(each) || unknownGrant.has(each));
}

/** Whether the body has one of the forms. */
export function hasForm(forms: readonly BodyForm[] = [], body: unknown): boolean {
  return forms.some((form) => matches(form, body));
}

function matches(form: BodyForm, value: unknown): boolean {
  if (Array.isArray(form)) {
    return Array.isArray(value) && form.every((each) => value.some((element) => matches(each, element)));
  }
  if (typeof form !== 'object' || form === null) return form === value;
  const members = membersOf(value);
  return Object.entries(form).every(
    ([name, each]) => Object.hasOwn(members, name) && matches(each, members[name]),
  );
}

/** Members that only an error has, and all members in which services put its code. */
const errorMembers = ['error', 'errors', 'error_code', 'errorCode', 'error_type', 'errorType'];
const codeMembers = [...errorMembers, 'code', 'type'];

/** Every code in the body, in one spelling. */
function codesOf(body: Members): readonly string[] {
  const { error, errors } = body;
  const parts = [body, error, ...(Array.isArray(errors) ? errors : [errors])];
  return parts.flatMap((part) =>
    typeof part === 'string'
      ? [codeOf(part)]
      : codeMembers.flatMap((name) => {
          const value = membersOf(part)[name];
          return typeof value === 'string' && value !== '' ? [codeOf(value)] : [];
        }),
  );
}

/** `invalid_grant` for `Invalid Grant`, `invalid-grant` and `invalidGrant`. */
function codeOf(text: string): string {
  return text
    .replace(/([a-z])([A-Z])/g, '$1_$2')
    .replace(/[^A-Za-z0-9]+/g, '_')
    .toLowerCase();
}
