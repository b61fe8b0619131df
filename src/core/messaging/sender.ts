/**
 * The port to what carries a message to a person. A sender gets one message, tells what became of it and keeps
 * nothing; when to try again, how often, and what is written down are the sending job's decisions.
 *
 * Sending is at least once: after a crash the same message comes again under the same id, which a sender passes
 * on where its service can use it to drop repeats.
 */
import type { MessageContent } from './message.ts';

export interface OutgoingMessage extends MessageContent {
  /** The message row's id; the same each time the message is tried. */
  readonly id: string;
}

/**
 * What became of a message. `reason` is a short code that goes to the log, such as `timeout` or `http_503`; it
 * never holds an address, a text, or anything that the service said in words.
 */
export type SendOutcome =
  /** The service has taken it over; our copy can go. */
  | { readonly kind: 'taken' }
  /** It stays readable here: this sender is the development outbox. */
  | { readonly kind: 'kept' }
  /** It will never be taken: there is no such address, or the person has opted out. */
  | { readonly kind: 'refused'; readonly reason: string }
  /** It may be taken later, not before `retryAfterMs` where the service named a time. */
  | { readonly kind: 'try_again'; readonly reason: string; readonly retryAfterMs?: number };

export interface MessageSender {
  /**
   * Hands over one message within `sendDeadlineMs`. Resolves with an outcome for everything that a service or
   * a network can do; rejects only for a fault of ours.
   */
  send(message: OutgoingMessage): Promise<SendOutcome>;
  /** Lets go of open connections. */
  close(): Promise<void>;
}

/** The longest that one `send` may take; well below the lease, so that no message is sent by two at once. */
export const sendDeadlineMs = 15_000;
