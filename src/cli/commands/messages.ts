/** Lists messages and what became of them. Never shows a text, a code or an address. */
import { listOrganizations } from '../../core/directory/organization-lifecycle.ts';
import { toUserIdText } from '../../core/ids.ts';
import { messageStates } from '../../core/messaging/message.ts';
import { listMessages, type MessageTrack } from '../../core/people/list-messages.ts';
import { recordOperatorRead } from '../../core/record/commands.ts';
import { toMillisecondText } from '../../core/time.ts';
import { CommandError } from '../command.ts';
import { table } from '../layout.ts';
import { findUser } from '../one-user.ts';
import { choiceOf, findOrganization, onDirectory, operatorOf } from '../operator.ts';

const messagesPerPage = 50;
/** A page is read with those before it, so there is a last one. */
const messagesMax = 100_000;

export const list = onDirectory(async (directory, invocation) => {
  const { core } = directory;
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
  const found: MessageTrack[] = [];
  if (reference === undefined) {
    const only = await findOrganization(directory, invocation);
    for (const { key } of only === null ? await listOrganizations(core) : [only]) {
      found.push(...(await listMessages(core, operatorOf(key), { userId: null, state, limit })));
    }
  } else {
    const { user } = await findUser(directory, invocation, reference);
    const principal = operatorOf(user.orgKey);
    await recordOperatorRead(core, principal, user.id);
    found.push(...(await listMessages(core, principal, { userId: user.id, state, limit })));
  }
  const messages = found
    .sort((left, right) => right.createdAt - left.createdAt)
    .slice(limit - size, limit)
    .map(presentMessage);
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
