/** Where the pages of a flow are for a browser. */
import type { Core } from '../../core/core.ts';

/**
 * The path above both pages with a slash at its end, also below a public address with a path. Addresses that are relative
 * to the page would be wrong after a slash at the end of the page's own address.
 */
export function flowFolder({ providers }: Core): string {
  return new URL('.', providers.redirectUri).pathname;
}
