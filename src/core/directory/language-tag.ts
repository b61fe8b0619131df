/**
 * The grammar of language tags (RFC 5646, section 2.1). `Intl` cannot judge them: it throws for private tags, extended
 * languages and most grandfathered tags.
 */

const extendedLanguage = '[a-z]{2,3}(?:-[a-z]{3}){0,3}';
const language = `(?:${extendedLanguage}|[a-z]{4,8})`;
const script = '(?:-[a-z]{4})?';
const region = '(?:-(?:[a-z]{2}|[0-9]{3}))?';
const variants = '((?:-(?:[a-z0-9]{5,8}|[0-9][a-z0-9]{3}))*)';
const extensions = '((?:-[0-9a-wy-z](?:-[a-z0-9]{2,8})+)*)';
const privateUse = 'x(?:-[a-z0-9]{1,8})+';

const regularTag = new RegExp(
  `^(?:${language}${script}${region}${variants}${extensions}(?:-${privateUse})?|${privateUse})$`,
  'i',
);

/** The form of nearly every tag that is sent. */
const commonTag = /^[a-z]{2}(?:-[A-Z]{2})?$/;

/** The grandfathered tags that the grammar does not give. */
const irregularTags = new Set(
  (
    'en-gb-oed i-ami i-bnn i-default i-enochian i-hak i-klingon i-lux i-mingo i-navajo i-pwn i-tao i-tay i-tsu ' +
    'sgn-be-fr sgn-be-nl sgn-ch-de'
  ).split(' '),
);

/** True for a well-formed tag that repeats no variant and no extension (section 2.2.9). */
export function isLanguageTag(text: string): boolean {
  if (commonTag.test(text)) return true;
  const match = regularTag.exec(text);
  if (match === null) return irregularTags.has(text.toLowerCase());
  const [, variantSubtags = '', extensionSubtags = ''] = match;
  const singletons = extensionSubtags.split('-').filter(({ length }) => length === 1);
  return areDistinct(variantSubtags.split('-').slice(1)) && areDistinct(singletons);
}

function areDistinct(subtags: readonly string[]): boolean {
  return new Set(subtags.map((subtag) => subtag.toLowerCase())).size === subtags.length;
}
