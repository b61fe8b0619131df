/** Shows one user as each API does, and the fields that no API shows. Never shows a digest, a code or a token. */
import { presentUser } from '../../app/create-app.ts';
import type { UserDossier } from '../../core/directory/user-dossier.ts';
import { getPerson, type Person } from '../../core/people/person.ts';
import { toMillisecondText } from '../../core/time.ts';
import { bold, pairs, timeOrNull } from '../layout.ts';
import { findUser } from '../one-user.ts';
import { onOrganizations, operatorOf } from '../operator.ts';
import { presentMessage } from './messages.ts';

export const show = onOrganizations(async (directory, invocation) => {
  const { core } = directory;
  const dossier = await findUser(directory, invocation, invocation.argument);
  const person = await getPerson(core, operatorOf(dossier.organization.key), {
    ref: { id: dossier.user.id },
  });
  const views = await presentUser(dossier.user, core.clock.now());
  const json = { ...views, directory: { ...presentDossier(dossier), ...presentPerson(person) } };
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

function presentPerson({ signIn, connections, messages, wrongPasswords, acts }: Person) {
  return {
    signIn: {
      can: signIn.can,
      reasons: signIn.reasons.map(({ until, ...reason }) => ({ ...reason, until: timeOrNull(until) })),
    },
    connections: connections.map(({ id, provider, status, connectedAt, lastSyncAt }) => {
      return {
        id,
        provider,
        status,
        connectedAt: timeOrNull(connectedAt),
        lastSyncAt: timeOrNull(lastSyncAt),
      };
    }),
    messages: messages.map(presentMessage).map(({ user: _, ...message }) => message),
    wrongPasswords: wrongPasswords.map(({ lastAt, lockedUntil, ...each }) => {
      return { ...each, lastAt: toMillisecondText(lastAt), lockedUntil: timeOrNull(lockedUntil) };
    }),
    refusedActs: Object.fromEntries(
      Object.entries(acts).flatMap(([act, { why }]) => (why === null ? [] : [[act, why]])),
    ),
  };
}

/** The values of a JSON object, each under its dotted name. */
function flatten(value: unknown, name = ''): (readonly [string, string])[] {
  if (typeof value !== 'object' || value === null) return [[name, value === null ? '-' : String(value)]];
  const entries = Object.entries(value);
  if (entries.length === 0) return [[name, 'none']];
  return entries.flatMap(([key, each]) => flatten(each, name === '' ? key : `${name}.${key}`));
}
