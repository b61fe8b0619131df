/**
 * How much the long tests do. `npm test` runs a short form of each kill loop and each costly property, with the same
 * checks; `npm run test:long` runs all tests in their long form, and takes some ten minutes more.
 */
const isLong = process.env['ROSTER_TEST_LONG'] === '1';

/** The runs of a property, or the distance between the points of a kill loop. */
export function effort(amounts: { readonly short: number; readonly long: number }): number {
  return isLong ? amounts.long : amounts.short;
}
