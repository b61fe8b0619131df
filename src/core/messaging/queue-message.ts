/** Writes a message, sealed, in the transaction that causes it. The job sends it after the commit. */
import type { Core } from '../core.ts';
import type { User } from '../directory/user.ts';
import { newPrefixedId, type UserId } from '../ids.ts';
import type { Tx } from '../unit-of-work.ts';
import type { MessageFacts } from './compose.ts';
import { type Channel, type MessageTemplate, messageContext } from './message.ts';

/** Whom a message is for. Without an id it is a decoy. */
export type Recipient = Pick<User, 'appId' | 'language' | 'isTemplate'> & { readonly id: UserId | null };

/** A step: queues a message to the user at the given address, in the user's language, in the name of the user's app. */
export async function queueMessage(
  core: Core,
  tx: Tx,
  user: Recipient,
  message: { readonly template: MessageTemplate; readonly channel: Channel } & Omit<
    MessageFacts,
    'language' | 'app' | 'organization'
  >,
): Promise<void> {
  const { template, channel, ...facts } = message;
  const names = await tx.apps.getNames(user.appId);
  const content = core.composer.compose(template, channel, { ...facts, ...names, language: user.language });
  const id = newPrefixedId('msg');
  const context = messageContext({ orgKey: tx.orgKey, id });
  await tx.messages.insert({
    id,
    userId: user.id,
    channel,
    template,
    isOutboxOnly: user.isTemplate,
    sealedContent: core.secrets.seal(JSON.stringify(content), context),
    createdAt: core.clock.now(),
  });
}
