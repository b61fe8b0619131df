/**
 * Staff accounts as owners and the operator manage them. An account begins with a one-time link, which its person uses to set a
 * password and a second factor. An organization keeps at least one owner.
 */
import {
  authorize,
  type Door,
  operatorAt,
  type Principal,
  type StaffRole,
  staffRoles,
} from '../access/principal.ts';
import type { Core } from '../core.ts';
import { FieldReader, readChoice, readNewEmail, readText } from '../directory/user-fields.ts';
import { refuse, refuseFaults } from '../errors.ts';
import { newPrefixedId } from '../ids.ts';
import { queueMessage } from '../messaging/queue-message.ts';
import { record } from '../record/audit-event.ts';
import { digestOf, newToken } from '../secret.ts';
import type { SystemTx, Tx } from '../unit-of-work.ts';
import { requireFreshFactor } from './authenticate-staff.ts';
import { type StaffAccount, staffLinkLifeMs } from './staff-account.ts';

const action = 'console.staff.manage';

export interface IssuedLink {
  /** The token of the link in plain text: shown now and never again. */
  readonly link: string;
  readonly expiresAt: number;
}

/** The address of the page that uses the link. What is behind `#` reaches no log. */
export function linkAddress(core: Core, link: string): string {
  return `${core.issuer()}/console/enrol#${link}`;
}

/** The staff accounts of the principal's organization, oldest first. Refuses with `forbidden`. */
export async function listStaff(core: Core, principal: Principal): Promise<readonly StaffAccount[]> {
  authorize(principal, action);
  return core.work.read(principal.orgKey, (tx) => tx.staff.list());
}

/** Creates an account with a one-time link. Refuses with `forbidden`, `fresh_factor_required`, `invalid_fields`, `email_taken`. */
export async function createStaff(
  core: Core,
  principal: Principal,
  input: { readonly email: unknown; readonly name: unknown; readonly role: unknown },
): Promise<IssuedLink & { readonly account: StaffAccount }> {
  authorize(principal, action);
  requireFreshFactor(core, principal);
  const read = readStaff(input);
  return core.work.change(principal.orgKey, (tx) => addStaff(core, tx, principal, read));
}

/** Every staff account of the deployment, for the operator. */
export function findStaffEverywhere(core: Core): Promise<readonly StaffAccount[]> {
  return core.work.readSystem('operator', (tx) => tx.staff.list());
}

/**
 * Creates an owner of the first organization, with a one-time link, in a directory that has no staff account at all; null in any
 * other. Of several callers at the same time exactly one succeeds. The account is named after the host, and its owner may be
 * replaced by one with a real address.
 */
export async function createFirstOwner(
  core: Core,
  door: Door,
): Promise<(IssuedLink & { readonly account: StaffAccount }) | null> {
  const make = async (system: SystemTx) => {
    const organization = await system.organizations.findFirst();
    if (organization === null || (await system.staff.isAnyThere())) return null;
    const tx = system.within(organization.key);
    const email = `owner@${new URL(core.issuer()).hostname}`;
    return addStaff(core, tx, operatorAt(door, tx.orgKey), { email, name: 'Owner', role: 'owner' });
  };
  // Nearly every start finds an account, and then it writes and waits for nothing.
  if (await core.work.readSystem('operator', (tx) => tx.staff.isAnyThere())) return null;
  return core.work.changeSystem('operator', make, { isExclusive: true });
}

/** The clean fields of an account. Refuses with `invalid_fields`. */
export function readStaff(input: {
  readonly email: unknown;
  readonly name: unknown;
  readonly role: unknown;
}): {
  readonly email: string;
  readonly name: string;
  readonly role: StaffRole;
} {
  const fields = new FieldReader();
  // No code goes to the address, so its local part may be of any script.
  const email = fields.take('email', readNewEmail(input.email, true)) ?? '';
  const name = fields.take('name', readText(input.name)) ?? '';
  const role = fields.take('role', readChoice(input.role, staffRoles)) ?? 'support';
  refuseFaults(fields.faults);
  return { email, name, role };
}

/** A step: a new account with a link. */
export async function addStaff(
  core: Core,
  tx: Tx,
  principal: Principal,
  { email, name, role }: Pick<StaffAccount, 'email' | 'name' | 'role'>,
): Promise<IssuedLink & { readonly account: StaffAccount }> {
  const now = core.clock.now();
  const account = await tx.staff.insert({
    ...{ id: newPrefixedId('stf'), email, name, role },
    ...{ passwordHash: null, sealedTotp: null, createdAt: now, enrolledAt: null },
  });
  await record(tx, principal, 'staff.created', { kind: 'staff', id: account.id }, now);
  return { account, ...(await addLink(core, tx, principal, account.id)) };
}

