/** The staff accounts of the organization, for owners. */
import { staffRoles } from '../../core/access/principal.ts';
import type { Core } from '../../core/core.ts';
import {
  changeStaffEmail,
  changeStaffRole,
  createStaff,
  type IssuedLink,
  issueStaffLink,
  linkAddress,
  listStaff,
  removeStaff,
} from '../../core/staff/manage-staff.ts';
import type { StaffAccount } from '../../core/staff/staff-account.ts';
import { toMillisecondText } from '../../core/time.ts';
import type { Answer, Call, Route } from '../../http/contract.ts';
import { readMembers } from '../../http/reading/members.ts';
import { instant, named, nullable, Type } from '../../http/shape.ts';
import type { StaffAnswer, StaffItem, StaffLinkAnswer } from './shapes/staff.ts';
import { staffOf } from './staff-caller.ts';

const role = Type.Enum(staffRoles);
const staffItem = named(
  'StaffItem',
  Type.Object({
    id: Type.String({ pattern: '^stf_[0-9a-f]{32}$' }),
    email: Type.String(),
    name: Type.String(),
    role,
    createdAt: instant('When the account was made.'),
    enrolledAt: nullable(instant('When a second factor was set up.')),
  }),
);
const staffList = named('StaffList', Type.Object({ items: Type.Array(staffItem) }));
const newStaff = named(
  'NewStaff',
  Type.Object({
    email: Type.String({ format: 'email', maxLength: 254 }),
    name: Type.String({ minLength: 1, maxLength: 255 }),
    role,
  }),
);
const emailChange = named(
  'StaffEmailChange',
  Type.Object({ email: Type.String({ format: 'email', maxLength: 254 }) }),
);
const roleChange = named('StaffRoleChange', Type.Object({ role }));
const staffLink = named(
  'StaffLink',
  Type.Object({
    staff: staffItem,
    link: Type.String({ description: 'The one-time address, shown now and never again.' }),
    expiresAt: instant('Until when the link is valid.'),
  }),
);
const params = Type.Object({ staffId: Type.String({ description: 'The id of the account.' }) });

const common = { access: 'console.staff.manage', tag: 'Staff' } as const;

export function staffRoutes(core: Core): readonly Route[] {
  return [
    {
      ...{ ...common, method: 'GET', path: '/staff', operationId: 'listStaff', summary: 'List the staff' },
      responses: { 200: { description: 'Every account, oldest first', schema: staffList } },
      async handle(call) {
        const body: StaffAnswer = { items: (await listStaff(core, staffOf(call))).map(presentStaff) };
        return { status: 200, body };
      },
    },
    {
      ...{ ...common, method: 'POST', path: '/staff', operationId: 'createStaff', summary: 'Add an account' },
      ...{ body: newStaff, bodyExample: { email: 'jo@example.com', name: 'Jo Smith', role: 'support' } },
      responses: { 201: { description: 'The account, and its one-time link', schema: staffLink } },
      refusals: ['fresh_factor_required', 'invalid_fields', 'email_taken'],
      async handle(call) {
        const { email, name, role: given } = readMembers(call.body);
        return linkAnswer(core, 201, await createStaff(core, staffOf(call), { email, name, role: given }));
      },
    },
    {
      ...{ ...common, method: 'PATCH', path: '/staff/:staffId', operationId: 'changeStaffRole', params },
      ...{ summary: 'Give an account another role', body: roleChange, bodyExample: { role: 'privacy' } },
      responses: { 200: { description: 'The account', schema: staffItem } },
      refusals: ['fresh_factor_required', 'invalid_fields', 'staff_account_not_found', 'last_owner'],
      sampleFaults: [{ field: 'role', fault: 'invalid' }],
      async handle(call) {
        const input = { staffId: staffIdOf(call), role: readMembers(call.body)['role'] };
        return { status: 200, body: presentStaff(await changeStaffRole(core, staffOf(call), input)) };
      },
    },
    {
      ...{
        ...common,
        method: 'POST',
        path: '/staff/:staffId/email',
        operationId: 'changeStaffEmail',
        params,
      },
      ...{ summary: 'Give an account another address', body: emailChange },
      description: 'The former address gets a notice. Password, factors and sessions stay.',
      bodyExample: { email: 'jo.smith@example.com' },
      responses: { 200: { description: 'The account', schema: staffItem } },
      refusals: [
        ...(['fresh_factor_required', 'invalid_fields', 'staff_account_not_found'] as const),
        ...(['email_taken', 'rate_limited'] as const),
      ],
      async handle(call) {
        const input = { staffId: staffIdOf(call), email: readMembers(call.body)['email'] };
        return { status: 200, body: presentStaff(await changeStaffEmail(core, staffOf(call), input)) };
      },
    },
    {
      ...{ ...common, method: 'DELETE', path: '/staff/:staffId', operationId: 'removeStaff', params },
      summary: 'Remove an account',
      responses: { 204: { description: 'Removed' } },
      refusals: ['fresh_factor_required', 'staff_account_not_found', 'last_owner'],
      async handle(call) {
        await removeStaff(core, staffOf(call), { staffId: staffIdOf(call) });
        return { status: 204 };
      },
    },
    {
      ...{ ...common, method: 'POST', path: '/staff/:staffId/link', operationId: 'issueStaffLink', params },
      summary: 'Make another one-time link',
      responses: { 200: { description: 'The link', schema: staffLink } },
      refusals: ['fresh_factor_required', 'staff_account_not_found'],
      async handle(call) {
        return linkAnswer(core, 200, await issueStaffLink(core, staffOf(call), { staffId: staffIdOf(call) }));
      },
    },
  ];
}

function staffIdOf(call: Call): string {
  return call.params['staffId'] ?? '';
}

function presentStaff({ id, email, name, role: given, createdAt, enrolledAt }: StaffAccount): StaffItem {
  return {
    ...{ id, email, name, role: given },
    createdAt: toMillisecondText(createdAt),
    enrolledAt: enrolledAt === null ? null : toMillisecondText(enrolledAt),
  };
}

function linkAnswer(
  core: Core,
  status: number,
  { account, link, expiresAt }: IssuedLink & { readonly account: StaffAccount },
): Answer {
  const body: StaffLinkAnswer = {
    ...{ staff: presentStaff(account), link: linkAddress(core, link) },
    expiresAt: toMillisecondText(expiresAt),
  };
  return { status, body };
}
