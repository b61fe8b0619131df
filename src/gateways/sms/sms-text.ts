/**
 * The length of text messages. One segment holds 160 characters of the GSM 7-bit alphabet (3GPP TS 23.038), or 70
 * characters (UTF-16 units) if one of them is outside it; of several segments each holds 153 or 67. A message of several
 * segments costs several messages.
 */

const gsmLetters = new Set(
  '@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !"#¤%&\'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà',
);
/** Characters that take two places. */
const gsmExtension = new Set('^{}\\[~]|€');

/** What fits into one segment, and into each of several, which also hold the header that joins them. */
const gsm = { alone: 160, joined: 153 } as const;
const unicode = { alone: 70, joined: 67 } as const;

export function isOneSegment(text: string): boolean {
  return segmentsOf(text) === 1;
}

/** How many segments a text has, at least one. No character is divided between two segments. */
export function segmentsOf(text: string): number {
  const characters = [...text];
  return isGsm(characters)
    ? segmentsFor(characters, gsm, (each) => (gsmExtension.has(each) ? 2 : 1))
    : segmentsFor(characters, unicode, (each) => each.length);
}

function segmentsFor(
  characters: readonly string[],
  { alone, joined }: typeof gsm | typeof unicode,
  placesOf: (character: string) => number,
): number {
  if (characters.reduce((sum, each) => sum + placesOf(each), 0) <= alone) return 1;
  let segments = 1;
  let used = 0;
  for (const places of characters.map(placesOf)) {
    if (used + places > joined) {
      segments += 1;
      used = 0;
    }
    used += places;
  }
  return segments;
}

function isGsm(characters: readonly string[]): boolean {
  return characters.every((each) => gsmLetters.has(each) || gsmExtension.has(each));
}

/**
 * The text with the name, in one segment if that is possible: with the name as it is, else without its accents, else
 * with its beginning. If even its first character does not fit, the name stays whole.
 */
export function fitName(name: string, render: (name: string) => string): string {
  const whole = render(name);
  if (isOneSegment(whole)) return whole;
  const plain = withoutAccents(name);
  const candidates = isGsm([...plain]) ? [plain, ...beginningsOf(plain)] : beginningsOf(name);
  return candidates.map(render).find(isOneSegment) ?? whole;
}

/** The beginnings of a name, longest first, each with three dots. */
function beginningsOf(name: string): string[] {
  const characters = [...new Intl.Segmenter().segment(name)].map(({ segment }) => segment);
  return characters.slice(1).map(
    (_, cut) =>
      `${characters
        .slice(0, -1 - cut)
        .join('')
        .trimEnd()}...`,
  );
}

function withoutAccents(text: string): string {
  return text
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .replace(/[‘’]/g, "'")
    .replace(/[“”]/g, '"')
    .replace(/[‐-―]/g, '-');
}
