import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { formatAmount, parseAmount } from './amount.ts';

describe('an amount', () => {
  test('is read as whole millionths', () => {
    assert.equal(parseAmount('0.0079'), 7_900);
    assert.equal(parseAmount('100'), 100_000_000);
    assert.equal(parseAmount('0'), 0);
    assert.equal(parseAmount('999999999.999999'), 999_999_999_999_999);
  });

  test('is refused in every other form', () => {
    for (const text of [
      '',
      '.',
      '.5',
      '5.',
      '-1',
      '+1',
      '1e3',
      '1,5',
      '0x1',
      ' 1',
      '1.0000001',
      '1000000000',
      '٣',
    ]) {
      assert.equal(parseAmount(text), null, text);
    }
  });

  test('is a sum without rounding: a tenth three times is three tenths', () => {
    assert.equal((parseAmount('0.1') ?? 0) * 3, parseAmount('0.3'));
  });

  test('is written as it is read', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 999_999_999_999_999 }), (amount) => {
        assert.equal(parseAmount(formatAmount(amount)), amount);
      }),
    );
  });
});
