/** What the operator does to one user, with the operations of the console and the same record. */
import type { ProfileChange } from '../../core/directory/profile-fields.ts';
import type { User } from '../../core/directory/user.ts';
import type { UserDossier } from '../../core/directory/user-dossier.ts';
import { deleteUser } from '../../core/directory/user-lifecycle.ts';
import { completeErasures } from '../../core/erasure/complete-erasures.ts';
import { toUserIdText } from '../../core/ids.ts';
import {
  type ActOutcome,
  type ActValues,
  actOnPerson,
  editPerson,
} from '../../core/people/acts-on-person.ts';
import { getPerson } from '../../core/people/person.ts';
import type { DoneAct } from '../../core/people/person-act.ts';
import { toMillisecondText } from '../../core/time.ts';
import { waitsForInvitation } from '../../core/verification/invitation.ts';
import { CommandError, type Handler, type Invocation, UsageError } from '../command.ts';
import { confirm } from '../confirm.ts';
import { counted, table } from '../layout.ts';
import { findUser } from '../one-user.ts';
import { onOrganizations, operatorOf } from '../operator.ts';

interface CommandOfAct {
  readonly act: DoneAct;
  readonly values?: (invocation: Invocation) => ActValues;
  /** What the person at the terminal confirms; absent for an act that is not asked about. */
  readonly question?: (who: string, invocation: Invocation) => string;
  /** The result as a sentence. */
  readonly text: (who: string, outcome: ActOutcome) => string;
}

/** A command that does one act to the user whom its argument names. */
function handlerOf({ act, values, question, text }: CommandOfAct): Handler {
  return onOrganizations(async (directory, invocation) => {
    const { core } = directory;
    const dossier = await findUser(directory, invocation, invocation.argument);
    const who = nameOf(dossier);
    if (act === 'confirm' && waitsForInvitation(dossier.user)) {
      throw new CommandError(
        `${who} was invited and has no password: send the invitation with \`roster user resend\``,
      );
    }
    if (question !== undefined) await agree(invocation, question(who, invocation));
    const { user, ...outcome } = await actOnPerson(core, operatorOf(dossier.user.orgKey), {
      ref: { id: dossier.user.id },
      act,
      values: values?.(invocation) ?? {},
      arrival: arrivalHere(),
    });
    return {
      json: { user: presentBriefly(user), act, ...presentOutcome(outcome) },
      text: text(who, { user, ...outcome }),
    };
  });
}

function presentOutcome({ isChanged, sent, sessionsEnded, locksEnded }: Omit<ActOutcome, 'user'>) {
  return { changed: isChanged, sent, sessionsEnded, locksEnded };
}

/** No network: the command runs beside the directory. */
function arrivalHere() {
  return { network: 'command line', arrivedAt: performance.now() };
}

async function agree(invocation: Invocation, question: string): Promise<void> {
  if (!(await confirm(invocation, question))) throw new CommandError('cancelled: nothing was changed');
}

/** Enough to recognise the user by, in a question and in a result. */
function nameOf({ user, organization }: Pick<UserDossier, 'user' | 'organization'>): string {
  const known = user.email ?? user.externalId ?? String(user.number);
  return `${toUserIdText(user.id)} (${known}, ${organization.name})`;
}

function presentBriefly({ id, number, email, externalId, status, role }: User) {
  return { id: toUserIdText(id), number, email, externalId, status, role };
}

const sentText = (who: string, { sent }: ActOutcome): string =>
  `${sent?.what === 'reset' ? 'A link to set a password' : `The ${sent?.what}`} goes to ${who} by ${sent?.channel}.`;

const stateText =
  (done: string, same: string) =>
  (who: string, { isChanged }: ActOutcome): string =>
    `${who} ${isChanged ? done : same}.`;

export const confirmUser = handlerOf({ act: 'confirm', text: (who) => `${who} is confirmed.` });

export const resend = handlerOf({
  act: 'resend',
  values: (invocation) => ({ what: invocation.find('what') }),
  text: sentText,
});

export const sendReset = handlerOf({ act: 'send-reset', text: sentText });

export const endSessions = handlerOf({
  act: 'end-sessions',
  question: (who) => `Every session of ${who} will end.`,
  text: (who, { sessionsEnded }) => `${counted(sessionsEnded ?? 0, 'session')} of ${who} ended.`,
});

