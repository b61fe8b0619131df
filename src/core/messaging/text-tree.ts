/**
 * The texts of a web page in one language, as nested objects of texts with placeholders such as `{{app}}`. A deployment
 * may replace single texts. What it may write is decided by our own English texts: the same keys, and in each text the
 * same placeholders. The texts are plain: a page escapes them.
 *
 * A text that depends on a number is an object by plural category (CLDR): the category `other` is required, the others
 * are not, because each language has its own.
 */
import { hasStrayBraces, placeholdersIn } from './text-template.ts';

/** A member is a text, or an object of the same kind. */
export type TextTree = Readonly<Record<string, unknown>>;

const pluralCategories = ['zero', 'one', 'two', 'few', 'many', 'other'];

/** A person would not know what a press does without it. */
const neededPlaceholder = 'account';

function isTree(value: unknown): value is TextTree {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isPlural(tree: TextTree): boolean {
  return typeof tree['other'] === 'string';
}

/** The key in a file: `nothing_found` for the member `nothingFound`. */
export function fileKey(key: string): string {
  return key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** Gets the path of a key, such as `problems.too_short` (empty for the whole), and the end of a sentence about it. */
type Report = (path: string, problem: string) => void;

/**
 * The texts in `given`, from a file, that replace texts of `own`, which are English. Reports every fault, and never
 * repeats a text.
 */
export function readTextTree(given: unknown, own: TextTree, report: Report, path = ''): TextTree {
  if (!isTree(given)) {
    report(path, 'must be an object of texts');
    return {};
  }
  const keys = new Map(Object.keys(own).map((key) => [fileKey(key), key]));
  const read: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(given)) {
    const at = path === '' ? name : `${path}.${name}`;
    const key = keys.get(name);
    const member = key === undefined ? undefined : own[key];
    if (key === undefined) report(at, 'is not a known key');
    else if (!isTree(member)) read[key] = readText(value, String(member), report, at);
    else if (isPlural(member)) read[key] = readPlural(value, member, report, at);
    else read[key] = readTextTree(value, member, report, at);
  }
  return read;
}

function readPlural(given: unknown, own: TextTree, report: Report, path: string): TextTree {
  if (!isTree(given)) {
    report(path, 'must be an object of texts by plural category');
    return {};
  }
  if (!('other' in given)) report(path, 'needs the plural category other');
  const read: Record<string, unknown> = {};
  for (const [category, value] of Object.entries(given)) {
    const at = `${path}.${category}`;
    if (pluralCategories.includes(category))
      read[category] = readText(value, String(own['other']), report, at);
    else report(at, `is not a plural category: it must be one of ${pluralCategories.join(', ')}`);
  }
  return read;
}

function readText(given: unknown, own: string, report: Report, path: string): string {
  if (typeof given !== 'string' || given.trim() === '') {
    report(path, 'must be a text that is not empty');
    return '';
  }
  const allowed = placeholdersIn(own);
  const names = new Set(placeholdersIn(given));
  for (const name of names) {
    if (!allowed.includes(name)) report(path, `must not have {{${name}}}`);
  }
  if (hasStrayBraces(given)) report(path, 'has {{ or }} without its other half');
  if (allowed.includes(neededPlaceholder) && !names.has(neededPlaceholder)) {
    report(path, `needs {{${neededPlaceholder}}}`);
  }
  return given;
}

/** `base` with the texts of `over`. A text that depends on a number is replaced as a whole. */
export function mergeTexts<T extends object>(base: T, over: TextTree): T {
  const merged: Record<string, unknown> = Object.fromEntries(Object.entries(base));
  for (const [key, value] of Object.entries(over)) {
    const present = merged[key];
    merged[key] = isTree(present) && isTree(value) && !isPlural(present) ? mergeTexts(present, value) : value;
  }
  return merged as T;
}
