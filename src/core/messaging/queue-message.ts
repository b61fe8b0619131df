/** Writes a message, sealed, in the transaction that causes it. The job sends it after the commit. */
import { refuseWait } from '../access/throttle.ts';
import type { Core } from '../core.ts';
import type { User } from '../directory/user.ts';
import { newDatedId } from '../ids.ts';
import type { Tx } from '../unit-of-work.ts';
import type { MessageFacts } from './compose.ts';
import { destinationDigest } from './lane.ts';
import { messageContext } from './message.ts';
import {
  type CountedMessage,
  type CountedRecipient,
  countMessage,
  type SpentBudget,
  templateRules,
} from './message-budget.ts';
import type { NewMessage } from './message-queue.ts';

/** Whom a message is for. Without an id it is staff or a decoy. */
export type Recipient = CountedRecipient & Pick<User, 'appId' | 'language' | 'isTemplate'>;

/**
 * A step: queues a message to the user at the given address, in the user's language, in the name of the user's app.
 * The only step that queues: every message passes the budgets here, and a test holds that. Null where the message is
 * queued. A message that a budget does not allow is dropped, and the budget is returned: a caller may then take another
 * channel, as long as its answer stays the same. Refuses with `rate_limited` where the rule of the template
 * (`message-budget.ts`) says so. What decides whether a message may be sent belongs into `countMessage`; what chooses its
 * channel belongs before this step.
 */
export async function queueMessage(
  core: Core,
  tx: Tx,
  user: Recipient,
  message: CountedMessage &
    Omit<MessageFacts, 'language' | 'app' | 'organization'> &
    Pick<NewMessage, 'cost'>,
): Promise<SpentBudget | null> {
  const [spent, { app, organization }] = await Promise.all([
    countMessage(core, tx, user, message),
    tx.apps.getNames(user.appId),
  ]);
  if (spent !== null) {
    if (templateRules[message.template].refuses.includes(spent.budget)) refuseWait(spent.waitMs);
    if (isReal(user)) tx.messageBudgets.report({ channel: message.channel, budget: spent.budget });
    return spent;
  }
  const { template, channel, cost, isByOwner: _, ...facts } = message;
  // Staff works for the organization, and for no app.
  const names = { app: user.isStaff === true ? organization : app, organization };
  const content = core.composer.compose(template, channel, { ...facts, ...names, language: user.language });
  const now = core.clock.now();
  const id = newDatedId('msg', now);
  const context = messageContext({ orgKey: tx.orgKey, id });
  await tx.messages.insert({
    id,
    userId: user.id,
    channel,
    template,
    isOutboxOnly: user.isTemplate,
    destination: destinationDigest(core.secrets, channel, facts.to),
    sealedContent: core.secrets.seal(JSON.stringify(content), context),
    createdAt: now,
    ...(cost === undefined ? {} : { cost }),
  });
  if (isReal(user)) tx.messageBudgets.report({ channel, budget: null });
  return null;
}

function isReal({ id, isStaff }: Recipient): boolean {
  return id !== null || isStaff === true;
}
