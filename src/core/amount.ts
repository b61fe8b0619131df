/**
 * Amounts of money without a currency, as whole millionths, so that sums are exact. They are texts such as `0.0079` in
 * settings and files, and never floating-point numbers.
 */

const millionthsPerUnit = 1_000_000;
/** Nine digits before the point and six after it: every amount is a safe integer. */
const amountText = /^(\d{1,9})(?:\.(\d{1,6}))?$/;

/** The amount in millionths; null where the text is not a decimal number of at most nine and six digits. */
export function parseAmount(text: string): number | null {
  const match = amountText.exec(text);
  if (match === null) return null;
  const [, units = '', fraction = ''] = match;
  return Number(units) * millionthsPerUnit + Number(fraction.padEnd(6, '0'));
}

/** As a decimal number, without zeros at the end of the fraction. */
export function formatAmount(millionths: number): string {
  const fraction = String(millionths % millionthsPerUnit)
    .padStart(6, '0')
    .replace(/0+$/, '');
  const units = String(Math.floor(millionths / millionthsPerUnit));
  return fraction === '' ? units : `${units}.${fraction}`;
}
