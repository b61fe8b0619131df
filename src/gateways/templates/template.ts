/**
 * The texts of one language: one for each message and each channel that carries it. A further language is a file
 * like `en.ts`, its line in `message-composer.ts` and its tag in `core/messaging/language.ts`; the compiler asks for
 * every text.
 */
import type { Channel, MessageTemplate } from '../../core/messaging/message.ts';

/** The values that a text may show. Reading a value that the message does not have is a fault. */
export interface TemplateFacts {
  /** Six digits. */
  readonly code: string;
  /** The page where a password is set, with the token. */
  readonly link: string;
}

/** Renders one text; a text message has no subject. */
export type Template = (facts: TemplateFacts) => { readonly subject?: string; readonly body: string };

export type TemplateSet = Readonly<Record<MessageTemplate, Readonly<Partial<Record<Channel, Template>>>>> & {
  readonly confirmation: Readonly<Record<Channel, Template>>;
  readonly password_reset: { readonly email: Template };
  readonly invitation: { readonly email: Template };
  readonly email_changed: { readonly email: Template };
};