/**
 * Gives the account another role. Refuses with `forbidden`, `fresh_factor_required`, `invalid_fields`, `not_found`
 * (staff_account), and `last_owner`.
 */
export async function changeStaffRole(
  core: Core,
  principal: Principal,
  input: { readonly staffId: string; readonly role: unknown },
): Promise<StaffAccount> {
  authorize(principal, action);
  requireFreshFactor(core, principal);
  const fields = new FieldReader();
  const role = fields.take('role', readChoice(input.role, staffRoles));
  return core.work.change(principal.orgKey, async (tx) => {
    const owners = await tx.staff.lockOwners();
    const account = await getStaff(tx, input.staffId);
    refuseFaults(fields.faults);
    if (role === undefined || role === account.role) return account;
    if (account.role === 'owner') keepOwner(owners);
    await tx.staff.update(account.id, { role });
    const subject = { kind: 'staff', id: account.id } as const;
    await record(tx, principal, 'staff.role_changed', subject, core.clock.now(), { fields: ['role'] });
    return { ...account, role };
  });
}

/** Removes the account with its sessions and factors. Refuses as `changeStaffRole`. */
export async function removeStaff(
  core: Core,
  principal: Principal,
  input: { readonly staffId: string },
): Promise<StaffAccount> {
  authorize(principal, action);
  requireFreshFactor(core, principal);
  return core.work.change(principal.orgKey, async (tx) => {
    const owners = await tx.staff.lockOwners();
    const account = await getStaff(tx, input.staffId);
    if (account.role === 'owner') keepOwner(owners);
    await tx.staff.remove(account.id);
    await record(tx, principal, 'staff.removed', { kind: 'staff', id: account.id }, core.clock.now());
    return account;
  });
}

/**
 * Sets the address with which the account signs in, and tells the former one. Password, factors and sessions stay. Refuses with
 * `forbidden`, `fresh_factor_required`, `invalid_fields`, `not_found` (staff_account), `email_taken`, and with `rate_limited` where
 * the former address could not be told.
 */
export async function changeStaffEmail(
  core: Core,
  principal: Principal,
  input: { readonly staffId: string; readonly email: unknown },
): Promise<StaffAccount> {
  authorize(principal, action);
  requireFreshFactor(core, principal);
  const fields = new FieldReader();
  const email = fields.take('email', readNewEmail(input.email, true));
  return core.work.change(principal.orgKey, async (tx) => {
    const account = await getStaff(tx, input.staffId);
    refuseFaults(fields.faults);
    if (email === undefined || email === account.email) return account;
    await tx.staff.update(account.id, { email });
    const subject = { kind: 'staff', id: account.id } as const;
    await record(tx, principal, 'staff.email_changed', subject, core.clock.now(), { fields: ['email'] });
    await tellFormerAddress(core, tx, account);
    return { ...account, email };
  });
}

/** A step: a notice to the address of the account. */
async function tellFormerAddress(core: Core, tx: Tx, { email, createdAt }: StaffAccount): Promise<void> {
  const appId = await tx.apps.getFirstId();
  const recipient = { id: null, isStaff: true, email, emailProvedAt: createdAt, appId } as const;
  await queueMessage(
    core,
    tx,
    { ...recipient, language: 'en', isTemplate: false },
    { template: 'staff_email_changed', channel: 'email', to: email },
  );
}

/**
 * Another one-time link for the account, which ends the former one. The account keeps its password and factors until the link is
 * used. Refuses as `removeStaff`.
 */
export async function issueStaffLink(
  core: Core,
  principal: Principal,
  input: { readonly staffId: string },
): Promise<IssuedLink & { readonly account: StaffAccount }> {
  authorize(principal, action);
  requireFreshFactor(core, principal);
  return core.work.change(principal.orgKey, async (tx) => {
    const account = await getStaff(tx, input.staffId);
    return { account, ...(await addLink(core, tx, principal, account.id)) };
  });
}

async function addLink(core: Core, tx: Tx, principal: Principal, staffId: string): Promise<IssuedLink> {
  const now = core.clock.now();
  const link = newToken('sl', tx.orgKey);
  const expiresAt = now + staffLinkLifeMs;
  await tx.staffFactors.replaceLink({ staffId, expiresAt }, digestOf(link));
  await record(tx, principal, 'staff.link_issued', { kind: 'staff', id: staffId }, now);
  return { link, expiresAt };
}

async function getStaff(tx: Tx, staffId: string): Promise<StaffAccount> {
  const account = await tx.staff.lock(staffId);
  if (account === null) throw refuse('not_found', { noun: 'staff_account' });
  return account;
}

function keepOwner(owners: readonly string[]): void {
  if (owners.length <= 1) throw refuse('last_owner', {});
}
