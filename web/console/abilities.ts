/**
 * Which staff role sees which page and which act. The server decides (its rulebook); this table only keeps the page from
 * offering what the server would refuse. A test compares the two.
 */
import type { StaffRoleName } from '../../src/contracts/console/shapes/session.ts';

export const abilities = {
  'console.people.read': ['owner', 'support', 'privacy', 'engineer'],
  'console.people.unmasked': ['owner', 'support', 'privacy'],
  'console.people.manage': ['owner', 'support'],
  'console.people.many': ['owner', 'support', 'privacy'],
  'console.people.rights': ['owner'],
  'console.people.export': ['owner', 'privacy'],
  'console.erasures.manage': ['owner', 'privacy'],
  'console.record.read': ['owner', 'privacy'],
  'console.keys.manage': ['owner', 'engineer'],
  'console.keys.deleting': ['owner'],
  'console.overview.read': ['owner', 'support', 'privacy', 'engineer'],
  'console.outbox.read': ['owner', 'support', 'privacy', 'engineer'],
  'console.staff.manage': ['owner'],
} as const satisfies Readonly<Record<string, readonly StaffRoleName[]>>;

export type Ability = keyof typeof abilities;

export function mayRole(role: StaffRoleName, ability: Ability): boolean {
  const roles: readonly StaffRoleName[] = abilities[ability];
  return roles.includes(role);
}
