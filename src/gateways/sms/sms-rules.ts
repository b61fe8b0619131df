/**
 * The rules for a real sender of text messages, from the settings: the countries that it may text, the prices and the
 * budget. Loaded only where there is one, for the metadata of numbers.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { SmsRules } from '../../core/messaging/sms-rules.ts';
import { textedCountries } from './sms-numbers.ts';
import { parseSmsPrices, type SmsPrices } from './sms-prices.ts';
import { segmentsOf } from './sms-text.ts';

const ownPrices = join(import.meta.dirname, 'sms-prices.txt');

export interface SmsRulesOptions {
  /** ISO 3166 codes, or all countries. */
  readonly countries: readonly string[] | 'all';
  /** The path of the deployment's own prices; null: the prices of Roster. */
  readonly pricesFile: string | null;
  /** In millionths; null for no limit. */
  readonly budgetDay: number | null;
}

/**
 * @throws {SmsPriceError} if the file of prices has faults.
 * @throws an error of the file system if it cannot be read.
 */
export function createSmsRules({ countries, pricesFile, budgetDay }: SmsRulesOptions): SmsRules {
  const priceOf: SmsPrices = parseSmsPrices(readFileSync(pricesFile ?? ownPrices, 'utf8'));
  const isOpen = (country: string): boolean => countries === 'all' || countries.includes(country);
  return {
    destinationOf(phoneE164) {
      const texted = textedCountries(phoneE164);
      if (texted === null) return 'number';
      const country = texted.find(isOpen);
      return country === undefined ? 'country' : { country, price: priceOf(phoneE164) };
    },
    segmentsOf,
    budgetDay,
  };
}
