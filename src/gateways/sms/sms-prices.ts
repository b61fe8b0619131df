/**
 * The prices of text messages: a small file with a price for each beginning of a number. The longest beginning decides, so a
 * country, and a part of one, can have prices of their own; `*` is the price of every other number, so no number is free by
 * mistake. Every fault is reported with its line.
 */
import { parseAmount } from '../../core/amount.ts';

/** The price of one segment to a number in E.164, in millionths. */
export type SmsPrices = (phoneE164: string) => number;

/** The file cannot be used. Each fault is the end of a sentence about the file. */
export class SmsPriceError extends Error {
  override readonly name = 'SmsPriceError';
  readonly faults: readonly string[];

  constructor(faults: readonly string[]) {
    super(faults.join('\n'));
    this.faults = faults;
  }
}

const faultsMax = 20;
const anyNumber = '*';
const beginningText = /^(?:\*|\+[1-9]\d{0,14})$/;

/** @throws {SmsPriceError} with the faults, at most twenty. */
export function parseSmsPrices(text: string): SmsPrices {
  const prices = new Map<string, number>();
  const faults: string[] = [];
  for (const [index, line] of text
    .replace(/^\uFEFF/, '')
    .split(/\r?\n/)
    .entries()) {
    const problem = takeLine(prices, line.trim());
    if (problem !== null) faults.push(`line ${index + 1}: ${problem}`);
  }
  const otherPrice = prices.get(anyNumber);
  if (otherPrice === undefined && faults.length === 0) faults.push('has no line for *, every other number');
  if (otherPrice === undefined || faults.length > 0) throw new SmsPriceError(faults.slice(0, faultsMax));
  return (phoneE164) => {
    for (let length = phoneE164.length; length > 1; length -= 1) {
      const price = prices.get(phoneE164.slice(0, length));
      if (price !== undefined) return price;
    }
    return otherPrice;
  };
}

/** Adds the price of one line; what is wrong with it, or null. */
function takeLine(prices: Map<string, number>, line: string): string | null {
  if (line === '' || line.startsWith('#')) return null;
  const [beginning = '', amount = '', ...rest] = line.split(/\s+/);
  const price = parseAmount(amount);
  if (!beginningText.test(beginning)) {
    return 'must begin with + and the first digits of numbers, or with *';
  }
  if (price === null || rest.length > 0) {
    return 'must have one price, a decimal number such as 0.05 with at most six digits after the point';
  }
  if (prices.has(beginning)) return `has ${beginning} a second time`;
  prices.set(beginning, price);
  return null;
}
