/** Shows one user as each API does, and the fields that no API shows. Never shows a digest, a code or a token. */
import { presentUser } from '../../app/create-app.ts';
import { findDossiers, type UserDossier } from '../../core/directory/user-dossier.ts';
import { recordOperatorRead } from '../../core/record/commands.ts';
import { toMillisecondText } from '../../core/time.ts';
import { bold, pairs, timeOrNull } from '../layout.ts';
import { pickUser } from '../one-user.ts';
import { findOrganization, onDirectory, operatorOf } from '../operator.ts';

export const show = onDirectory(async (directory, invocation) => {
  const { core } = directory;
  const only = await findOrganization(directory, invocation);
  const dossier = pickUser(await findDossiers(core, invocation.argument), only?.id ?? null);
  await recordOperatorRead(core, operatorOf(dossier.organization.key), dossier.user.id);
  const views = await presentUser(dossier.user, core.clock.now());
  const json = { ...views, directory: presentDossier(dossier) };
  return {
    json,
    text: Object.entries(json)
      .map(([name, view]) => `${bold(name)}\n${pairs(flatten(view))}`)
      .join('\n\n'),
  };
});

function presentDossier({ organization, app, user, sessions, openCode, openTokens }: UserDossier) {
  return {
    organization: { id: organization.id, name: organization.name },
    app: app === null ? null : { appId: app.id, name: app.name },
    clinicalApproved: user.isClinicalApproved,
    template: user.isTemplate,
    nativeSignup: user.isNativeSignup,
    hasPassword: user.passwordHash !== null,
    selfRegistered: user.isSelfRegistered,
    requestedEmail: user.requestedEmail,
    confirmedAt: timeOrNull(user.confirmedAt),
    emailProvedAt: timeOrNull(user.emailProvedAt),
    phoneProvedAt: timeOrNull(user.phoneProvedAt),
    phoneE164: user.phoneE164,
    sessions: sessions.map(({ id, startedAt, lastUsedAt }) => {
      return { id, startedAt: toMillisecondText(startedAt), lastUsedAt: toMillisecondText(lastUsedAt) };
    }),
    openCodes:
      openCode === null
        ? []
        : [{ expiresAt: toMillisecondText(openCode.expiresAt), triesLeft: openCode.triesLeft }],
    openLinks: openTokens.map(({ purpose, expiresAt }) => {
      return { purpose, expiresAt: toMillisecondText(expiresAt) };
    }),
  };
}

/** The values of a JSON object, each under its dotted name. */
function flatten(value: unknown, name = ''): (readonly [string, string])[] {
  if (typeof value !== 'object' || value === null) return [[name, value === null ? '-' : String(value)]];
  const entries = Object.entries(value);
  if (entries.length === 0) return [[name, 'none']];
  return entries.flatMap(([key, each]) => flatten(each, name === '' ? key : `${name}.${key}`));
}
