import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { matchLanguage, readAcceptLanguage } from './language.ts';

const available = ['en', 'es', 'pt-br'] as const;

describe('the closest language', () => {
  test('is found by taking subtags off the end', () => {
    assert.equal(matchLanguage(['es-Latn-MX'], available), 'es');
    assert.equal(matchLanguage(['pt-BR-x-formal'], available), 'pt-br');
  });

  test('is never more specific than the wanted one', () => {
    assert.equal(matchLanguage(['pt'], available), 'en');
  });

  test('is the first wanted one that we write in', () => {
    assert.equal(matchLanguage(['fr-CA', 'es', 'en'], available), 'es');
  });

  test('is English where we write in none of the wanted languages', () => {
    assert.equal(matchLanguage([], available), 'en');
    assert.equal(matchLanguage(['', '-', '*', 'i-klingon', '__proto__'], available), 'en');
    assert.equal(matchLanguage(['x-es', 'i-default', 'zh-yue', 'a', '12', 'sgn-BE-FR'], available), 'en');
  });

  test('is found by the present code of a language, also in tags that `Intl` refuses', () => {
    assert.equal(matchLanguage(['spa-MX'], available), 'es');
    assert.equal(matchLanguage(['es-abc-x-y'], available), 'es');
    assert.equal(matchLanguage(['ES-GB-oed'], available), 'es');
  });
});

describe('an Accept-Language header', () => {
  test('is read in the order of its weights, and tags of equal weight in their order', () => {
    assert.deepEqual(readAcceptLanguage('en;q=0.5, es-MX, es;q=0.9,fr ; q=0.9'), ['es-MX', 'es', 'fr', 'en']);
  });

  test('is read without tags of weight 0 and malformed tags', () => {
    assert.deepEqual(readAcceptLanguage('es;q=0, en;q=2, de;q=x, <b>, fr'), ['fr']);
    assert.deepEqual(readAcceptLanguage(undefined), []);
  });

  test('is read quickly however long it is', () => {
    assert.equal(readAcceptLanguage(`${'es,'.repeat(100_000)}en`).length, 32);
  });
});
