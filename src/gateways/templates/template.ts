/**
 * The texts of one language: one for each message and each channel that carries it, with the placeholders of
 * `core/messaging/text-template.ts`. A further language is a file like `en.ts`, its line in `message-composer.ts` and
 * its tag in `core/messaging/language.ts`; the compiler asks for every text.
 */
import type { Channel, MessageTemplate } from '../../core/messaging/message.ts';
import type { TextTemplate } from '../../core/messaging/text-template.ts';

export type TemplateSet = Readonly<
  Record<MessageTemplate, Readonly<Partial<Record<Channel, TextTemplate>>>>
> & {
  readonly confirmation: Readonly<Record<Channel, TextTemplate>>;
  readonly email_proof: { readonly email: TextTemplate };
  readonly password_reset: { readonly email: TextTemplate };
  readonly invitation: { readonly email: TextTemplate };
  readonly sign_up_attempt: { readonly email: TextTemplate };
  readonly email_change: { readonly email: TextTemplate };
  readonly email_taken: { readonly email: TextTemplate };
  readonly email_changed: Readonly<Record<Channel, TextTemplate>>;
  readonly email_undo: { readonly email: TextTemplate };
  readonly phone_changed: Readonly<Record<Channel, TextTemplate>>;
  readonly password_changed: Readonly<Record<Channel, TextTemplate>>;
  readonly new_network: Readonly<Record<Channel, TextTemplate>>;
  readonly staff_email_changed: { readonly email: TextTemplate };
};
