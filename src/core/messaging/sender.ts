/**
 * The port to a service that delivers messages. A sender gets one message, returns its outcome and stores nothing; the
 * sending job decides when and how often to retry, and what is stored.
 *
 * Delivery is at least once: after a crash the same message comes again with the same id. A sender passes the id on
 * where its service can use it to drop duplicates.
 */
import type { Channel, MessageContent } from './message.ts';

export interface OutgoingMessage extends MessageContent {
  /** The message row's id; the same each time the message is tried. */
  readonly id: string;
  /** How long its code or link stays valid; absent for a message without one. The service must not deliver it later. */
  readonly validMs?: number;
}

/**
 * The outcome of one attempt. `reason` is a short code for the log, such as `timeout` or `http_503`; it never holds an
 * address or a text of the message or of the service.
 */
export type SendOutcome =
  /** The service has accepted the message; our copy can be dropped. */
  | { readonly kind: 'taken' }
  /** The message stays readable here: this sender is the development outbox. */
  | { readonly kind: 'kept' }
  /** The service will never accept it: there is no such address, or the person has opted out. */
  | { readonly kind: 'refused'; readonly reason: string }
  /**
   * The service may accept it later; not before `retryAfterMs` where the service named a time. `isOurs`: it refuses this
   * deployment, and not the recipient: the login, the account, our number or address, a policy against us. Only the
   * operator can mend that, so no number of such attempts gives the message up.
   */
  | {
      readonly kind: 'try_again';
      readonly reason: string;
      readonly retryAfterMs?: number;
      readonly isOurs?: boolean;
    };

export interface MessageSender {
  /**
   * Delivers one message to the service within `sendDeadlineMs`. Resolves with an outcome also for every error of the
   * service or the network; rejects only for a fault of ours.
   */
  send(message: OutgoingMessage): Promise<SendOutcome>;
  /** Closes open network connections. */
  close(): Promise<void>;
}

/** The longest time of one `send`; well below the lease, so that no two processes send a message at the same time. */
export const sendDeadlineMs = 15_000;

/** A channel has at most so many times its concurrency under way, slow sends included. */
const slowFactor: Readonly<Record<Channel, number>> = { sms: 8, email: 4 };

/** How many sends of a channel are under way at most, slow ones included; a sender keeps as many connections. */
export function sendsMax(channel: Channel, concurrency: number): number {
  return concurrency * slowFactor[channel];
}
