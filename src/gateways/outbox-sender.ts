/**
 * The development outbox. The message's row is the outbox: the sender takes nothing out of it and asks for it to be
 * kept, and `roster outbox` shows what is there.
 */
import type { MessageSender } from '../core/messaging/sender.ts';

export const outboxSender: MessageSender = {
  send: async () => ({ kind: 'kept' }),
  close: async () => {},
};
