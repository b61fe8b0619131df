import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { matchLanguage, readAcceptLanguage } from './language.ts';

const available = ['en', 'es', 'pt-br'] as const;

describe('the language that suits best', () => {
  test('is found by taking subtags off the end', () => {
    assert.equal(matchLanguage(['es-Latn-MX'], available), 'es');
    assert.equal(matchLanguage(['pt-BR-x-formal'], available), 'pt-br');
  });

  test('is never a more special one than was asked for', () => {
    assert.equal(matchLanguage(['pt'], available), 'en');
  });

  test('is of the first wish that can be met', () => {
    assert.equal(matchLanguage(['fr-CA', 'es', 'en'], available), 'es');
  });

  test('is English where no wish can be met', () => {
    assert.equal(matchLanguage([], available), 'en');
    assert.equal(matchLanguage(['', '-', '*', 'i-klingon', '__proto__'], available), 'en');
  });
});

describe('an Accept-Language header', () => {
  test('is read in the order of its weights, and of its words among equals', () => {
    assert.deepEqual(readAcceptLanguage('en;q=0.5, es-MX, es;q=0.9,fr ; q=0.9'), ['es-MX', 'es', 'fr', 'en']);
  });

  test('loses what is refused and what is malformed', () => {
    assert.deepEqual(readAcceptLanguage('es;q=0, en;q=2, de;q=x, <b>, fr'), ['fr']);
    assert.deepEqual(readAcceptLanguage(undefined), []);
  });

  test('is read quickly however long it is', () => {
    assert.equal(readAcceptLanguage(`${'es,'.repeat(100_000)}en`).length, 32);
  });
});
