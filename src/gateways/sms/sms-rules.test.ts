import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { getCountries, getExampleNumber, parsePhoneNumberFromString } from 'libphonenumber-js/max';
import examples from 'libphonenumber-js/mobile/examples';
import { createSmsRules } from './sms-rules.ts';

describe('the rules of text messages', () => {
  const rulesFor = (countries: readonly string[] | 'all') =>
    createSmsRules({ countries, pricesFile: null, budgetDay: null });

  test('price a number of an open country by the file that is shipped', () => {
    const rules = rulesFor(['US', 'JM']);
    assert.deepEqual(rules.destinationOf('+12024561111'), { country: 'US', price: 13_000 });
    assert.deepEqual(rules.destinationOf('+18765550123'), { country: 'JM', price: 350_000 });
    assert.equal(rules.destinationOf('+12042345678'), 'country');
    assert.equal(rules.destinationOf('+19002345678'), 'number');
    for (const nonsense of ['', '+', '12024561111', '+1', 'x'.repeat(10_000)]) {
      assert.equal(rules.destinationOf(nonsense), 'number');
    }
  });

  test('open the mobile phones of every country, and each belongs to it', () => {
    for (const country of getCountries()) {
      const example = getExampleNumber(country, examples);
      assert.ok(example !== undefined, country);
      const destination = rulesFor([country]).destinationOf(example.number);
      assert.ok(typeof destination === 'object', `${country} ${example.number}`);
      assert.equal(destination.country, country);
      const [own] = [parsePhoneNumberFromString(example.number)?.country];
      assert.ok(typeof rulesFor([own ?? '']).destinationOf(example.number) === 'object', country);
    }
  });
});
