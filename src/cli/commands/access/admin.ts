/** Creates the first user with the role admin, who can then invite others. */

import { settings } from '../../../config/settings.ts';
import { createAdmin, getOrganization } from '../../../core/directory/organization-lifecycle.ts';
import { toUserIdText } from '../../../core/ids.ts';
import type { Invocation } from '../../command.ts';
import { pairs } from '../../layout.ts';
import { door, onDirectory } from '../../operator.ts';
import { askNewPassword } from '../../password-prompt.ts';

export const createOne = onDirectory(async ({ core }, invocation) => {
  const organization = await getOrganization(core, invocation.get('org'));
  const password = await newPassword(invocation);
  const email = invocation.get('email');
  const { user, token } = await createAdmin(core, door, { organization, email, password });
  const userId = toUserIdText(user.id);
  return {
    json: { id: user.number, userId, token },
    text: pairs([
      ['Number', String(user.number)],
      ['Id', userId],
      ['Session token', token],
    ]),
  };
});

/** An empty setting counts as unset, as it does everywhere. */
async function newPassword({ env }: Invocation): Promise<string> {
  const given = env[settings.adminPassword.name];
  return given === undefined || given === '' ? askNewPassword() : given;
}
