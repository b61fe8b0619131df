/**
 * Which SVG pictures web pages may show: shapes and colours, and nothing that runs or loads something. Only listed
 * elements are taken, so a script, a `foreignObject` and an animation are refused; so are handlers, references to
 * anything outside the file, and a document type, whose entities could hide them. Values are judged as a browser reads
 * them, after character references.
 */

const elements = new Set([
  ...['svg', 'g', 'defs', 'symbol', 'use', 'title', 'desc', 'style', 'text', 'tspan'],
  ...['path', 'rect', 'circle', 'ellipse', 'line', 'polyline', 'polygon'],
  ...['linearGradient', 'radialGradient', 'stop', 'pattern', 'clipPath', 'mask', 'marker'],
  ...['filter', 'feBlend', 'feColorMatrix', 'feComposite', 'feFlood', 'feGaussianBlur', 'feMerge'],
  ...['feMergeNode', 'feOffset'],
]);

const svgNamespace = 'http://www.w3.org/2000/svg';
const namedReferences: ReadonlyMap<string, string> = new Map([
  ...([
    ['amp', '&'],
    ['lt', '<'],
    ['gt', '>'],
    ['quot', '"'],
    ['apos', "'"],
  ] as const),
]);

const name = '[A-Za-z_][\\w.-]*(?::[A-Za-z_][\\w.-]*)?';
const attributeText = new RegExp(`\\s+(${name})\\s*=\\s*(?:"([^"<]*)"|'([^'<]*)')`, 'gy');
/** A comment, a closing tag, or an opening tag with its attributes; text is between them. */
const tagText = new RegExp(
  `<!--(?:(?!--)[\\s\\S])*-->|</(${name})\\s*>|<(${name})((?:\\s+${name}\\s*=\\s*(?:"[^"<]*"|'[^'<]*'))*)\\s*(/?)>`,
  'gy',
);

/** What is wrong with the picture, as the end of a sentence; null for a good one. */
export function svgProblem(text: string): string | null {
  const [, declaration = ''] = /^\s*<\?xml\s([^<>?]*)\?>/.exec(text) ?? [];
  // A browser would read other characters than those that are judged here.
  if (/encoding/.test(declaration) && !/encoding\s*=\s*(["'])utf-8\1/i.test(declaration)) {
    return 'must be in UTF-8, also by its declaration';
  }
  const body = text.replace(/^\s*<\?xml\s[^<>?]*\?>/, '');
  if (/<!(?!--)|<\?/.test(body)) return 'must not have a document type, an instruction or CDATA';
  const open: string[] = [];
  let isBegun = false;
  let position = 0;
  while (position < body.length) {
    const next = body.indexOf('<', position);
    const content = body.slice(position, next === -1 ? body.length : next);
    const problem = contentProblem(content, open.at(-1));
    if (problem !== null) return problem;
    if (next === -1) break;
    tagText.lastIndex = next;
    const tag = tagText.exec(body);
    if (tag === null) return malformed;
    position = tagText.lastIndex;
    const [, closing, opening, attributes = '', slash] = tag;
    if (closing !== undefined && open.pop() !== closing) return malformed;
    if (opening === undefined) continue;
    if (open.length === 0 && (isBegun || opening !== 'svg')) return malformed;
    const fault = elementProblem(opening, attributes, !isBegun);
    if (fault !== null) return fault;
    isBegun = true;
    if (slash === '') open.push(opening);
  }
  return isBegun && open.length === 0 ? null : malformed;
}

const malformed = 'is not a well-formed SVG picture';

function contentProblem(text: string, parent: string | undefined): string | null {
  if (parent === undefined) return text.trim() === '' ? null : malformed;
  const read = decode(text);
  if (read === null) return malformed;
  if (parent !== 'style') return null;
  return /@(?!media\b)/i.test(read) ? 'must not have an at-rule' : styleProblem(read, 'the element style');
}

function elementProblem(element: string, attributes: string, isRoot: boolean): string | null {
  if (!elements.has(element)) return `must not have the element ${element}`;
  const seen = new Set<string>();
  for (const [, attribute = '', double, single] of attributes.matchAll(attributeText)) {
    const value = decode(double ?? single ?? '');
    if (value === null || seen.has(attribute)) return malformed;
    seen.add(attribute);
    const problem = attributeProblem(attribute, value);
    if (problem !== null) return problem;
  }
  return isRoot && !seen.has('xmlns') ? `needs xmlns="${svgNamespace}"` : null;
}

function attributeProblem(attribute: string, value: string): string | null {
  const local = attribute.split(':').at(-1)?.toLowerCase() ?? '';
  if (local.startsWith('on')) return `must not have the attribute ${attribute}`;
  if (attribute === 'xmlns') return value === svgNamespace ? null : 'must not have another namespace';
  if (attribute.startsWith('xmlns:')) return null;
  if (local === 'base' || local === 'src') return `must not have the attribute ${attribute}`;
  if (local === 'href' && !/^\s*#/.test(value)) return 'must not refer to anything outside the file';
  return styleProblem(value, `the attribute ${attribute}`);
}

/** Style sheets, and attributes with a value of CSS: an escape could hide what is refused here. */
function styleProblem(css: string, where: string): string | null {
  if (css.includes('\\')) return `must not have a backslash in ${where}`;
  const plain = css.replaceAll(/\/\*[\s\S]*?\*\//g, ' ');
  const withoutOwn = plain.replaceAll(/\burl\(\s*(["']?)#[^"'()\s]*\1\s*\)/gi, '');
  const loads = /\b(?:url|src|image|image-set|cross-fade)\s*\(/i;
  return loads.test(withoutOwn) ? 'must not refer to anything outside the file' : null;
}

/** The text after its character references; null where one is not known. */
function decode(text: string): string | null {
  let isKnown = true;
  const decoded = text.replace(/&(?:#(\d{1,7})|#x([\da-f]{1,6})|(\w+));|&/gi, (whole, ten, sixteen, word) => {
    const code = ten === undefined ? Number.parseInt(sixteen ?? '', 16) : Number(ten);
    if (code <= 0x10ffff) return String.fromCodePoint(code);
    const character = namedReferences.get(word);
    if (character === undefined) isKnown = false;
    return character ?? whole;
  });
  return isKnown ? decoded : null;
}
