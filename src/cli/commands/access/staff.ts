/** Staff accounts of the console. A one-time link is shown only by the command that made it. */

import { staffRoles } from '../../../core/access/principal.ts';
import type { Core } from '../../../core/core.ts';
import { canonicalEmail } from '../../../core/directory/email-address.ts';
import {
  changeStaffEmail,
  changeStaffRole,
  createStaff,
  findStaffEverywhere,
  type IssuedLink,
  issueStaffLink,
  linkAddress,
  removeStaff,
} from '../../../core/staff/manage-staff.ts';
import type { StaffAccount } from '../../../core/staff/staff-account.ts';
import { toMillisecondText } from '../../../core/time.ts';
import { CommandError, type Invocation, type Outcome } from '../../command.ts';
import { confirm } from '../../confirm.ts';
import { pairs, table, timeOrNull } from '../../layout.ts';
import {
  choiceOf,
  findOrganization,
  getOnlyOrganization,
  type OperatorDirectory,
  onOrganizations,
  operatorOf,
  readOrganizationLabels,
} from '../../operator.ts';

export const add = onOrganizations(async (directory, invocation) => {
  const { key } = await getOnlyOrganization(directory, invocation);
  const input = {
    email: invocation.get('email'),
    name: invocation.get('name'),
    role: invocation.get('role'),
  };
  return presentLink(directory.core, await createStaff(directory.core, operatorOf(key), input));
});

export const list = onOrganizations(async (directory, invocation) => {
  const accounts = await listFor(directory, invocation);
  const labelOf = await readOrganizationLabels(directory, accounts);
  return {
    json: accounts.map((account) => ({ ...toJson(account), organization: labelOf(account.orgKey) })),
    text: table(
      ['id', 'email', 'name', 'role', 'organization', 'enrolled'],
      accounts.map((account) => {
        const { id, email, name, role, enrolledAt } = toJson(account);
        return [id, email, name, role, labelOf(account.orgKey).name ?? '-', enrolledAt ?? '-'];
      }),
      'There is no staff: add one with `roster staff add`.',
    ),
  };
});

export const changeRole = onOrganizations(async (directory, invocation) => {
  const { orgKey, id } = await getAccount(directory, invocation);
  const role = choiceOf(invocation, 'role', staffRoles);
  return present(await changeStaffRole(directory.core, operatorOf(orgKey), { staffId: id, role }));
});

export const changeEmail = onOrganizations(async (directory, invocation) => {
  const { orgKey, id } = await getAccount(directory, invocation);
  const email = invocation.get('email');
  return present(await changeStaffEmail(directory.core, operatorOf(orgKey), { staffId: id, email }));
});

export const remove = onOrganizations(async (directory, invocation) => {
  const { orgKey, id, email } = await getAccount(directory, invocation);
  if (!(await confirm(invocation, `Remove the staff account ${email}?`))) {
    throw new CommandError('cancelled: nothing was changed');
  }
  await removeStaff(directory.core, operatorOf(orgKey), { staffId: id });
  return { json: { id, email }, text: `${id} is removed.` };
});

export const link = onOrganizations(async (directory, invocation) => {
  const { orgKey, id } = await getAccount(directory, invocation);
  return presentLink(
    directory.core,
    await issueStaffLink(directory.core, operatorOf(orgKey), { staffId: id }),
  );
});

async function listFor(
  directory: OperatorDirectory,
  invocation: Invocation,
): Promise<readonly StaffAccount[]> {
  const only = await findOrganization(directory, invocation);
  const accounts = await findStaffEverywhere(directory.core);
  return accounts.filter(({ orgKey }) => only === null || orgKey === only.key);
}

/** The account that the argument names. */
async function getAccount(directory: OperatorDirectory, invocation: Invocation): Promise<StaffAccount> {
  const { argument } = invocation;
  const key = canonicalEmail(argument);
  const found = (await listFor(directory, invocation)).filter(
    ({ id, email }) => id === argument || canonicalEmail(email) === key,
  );
  const [account, second] = found;
  await directory.recordIn(found.map(({ orgKey }) => orgKey));
  if (account === undefined) throw new CommandError('there is no such staff account (`roster staff list`)');
  if (second !== undefined) throw new CommandError('add --org ID: several organizations have this account');
  return account;
}

function toJson({ id, email, name, role, createdAt, enrolledAt }: StaffAccount) {
  return {
    ...{ id, email, name, role },
    createdAt: toMillisecondText(createdAt),
    enrolledAt: timeOrNull(enrolledAt),
  };
}

function linesOf({ id, email, name, role }: StaffAccount): readonly (readonly [string, string])[] {
  return [
    ['Account', id],
    ['Email', email],
    ['Name', name],
    ['Role', role],
  ];
}

function present(account: StaffAccount): Outcome {
  return { json: toJson(account), text: pairs(linesOf(account)) };
}

function presentLink(
  core: Core,
  { account, link: token, expiresAt }: IssuedLink & { readonly account: StaffAccount },
): Outcome {
  const address = linkAddress(core, token);
  const until = toMillisecondText(expiresAt);
  return {
    json: { ...toJson(account), link: address, expiresAt: until },
    text: pairs([...linesOf(account), ['Link', address], ['Valid until', until]]),
  };
}
