/**
 * What a refusal of a provider means, by its body. The codes of OAuth count wherever providers put them: in `error`, as
 * the standard says, or in members and lists of their own. The forms of the provider's description come first.
 */
import type { BodyForm } from '../../core/providers/provider-description.ts';
import { codeOf, inOneSpelling, type Members, membersOf, objectsIn } from './answer-body.ts';

/** How services say that something is not valid: as an adjective before it, or in a sentence of its own. */
const adjective = '(?:invalid|inactive|unknown|expired|revoked|bad|no_such)';
const predicate =
  '(?:invalid|inactive|unknown|expired|revoked|already_(?:used|revoked)|not_(?:valid|active|found)|no_longer_valid)';
const sentence = `(?:is_|was_|has_|has_been_)?${predicate}(?:_or_${predicate})*`;

function notValid(noun: string): RegExp {
  return new RegExp(`^(?:the_)?(?:${adjective}_${noun}|${noun}_${sentence})$`);
}

/** The code or the refresh token is unknown: `invalid_grant` of RFC 6749, section 5.2, and what services say instead. */
const unknownGrant = notValid(
  '(?:grant|(?:o?auth_)?refresh_token|(?:auth_|authorization_|verification_)?code)',
);

/** The token is unknown: `invalid_token` of RFC 6750, section 3.1, and what services say instead. */
const unknownToken = notValid('(?:o?auth_|access_)?token');

/** The service does not know this client or its secret; the same for every grant. */
const wrongClient =
  /^(?:invalid|bad|incorrect|wrong|unknown)_client(?:_(?:id|or|secret|credentials|authentication))*$/;

/** The service works on no request now: codes of RFC 6749, section 4.1.2.1, and RFC 8628, and what services say instead. */
const busy =
  /^(?:temporarily_unavailable|(?:internal_)?server_error|service_unavailable|slow_down|(?:api_)?rate_limit(?:ed|_exceeded|_reached)?|too_many_requests?|(?:request_(?:was_)?)?throttled|quota_exceeded|try_again_later)$/;

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
  const { codes, texts } = codesOf(body);
  const client = codes.find((code) => wrongClient.test(code));
  if (client !== undefined) return { kind: 'wrong_client', code: client };
  // Outside the members of codes, only the names of grants are clear: a text about a token may mean the client's.
  const grant =
    codes.find((code) => unknownGrant.test(code) || unknownToken.test(code)) ??
    texts.find((text) => unknownGrant.test(text));
  if (grant !== undefined) return { kind: 'unknown_grant', code: grant };
  if (texts.some((text) => wrongClient.test(text))) return { kind: 'wrong_client', code: null };
  const later = [...codes, ...texts].find((each) => busy.test(each));
  if (later !== undefined) return { kind: 'busy', code: later };
  return saysError(body) ? { kind: 'unclear', code: codes.find((code) => unclear.has(code)) ?? null } : null;
}

/** Whether a refusal says that the token is unknown, in its body or in its header (RFC 6750, section 3). */
export function saysUnknownToken(response: Response, body: Members): boolean {
  const { codes, texts } = codesOf(body);
  if (codes.some((code) => wrongClient.test(code))) return false;
  const header = response.headers.get('www-authenticate') ?? '';
  const challenges = [...header.matchAll(challengeError)].map(([, ...parts]) => codeOf(parts.join('')));
  return [...challenges, ...codes, ...texts].some(
    (each) => unknownToken.test(each) || unknownGrant.test(each),
  );
}

/** The parameter `error` of a challenge, in quotes or without. */
const challengeError = /\berror\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s,;"']+))/gi;

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

/** Whether the body says that the request failed. A list or an object without members says nothing. */
export function saysError(body: Members): boolean {
  const members = inOneSpelling(body);
  const isFailure = members['success'] === false || members['ok'] === false;
  const isFailed =
    typeof members['status'] === 'string' && /^(error|fail(ed|ure)?)$/i.test(members['status']);
  return isFailure || isFailed || errorMembers.some((name) => isSaid(members[name]));
}

function isSaid(value: unknown): boolean {
  return typeof value === 'object' && value !== null ? Object.keys(value).length > 0 : Boolean(value);
}

/** Members in which services put the code of an error, and all members that only an error has. */
const errorCodeMembers = ['error', 'errors', 'error_code', 'error_type', 'fault'];
const errorMembers = [...errorCodeMembers, 'error_description', 'error_message'];
const codeMembers: ReadonlySet<string> = new Set([
  ...errorCodeMembers,
  'errorcode',
  'code',
  'type',
  'status',
]);

/** The texts in the body in one spelling: those of the members of codes, and all others. */
function codesOf(body: Members): { readonly codes: readonly string[]; readonly texts: readonly string[] } {
  const codes: string[] = [];
  const texts: string[] = [];
  for (const object of objectsIn(body)) {
    for (const [name, value] of Object.entries(object)) {
      if (typeof value !== 'string' || value.length > textCharactersMax) continue;
      // A list of codes has its elements under numbers.
      const isCode = codeMembers.has(codeOf(name)) || /^\d+$/.test(name);
      (isCode ? codes : texts).push(...spellingsOf(value));
    }
  }
  return { codes, texts };
}

const textCharactersMax = 300;

/** The text as a code, its first sentence, and its last segment as in a URI or a name with dots. */
function spellingsOf(text: string): readonly string[] {
  const [beginning = ''] = text.split(/[.:;,(]/, 1);
  const end = text.split(/[.:/#]/).findLast((part) => part.trim() !== '') ?? '';
  return [...new Set([text, beginning, end].map(codeOf))];
}
