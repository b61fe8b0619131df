/** The newest messages of an organization and what became of them, without their content, for the operator. */
import { authorize, type Principal } from '../access/principal.ts';
import type { Core } from '../core.ts';
import type { UserId } from '../ids.ts';
import type { MessageState } from '../messaging/message.ts';
import type { TrackedMessage } from '../messaging/message-queue.ts';

export type MessageTrack = Omit<TrackedMessage, 'sealedContent' | 'destination'>;

/** Among so many of one user the state is looked for. */
const ofUserMax = 10_000;

/** At most `limit` messages, newest first, to one user or to all; `state` null: in any state. Refuses with `forbidden`. */
export async function listMessages(
  core: Core,
  principal: Principal,
  input: { readonly userId: UserId | null; readonly state: MessageState | null; readonly limit: number },
): Promise<readonly MessageTrack[]> {
  authorize(principal, 'console.people.read');
  const { userId, state, limit } = input;
  const messages = await core.work.read(principal.orgKey, (tx) => {
    if (userId === null) return tx.messages.list(state, limit);
    return tx.messages.listOf(userId, state === null ? limit : ofUserMax);
  });
  return messages
    .filter((message) => state === null || message.state === state)
    .slice(0, limit)
    .map(({ sealedContent: _, destination: __, ...shown }) => shown);
}
