/** A heading and a sentence to read: part of most pages, and the whole of a page that refuses a request. */
import { fallbackLanguage } from '../core/messaging/language.ts';
import type { Answer } from '../http/contract.ts';
import { type Html, html } from './html.ts';
import { renderPage } from './layout.ts';
import type { PageTexts } from './local-texts.ts';
import { languageAttributes } from './page-language.ts';

export interface Notice {
  readonly heading: string;
  readonly body: string;
}

export function noticeText({ heading, body }: Notice): Html {
  return html`<h1>${heading}</h1>
<p>${body}</p>
`;
}

/** A page with the notice in every language, for a request that does not tell the language of its reader. */
export function renderInEveryLanguage<T extends object>(
  status: number,
  texts: PageTexts<T>,
  noticeOf: (texts: T) => Notice,
): Answer {
  const content = html`${texts.languages.map(
    (
      language,
    ) => html`<section ${languageAttributes(language)}>${noticeText(noticeOf(texts.in(language)))}</section>
`,
  )}`;
  const language = fallbackLanguage;
  return renderPage({ status, language, title: noticeOf(texts.in(language)).heading, content });
}
