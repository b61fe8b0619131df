/**
 * What a language has to say: one text for each message and each channel that the message may go by. A further
 * language is one more file like `en.ts` and its line in `message-composer.ts`; the compiler asks for every text.
 */
import type { Channel, MessageTemplate } from '../../core/messaging/message.ts';

/** What a text may say. Reading one that the message has not is a fault. */
export interface TemplateFacts {
  /** Six digits. */
  readonly code: string;
  /** The page where a password is set, with the token. */
  readonly link: string;
}

/** Renders one text. Without a subject line for text messages. */
export type Template = (facts: TemplateFacts) => { readonly subject?: string; readonly body: string };

export type TemplateSet = Readonly<Record<MessageTemplate, Readonly<Partial<Record<Channel, Template>>>>> & {
  readonly confirmation: Readonly<Record<Channel, Template>>;
  readonly password_reset: { readonly email: Template };
  readonly invitation: { readonly email: Template };
  readonly email_changed: { readonly email: Template };
};
