/** Lists messages and what became of them. Never shows a text, a code or an address. */
import type { Directory } from '../../app/open-directory.ts';
import type { Core } from '../../core/core.ts';
import type { Organization } from '../../core/directory/organization.ts';
import { listOrganizations } from '../../core/directory/organization-lifecycle.ts';
import type { UserDossier } from '../../core/directory/user-dossier.ts';
import { type OrgKey, toUserIdText } from '../../core/ids.ts';
import { messageStates } from '../../core/messaging/message.ts';
import { listMessages, type MessageTrack } from '../../core/people/list-messages.ts';
import { recordOperatorRead } from '../../core/record/commands.ts';
import { toMillisecondText } from '../../core/time.ts';
import { CommandError } from '../command.ts';
import { table } from '../layout.ts';
import { findUser } from '../one-user.ts';
import { choiceOf, findOrganization, onOrganizations, operatorOf } from '../operator.ts';

const messagesPerPage = 50;
/** A page is read with those before it, so there is a last one. */
const messagesMax = 100_000;

export const list = onOrganizations(async (directory, invocation) => {
  const size = Number(invocation.find('limit') ?? messagesPerPage);
  const page = Number(invocation.find('page') ?? 1);
  const limit = page * size;
  if (limit > messagesMax) {
    throw new CommandError(
      `only the newest ${messagesMax} messages have pages: --user or --org leaves fewer`,
    );
  }
  const state = choiceOf(invocation, 'state', messageStates) ?? null;
  const reference = invocation.find('user');
  const found =
    reference === undefined
      ? await listNewest(directory, await findOrganization(directory, invocation), { state, limit })
      : await listOfUser(directory, await findUser(directory, invocation, reference), { state, limit });
  const shown = found
    .sort((left, right) => right.message.createdAt - left.message.createdAt)
    .slice(limit - size, limit);
  await directory.recordIn(shown.map(({ orgKey }) => orgKey));
  const messages = shown.map(({ message }) => message).map(presentMessage);
  return {
    json: messages,
    text: table(
      ['created', 'user', 'template', 'channel', 'state', 'attempts', 'ended', 'next attempt'],
      messages.map(({ createdAt, user, template, channel, state: now, attempts, endedAt, nextAttemptAt }) => [
        createdAt,
        user ?? '-',
        template,
        channel,
        now,
        String(attempts),
        endedAt ?? '-',
        nextAttemptAt ?? '-',
      ]),
      page === 1 ? 'There are no such messages.' : 'There are no messages on this page.',
    ),
  };
});

/** A message of an organization. */
interface Found {
  readonly orgKey: OrgKey;
  readonly message: MessageTrack;
}

type Wanted = Pick<Parameters<typeof listMessages>[2], 'state' | 'limit'>;

/** Organizations that are asked at the same time. */
const askedTogether = 100;

/** The newest messages of the organization, or of every one. An index has them for each, so each is asked for its newest. */
async function listNewest({ core }: Directory, only: Organization | null, wanted: Wanted): Promise<Found[]> {
  const organizations = only === null ? await listOrganizations(core) : [only];
  let found: Found[] = [];
  for (let at = 0; at < organizations.length; at += askedTogether) {
    const some = organizations.slice(at, at + askedTogether);
    const lists = await Promise.all(some.map(({ key }) => listIn(core, key, { ...wanted, userId: null })));
    const newest = [...found, ...lists.flat()].sort(
      (left, right) => right.message.createdAt - left.message.createdAt,
    );
    found = newest.slice(0, wanted.limit);
  }
  return found;
}

async function listOfUser({ core }: Directory, { user }: UserDossier, wanted: Wanted): Promise<Found[]> {
  await recordOperatorRead(core, operatorOf(user.orgKey), user.id);
  return listIn(core, user.orgKey, { ...wanted, userId: user.id });
}

async function listIn(
  core: Core,
  orgKey: OrgKey,
  wanted: Parameters<typeof listMessages>[2],
): Promise<Found[]> {
  const messages = await listMessages(core, operatorOf(orgKey), wanted);
  return messages.map((message) => ({ orgKey, message }));
}

/** A message without its content. */
export function presentMessage(message: MessageTrack) {
  const { id, userId, channel, template, state, attempts, createdAt, settlesAt } = message;
  const settles = toMillisecondText(settlesAt);
  return {
    id,
    user: userId === null ? null : toUserIdText(userId),
    channel,
    template,
    state,
    attempts,
    createdAt: toMillisecondText(createdAt),
    endedAt: state === 'queued' ? null : settles,
    nextAttemptAt: state === 'queued' ? settles : null,
  };
}
