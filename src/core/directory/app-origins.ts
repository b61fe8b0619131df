/** The web origins that an app lists. Only pages of these origins may show the Connect page in a frame. */
import type { FieldResult } from './user-fields.ts';

/** The limit for the header that names the origins. */
export const originsCharactersMax = 2_000;

/** An origin as browsers write one (RFC 6454, section 6.2): scheme, host and port; null for anything else. */
export function parseOrigin(text: string): string | null {
  const url = URL.parse(text);
  if (url === null || !/^https?:$/.test(url.protocol)) return null;
  // A star or a semicolon would mean something else in a content security policy.
  const isOrigin = text.replace(/\/$/, '') === url.origin && /^https?:\/\/[\w.:[\]-]+$/.test(url.origin);
  return isOrigin ? url.origin : null;
}

/** Origins without repetition. */
export function readOrigins(texts: readonly string[]): FieldResult<readonly string[]> {
  const origins = new Set<string>();
  for (const text of texts) {
    const origin = parseOrigin(text);
    if (origin === null) return { fault: 'invalid' };
    origins.add(origin);
  }
  const isLong = [...origins].join(' ').length > originsCharactersMax;
  return isLong ? { fault: 'too_long', max: originsCharactersMax } : { value: [...origins] };
}
