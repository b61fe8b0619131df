/**
 * The development outbox. The rows of messages are the outbox: this sender sends nothing and has each message kept, and
 * `roster outbox` shows them.
 */
import type { MessageSender } from '../core/messaging/sender.ts';

export const outboxSender: MessageSender = {
  send: async () => ({ kind: 'kept' }),
  close: async () => {},
};
