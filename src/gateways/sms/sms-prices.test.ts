import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { parseSmsPrices, SmsPriceError } from './sms-prices.ts';

describe('a file of prices', () => {
  test('gives the price of the longest beginning, and of every other number', () => {
    const priceOf = parseSmsPrices('\uFEFF# prices\r\n* 0.5\r\n+1 0.01\r\n\r\n+1876\t0.3\r\n+49 0\r\n');
    const numbers = ['+12024561111', '+18765550123', '+4915123456789', '+33612345678', '+1'];
    assert.deepEqual(numbers.map(priceOf), [10_000, 300_000, 0, 500_000, 10_000]);
  });

  test('is refused with the line of every fault', () => {
    const faultsOf = (text: string): readonly string[] => {
      try {
        parseSmsPrices(text);
      } catch (error) {
        assert.ok(error instanceof SmsPriceError);
        return error.faults;
      }
      return [];
    };
    const beginning = 'must begin with + and the first digits of numbers, or with *';
    const price =
      'must have one price, a decimal number such as 0.05 with at most six digits after the point';
    assert.deepEqual(
      faultsOf('* 1\n49 0.1\n+49 0,1\n\n+49\n+49 0.1 EUR\n+49 -1\n+49 0.1\n+49 0.2\n+0 1\n+ 1\n'),
      [
        `line 2: ${beginning}`,
        `line 3: ${price}`,
        `line 5: ${price}`,
        `line 6: ${price}`,
        `line 7: ${price}`,
        'line 9: has +49 a second time',
        `line 10: ${beginning}`,
        `line 11: ${beginning}`,
      ],
    );
    assert.deepEqual(faultsOf('+1 0.01\n'), ['has no line for *, every other number']);
    assert.equal(faultsOf('x\n'.repeat(1_000)).length, 20);
  });
});
