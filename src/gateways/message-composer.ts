/**
 * Renders messages from the templates, in the language of ours that is closest to the user's, with English as the last
 * resort. A link leads to the configured page and is never built from a request.
 */
import type { MessageComposer } from '../core/messaging/compose.ts';
import { closestLanguage, type Language } from '../core/messaging/language.ts';
import { english } from './templates/en.ts';
import { spanish } from './templates/es.ts';
import type { TemplateSet } from './templates/template.ts';

const templates: Readonly<Record<Language, TemplateSet>> = { en: english, es: spanish };

export function createMessageComposer(options: { readonly linkUrl: string }): MessageComposer {
  return {
    compose(template, channel, { to, language, code, token }) {
      const render = templates[closestLanguage([language])][template][channel];
      if (render === undefined) throw new Error(`There is no ${template} message by ${channel}.`);
      const { subject = '', body } = render({
        get code() {
          return required(code, template, 'code');
        },
        get link() {
          return addToken(options.linkUrl, required(token, template, 'token'));
        },
      });
      return {
        to,
        subject,
        body,
        ...(code === undefined ? {} : { code }),
        ...(token === undefined ? {} : { token }),
      };
    },
  };
}

/** The configured link with `token` as one more query parameter; the rest of the link is unchanged. */
export function addToken(linkUrl: string, token: string): string {
  const url = new URL(linkUrl);
  const separator = url.search === '' ? '?' : '&';
  url.search = `${url.search}${separator}token=${encodeURIComponent(token)}`;
  return url.href;
}

function required(fact: string | undefined, template: string, name: string): string {
  if (fact === undefined) throw new Error(`A ${template} message needs a ${name}.`);
  return fact;
}
