/**
 * The length of text messages. One segment holds 160 characters of the GSM 7-bit alphabet (3GPP TS 23.038), or 70
 * characters (UTF-16 units) if one of them is outside it. A message of several segments costs several messages.
 */

const gsmLetters = new Set(
  '@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !"#¤%&\'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà',
);
/** Characters that take two places. */
const gsmExtension = new Set('^{}\\[~]|€');

const gsmMax = 160;
const unicodeMax = 70;

export function isOneSegment(text: string): boolean {
  const characters = [...text];
  if (!isGsm(characters)) return text.length <= unicodeMax;
  const places = characters.reduce((sum, each) => sum + (gsmExtension.has(each) ? 2 : 1), 0);
  return places <= gsmMax;
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
