/** The port that renders a message from its template in a language. */
import type { Channel, MessageContent, MessageTemplate } from './message.ts';

/** The values that a template may show. They tell a stranger nothing but the person's own address and who writes. */
export interface MessageFacts {
  readonly to: string;
  /** The user's BCP 47 tag; the closest of our languages is used, English as the fallback. */
  readonly language: string;
  /** The name of the user's app. */
  readonly app: string;
  /** The name of the organization. */
  readonly organization: string;
  /** The name of the member of staff who invites, for `invitation`. */
  readonly inviter?: string;
  /** Six digits, for `confirmation`. */
  readonly code?: string;
  /** The token in the link, for the messages with a link. */
  readonly token?: string;
}

export interface MessageComposer {
  /** Renders subject and body. Throws where the template needs a missing value. */
  compose(template: MessageTemplate, channel: Channel, facts: MessageFacts): MessageContent;
}
