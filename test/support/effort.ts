/**
 * How much the long tests do. `npm test` runs a short form of each kill loop and each costly property, with the same
 * checks; `npm run test:long` runs all tests in their long form, and takes some ten minutes more.
 */
import { type TestContext, type TestOptions, test } from 'node:test';

const isLong = process.env['ROSTER_TEST_LONG'] === '1';

/** The runs of a property, or the distance between the points of a kill loop. */
export function effort(amounts: { readonly short: number; readonly long: number }): number {
  return isLong ? amounts.long : amounts.short;
}

/** How long a test may take that works for more than two seconds on a quiet machine. */
export const slowTestMs = isLong ? 3_600_000 : 120_000;

/**
 * `test` for a file with tests that work for more than two seconds on a quiet machine. `npm test` gives each other test and
 * each hook 20 seconds, which is ten times what it needs, because a machine that tests is busy.
 *
 *     import { slowTest as test } from '../support/effort.ts';
 */
export function slowTest(title: string, ...rest: [Work] | [options: TestOptions, work: Work]): void {
  const work = rest.pop();
  const [options] = rest;
  test(title, { timeout: slowTestMs, ...Object(options) }, work as Work);
}

type Work = (t: TestContext) => Promise<void> | void;