export const unlock = handlerOf({
  act: 'unlock',
  text: (who, { locksEnded }) => `${counted(locksEnded ?? 0, 'count')} of ${who} cleared.`,
});

export const cancel = handlerOf({
  act: 'cancel',
  question: (who) => `${who} will be inactive and signed out everywhere.`,
  text: stateText('is cancelled', 'was cancelled before'),
});

export const reinstate = handlerOf({
  act: 'reinstate',
  text: stateText('is back', 'was not cancelled'),
});

export const changeRole = handlerOf({
  act: 'role',
  values: (invocation) => ({ role: invocation.get('to') }),
  question: (who, invocation) => `${who} will have the role ${invocation.get('to')}.`,
  text: (who, { user }) => `${who} has the role ${user.role}.`,
});

export const changeClinical = handlerOf({
  act: 'clinical',
  values: (invocation) => ({ isApproved: invocation.get('approved') === 'yes' }),
  question: (who, invocation) =>
    `${who} will ${invocation.get('approved') === 'yes' ? 'see the users of the organization as a clinician' : 'be no clinician'}.`,
  text: (who, { user }) => `${who} is ${user.isClinicalApproved ? '' : 'not '}approved as a clinician.`,
});

export const rename = handlerOf({
  act: 'rename',
  values: (invocation) => ({ externalId: noneOf(invocation.get('to')) }),
  text: (who, { user }) =>
    `${who} has ${user.externalId === null ? 'no external id' : 'another external id'}.`,
});

export const sessions = onOrganizations(async (directory, invocation) => {
  const dossier = await findUser(directory, invocation, invocation.argument);
  const { user } = dossier;
  const person = await getPerson(directory.core, operatorOf(user.orgKey), { ref: { id: user.id } });
  const shown = person.sessions.map(({ id, startedAt, lastUsedAt }) => {
    return { id, startedAt: toMillisecondText(startedAt), lastUsedAt: toMillisecondText(lastUsedAt) };
  });
  return {
    json: { user: presentBriefly(user), sessions: shown },
    text: table(
      ['id', 'started', 'last used'],
      shown.map(({ id, startedAt, lastUsedAt }) => [id, startedAt, lastUsedAt]),
      `${nameOf(dossier)} has no session.`,
    ),
  };
});

/** The options of `user edit` with the fields that they set. */
const editOptions: Readonly<Record<string, keyof ProfileChange>> = {
  email: 'email',
  'first-name': 'firstName',
  'last-name': 'lastName',
  phone: 'phone',
  'date-of-birth': 'dateOfBirth',
  language: 'language',
  timezone: 'timezone',
};

export const edit = onOrganizations(async (directory, invocation) => {
  const given = Object.entries(editOptions).flatMap(([option, field]) => {
    const value = invocation.find(option);
    return value === undefined ? [] : [[field, noneOf(value)] as const];
  });
  if (given.length === 0) throw new UsageError('nothing to change: give a field', invocation.command);
  const dossier = await findUser(directory, invocation, invocation.argument);
  const user = await editPerson(directory.core, operatorOf(dossier.user.orgKey), {
    ref: { id: dossier.user.id },
    change: Object.fromEntries(given),
    arrival: arrivalHere(),
  });
  return { json: { user: presentBriefly(user) }, text: `${nameOf({ ...dossier, user })} is changed.` };
});

export const deleteOne = onOrganizations(async (directory, invocation) => {
  const { core } = directory;
  const dossier = await findUser(directory, invocation, invocation.argument);
  const { user } = dossier;
  const principal = operatorOf(user.orgKey);
  const { deletion } = await getPerson(core, principal, { ref: { id: user.id } });
  const revoked = deletion.providers.filter(({ what }) => what === 'revoke').map(({ title }) => title);
  const providers = revoked.length === 0 ? '' : `, and the access to ${revoked.join(', ')} revoked`;
  await agree(invocation, `${nameOf(dossier)} will be deleted permanently${providers}.`);
  const { erasureId } = await deleteUser(core, principal, { ref: { id: user.id } });
  // A running server completes erasures too; without a server only this command does.
  await completeErasures(core);
  return {
    json: { id: toUserIdText(user.id), erasureId },
    text: `${toUserIdText(user.id)} is deleted; the erasure is ${erasureId}.`,
  };
});

function noneOf(value: string): string | null {
  return value === 'none' ? null : value;
}
