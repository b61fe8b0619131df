/** Asks an operation of the console with each role: those that may are not refused for their role, and the others are. */
import assert from 'node:assert/strict';
import { type StaffRole, staffRoles } from '../../../src/core/access/principal.ts';
import type { Ask } from '../../support/server/http.ts';
import type { Roster, Tenant } from '../../support/server/start.ts';

export async function expectRoles(
  { roster, tenant = roster.organization }: { readonly roster: Roster; readonly tenant?: Tenant },
  allowed: readonly StaffRole[],
  line: string | (() => Promise<string>),
  ask: Pick<Ask, 'json'> = {},
): Promise<void> {
  for (const role of staffRoles) {
    const { ask: credential } = await tenant.staff(role);
    const asked = typeof line === 'string' ? line : await line();
    const reply = await roster.call(asked, { ...credential, ...ask });
    if (allowed.includes(role)) assert.ok(reply.status < 300, `${role}: ${reply.status} ${reply.text}`);
    else assert.deepEqual([reply.status, reply.at('error.code')], [403, 'forbidden'], role);
  }
}
