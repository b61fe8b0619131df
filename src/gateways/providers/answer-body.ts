/**
 * Reads the body of a provider's answer: JSON, a form, or broken JSON, with any content type and any spelling of names
 * and codes. Services wrap what they say in objects and lists of their own, so all of them are looked into.
 */
export type Members = Readonly<Record<string, unknown>>;

/** The members of the object, list or form in a body; none where the body is neither. */
export async function readMembers(response: Response): Promise<Members> {
  return membersIn((await response.clone().text()).trim());
}

/** The members of a JSON object; none of any other value. */
export function membersOf(value: unknown): Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {};
}

/** How deep real services wrap their answers; a deeper body is not looked into. */
const levelsMax = 4;

/** The body and the objects and lists in it, the outer ones first, without those under the names in `except`. */
export function objectsIn(body: Members, except: ReadonlySet<string> = new Set()): readonly Members[] {
  let found: readonly Members[] = [];
  let level: readonly Members[] = [body];
  for (let depth = 0; depth < levelsMax && level.length > 0; depth += 1) {
    found = found.concat(level);
    level = level.flatMap((each) =>
      Object.entries(each).flatMap(([name, value]) =>
        typeof value === 'object' && value !== null && !except.has(codeOf(name)) ? [{ ...value }] : [],
      ),
    );
  }
  return found;
}

/** The members under their names in one spelling, such as `access_token` for `accessToken`. */
export function inOneSpelling(members: Members): Members {
  const spelled = Object.entries(members).map(([name, value]) => [codeOf(name), value] as const);
  return { ...Object.fromEntries(spelled), ...members };
}

/** `invalid_grant` for `Invalid Grant.`, `invalid-grant` and `invalidGrant`. */
export function codeOf(text: string): string {
  return text
    .replace(/([a-z])([A-Z])/g, '$1_$2')
    .replace(/[^A-Za-z0-9]+/g, '_')
    .replace(/^_|_$/g, '')
    .toLowerCase();
}

/** `application/x-www-form-urlencoded`, in which some older services answer. */
const form = /^[\w.-]+=[^\s<>"{}]*$/;
/** A body of words, such as `invalid_grant`. */
const words = /^[\w .,:'-]{1,200}$/;
/** A whole member with a text or a number. */
const member = /"(\w+)"\s*:\s*("(?:[^"\\]|\\.)*"|\d+)/g;

function membersIn(text: string, isInner = false): Members {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    if (form.test(text)) return Object.fromEntries(new URLSearchParams(text));
    return words.test(text) ? { message: text } : wholeMembers(text);
  }
  if (typeof value === 'string' && !isInner) return membersIn(value.trim(), true);
  return typeof value === 'object' && value !== null ? { ...value } : {};
}

/**
 * The whole members of JSON that was cut off or has something around it; the first of each name. A refresh token may
 * be in the part that is missing, so an access token alone does not count.
 */
function wholeMembers(text: string): Members {
  const found: Record<string, unknown> = {};
  for (const [, name = '', value = ''] of text.matchAll(member)) {
    try {
      found[name] ??= JSON.parse(value);
    } catch {
      // A text with an escape that JSON does not have says nothing.
    }
  }
  if (!('refresh_token' in found)) delete found['access_token'];
  return found;
}
