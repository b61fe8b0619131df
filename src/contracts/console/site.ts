/** The site for which passkeys are made: the public address of the deployment. */
import type { Core } from '../../core/core.ts';
import type { PasskeySite } from '../../core/staff/factor-check.ts';

export function siteOf({ issuer }: Core): PasskeySite {
  const { hostname, origin } = new URL(issuer());
  return { host: hostname, origin };
}
