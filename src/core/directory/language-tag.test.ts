import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { cpuTimeOf } from '../../../test/support/cpu-time.ts';
import { isLanguageTag } from './language-tag.ts';

describe('a language tag', () => {
  test('follows the grammar of RFC 5646', () => {
    // Most are the examples of the RFC, appendix A.
    const tags =
      'de fr ja i-enochian zh-Hant zh-Hans sr-Cyrl sr-Latn zh-cmn-Hans-CN cmn-Hans-CN zh-yue-HK yue-HK ' +
      'sr-Latn-RS sl-rozaj sl-rozaj-biske sl-nedis de-CH-1901 sl-IT-nedis hy-Latn-IT-arevela de-DE en-US es-419 ' +
      'de-CH-x-phonebk az-Arab-x-AZE-derbend x-whatever qaa-Qaaa-QM-x-southern de-Qaaa sr-Latn-QM en-US-u-islamcal ' +
      'zh-CN-a-myext-x-private en-a-myext-b-another zh-yue i-klingon x-private en-GB-oed EN-gb-OED sgn-BE-FR ' +
      'art-lojban cel-gaulish zh-min-nan zh-min i-default zh-yue-Hant-HK de-1996 root';
    for (const tag of tags.split(' ')) assert.ok(isLanguageTag(tag), tag);
  });

  test('is refused where it does not', () => {
    const tags =
      'e i x a-DE de-419-DE ar-a-aaa-b-bbb-a-ccc de-1996-1996 de-rozaj-ROZAJ en- -en en--US toolongtag en-x ' +
      'en-u x- i-unknown en_US zh-yue-yue-yue-yue en-abcdefghi 12 en-US-GB en.UTF-8 C ｅｎ';
    for (const tag of ['', ...tags.split(' ')]) assert.ok(!isLanguageTag(tag), tag);
  });

  test('is judged like `Intl` judges it, where `Intl` takes it', () => {
    const subtag = fc.stringMatching(/^[a-zA-Z0-9]{1,8}$/);
    fc.assert(
      fc.property(fc.array(subtag, { minLength: 1, maxLength: 5 }), (subtags) => {
        const tag = subtags.join('-');
        if (isTakenByIntl(tag)) assert.ok(isLanguageTag(tag), tag);
      }),
    );
  });

  test('takes no long time over a hostile text', () => {
    const ms = cpuTimeOf(() => {
      for (const part of ['a1234-', 'a-bb-', 'x-', '1', 'abc-']) {
        assert.ok(!isLanguageTag(`en-${part.repeat(50_000)}!`));
      }
    });
    assert.ok(ms < 500, `${ms} ms`);
  });
});

function isTakenByIntl(tag: string): boolean {
  try {
    return Intl.getCanonicalLocales(tag).length === 1;
  } catch {
    return false;
  }
}
