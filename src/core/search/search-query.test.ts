import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { fieldsOf, fold, type SearchedUser, searchTextOf } from './folding.ts';
import { approachesOf, rankOf, readSearchText, type TokenSet } from './search-query.ts';
import { tokensOf } from './tokens.ts';

const nobody: SearchedUser = {
  ...{ externalId: null, email: null, firstName: null, lastName: null, phone: null, phoneE164: null },
};
const anna: SearchedUser = {
  externalId: 'Case-0077',
  email: 'A.Weiss@Mail.Example',
  firstName: 'Änna  Maria',
  lastName: 'Weiß',
  phone: '+49 (151) 1234-0987',
  phoneE164: '+4915112340987',
};

function rank(user: SearchedUser, text: string): number | null {
  return rankOf(searchTextOf(user), readSearchText(text, 'text').query);
}

describe('folding', () => {
  test('takes case, accents, ligatures and invisible characters away', () => {
    const pairs = [
      ['ÅNGSTRÖM', 'angstrom'],
      ['Straße', 'strasse'],
      ['STRASSE', 'strasse'],
      ['Łódź', 'lodz'],
      ['İstanbul', 'istanbul'],
      ['ısparta', 'isparta'],
      ['Æsop', 'aesop'],
      ['ﬁne', 'fine'],
      ['ΣΊΣΥΦΟΣ', 'σισυφοσ'],
      ['Σίσυφος', 'σισυφοσ'],
      ['\u200eAnna\u00ad', 'anna'],
      ['Ａｎｎａ', 'anna'],
      ['ё', 'е'],
    ] as const;
    for (const [text, folded] of pairs) assert.equal(fold(text), folded);
  });

  test('leaves vowel signs that are letters', () => {
    assert.notEqual(fold('राम'), fold('रमा'));
  });

  test('is the same once more', () => {
    fc.assert(fc.property(fc.string({ unit: 'grapheme' }), (text) => fold(fold(text)) === fold(text)));
  });
});

describe('the rank of a user', () => {
  test('is that of the best field', () => {
    const wanted = [
      ['weiss', 0],
      ['WEIẞ', 0],
      ['änna maria weiß', 0],
      ['a.weiss@mail.example', 0],
      ['case-0077', 0],
      ['a', 1],
      ['wei', 1],
      ['cas', 1],
      ['maria', 2],
      ['mail.ex', 2],
      ['007', 2],
      ['eis', 3],
      ['ail', 3],
      ['ei', null],
      ['weiss anna', 4],
      ['we an', 4],
      ['weiss ben', null],
    ] as const;
    for (const [text, expected] of wanted) assert.equal(rank(anna, text), expected, text);
  });

  test('of a phone depends on its digits alone', () => {
    for (const text of [
      '+4915112340987',
      '0049 151 1234 0987',
      '0151/1234-0987',
      '+49 (0)151 12340987',
      '１５１ 12340987',
    ]) {
      assert.equal(rank(anna, text), 0, text);
    }
    assert.equal(rank(anna, '+49 151'), 1);
    assert.equal(rank(anna, '1234'), 3);
    assert.equal(rank(anna, '0151 9'), null);
  });

  test('is none of an empty user', () => {
    assert.equal(rank(nobody, 'a'), null);
    assert.deepEqual(fieldsOf(searchTextOf(nobody)), []);
  });
});

test('every user who matches has the tokens of one way to find it', () => {
  const words = fc.constantFrom(
    'anna',
    'a',
    'Ä',
    'maria',
    'Weiß',
    'o-o',
    "d'a",
    '小明',
    '明',
    '0151',
    '4915',
    'x.y',
    '@m',
    '',
  );
  const text = fc.array(words, { minLength: 1, maxLength: 3 }).map((all) => all.join(' ').trim());
  const orNull = fc.option(text, { nil: null });
  const user = fc.record({
    ...{ externalId: orNull, email: orNull, firstName: orNull, lastName: orNull },
    phone: fc.constant(null),
    phoneE164: fc.option(fc.constantFrom('+4915112340987', '+15112', '+4'), { nil: null }),
  });
  fc.assert(
    fc.property(user, text, (someone, typed) => {
      const { query } = readSearchText(typed, 'text');
      const found = rankOf(searchTextOf(someone), query);
      if (found === null) return true;
      const tokens = new Set(tokensOf(searchTextOf(someone)));
      const hasAll = (sets: readonly TokenSet[]): boolean =>
        sets.every((set) => set.every((token) => tokens.has(token)));
      const ways = approachesOf(query);
      return (
        ways.some(({ widest }) => hasAll(widest)) &&
        (found > 2 || ways.some(({ narrower }) => hasAll(narrower[found] ?? [])))
      );
    }),
    { numRuns: 2_000 },
  );
});

test('a text that is too long is a fault', () => {
  assert.deepEqual(readSearchText('x'.repeat(321), 'q').faults, [
    { field: 'q', fault: 'too_long', max: 320 },
  ]);
  assert.equal(readSearchText(undefined, 'q').query.phrase, '');
});
