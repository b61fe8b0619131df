/**
 * Renders messages from the texts of the deployment and from our own, in the language that is closest to the user's, with
 * English as the last resort. A link leads to the configured page and is never built from a request.
 */
import type { MessageComposer } from '../core/messaging/compose.ts';
import { type Language, languages, matchLanguage } from '../core/messaging/language.ts';
import type { Channel, MessageTemplate } from '../core/messaging/message.ts';
import {
  oneLine,
  type Placeholder,
  renderText,
  type TemplateTexts,
  type TextsByLanguage,
  type TextTemplate,
} from '../core/messaging/text-template.ts';
import { fitName } from './sms/sms-text.ts';
import { english } from './templates/en.ts';
import { spanish } from './templates/es.ts';
import type { TemplateSet } from './templates/template.ts';

const ownTexts: Readonly<Record<Language, TemplateSet>> = { en: english, es: spanish };

/** The web pages that links in messages lead to. */
export interface MessageLinks {
  /** Sets a password. */
  readonly linkUrl: string;
  /** Proves an email. */
  readonly proofUrl: string;
  /** Changes an email. */
  readonly changeUrl: string;
  /** Undoes a change of an email. */
  readonly undoUrl: string;
}

/** `texts` come before our own texts of the same language, and add languages. */
export function createMessageComposer(
  options: MessageLinks,
  texts: TextsByLanguage = new Map(),
): MessageComposer {
  const own: ReadonlyMap<string, TemplateTexts> = new Map(Object.entries(ownTexts));
  const tags = [...new Set<string>([...languages, ...texts.keys()])];

  /** A language serves a message only if it has the text of this message and channel. */
  function textOf(language: string, template: MessageTemplate, channel: Channel): TextTemplate {
    const textIn = (tag: string): TextTemplate | undefined =>
      texts.get(tag)?.[template]?.[channel] ?? own.get(tag)?.[template]?.[channel];
    const available = tags.filter((tag) => textIn(tag) !== undefined);
    const text = textIn(matchLanguage([language], available));
    if (text === undefined) throw new Error(`There is no ${template} message by ${channel}.`);
    return text;
  }

  return {
    compose(template, channel, facts) {
      const { to, language, code, token } = facts;
      const factFor = (name: Placeholder): string | null => {
        if (name === 'link' && template === 'sign_up_attempt' && token === undefined) return null;
        switch (name) {
          case 'code':
            return required(code, template, 'code');
          case 'link':
            return addToken(linkOf(options, template), required(token, template, 'token'));
          case 'inviter':
            return facts.inviter ?? null;
          case 'app':
          case 'organization':
            return facts[name];
        }
      };
      const { subject, body } = textOf(language, template, channel);
      const render = (app: string): string =>
        renderText(channel === 'sms' ? body.trim() : body, (name) => (name === 'app' ? app : factFor(name)));
      return {
        to,
        subject: channel === 'sms' ? '' : oneLine(renderText(subject, factFor)),
        body: channel === 'sms' ? fitName(facts.app, render) : render(facts.app),
        senderName: oneLine(facts.app),
        ...(code === undefined ? {} : { code }),
        ...(token === undefined ? {} : { token }),
      };
    },
  };
}

function linkOf(links: MessageLinks, template: MessageTemplate): string {
  switch (template) {
    case 'email_proof':
    case 'sign_up_attempt':
      return links.proofUrl;
    case 'email_change':
      return links.changeUrl;
    case 'email_undo':
      return links.undoUrl;
    default:
      return links.linkUrl;
  }
}

/** The parts of the links of a deployment before and after the token. There are few links. */
const linkParts = new Map<string, readonly [before: string, after: string]>();
const linkPartsMax = 100;
const tokenMark = '00token00';

/** The configured link with `token` as one more query parameter; the rest of the link is unchanged. */
export function addToken(linkUrl: string, token: string): string {
  let parts = linkParts.get(linkUrl);
  if (parts === undefined) {
    const url = new URL(linkUrl);
    const separator = url.search === '' ? '?' : '&';
    url.search = `${url.search}${separator}token=${tokenMark}`;
    const at = url.href.lastIndexOf(`token=${tokenMark}`) + 'token='.length;
    parts = [url.href.slice(0, at), url.href.slice(at + tokenMark.length)];
    if (linkParts.size < linkPartsMax) linkParts.set(linkUrl, parts);
  }
  return `${parts[0]}${encodeURIComponent(token)}${parts[1]}`;
}

function required(fact: string | undefined, template: string, name: string): string {
  if (fact === undefined) throw new Error(`A ${template} message needs a ${name}.`);
  return fact;
}
