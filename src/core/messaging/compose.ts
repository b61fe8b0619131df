/** Puts a message into words: the port to the template files, by template and language. */
import type { Channel, MessageContent, MessageTemplate } from './message.ts';

/** What a template may say. Nothing that could tell a stranger more than the person's own address does. */
export interface MessageFacts {
  readonly to: string;
  /** The user's BCP 47 tag; the closest language there is decides, English is the fallback. */
  readonly language: string;
  /** Six digits, for `confirmation`. */
  readonly code?: string;
  /** The token of a link, for `password_reset` and `invitation`. */
  readonly token?: string;
}

export interface MessageComposer {
  /** Renders subject and body. Throws where the template needs a fact that is missing. */
  compose(template: MessageTemplate, channel: Channel, facts: MessageFacts): MessageContent;
}
