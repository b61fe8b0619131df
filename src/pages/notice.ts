/** A heading and a sentence to read: part of most pages, and the whole of a page that refuses a request. */
import { type Language, languages } from '../core/messaging/language.ts';
import type { Answer } from '../http/contract.ts';
import { type Html, html } from './html.ts';
import { renderPage } from './layout.ts';

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
export function renderInEveryLanguage(status: number, noticeIn: (language: Language) => Notice): Answer {
  const content = html`${languages.map(
    (language) => html`<section lang="${language}">${noticeText(noticeIn(language))}</section>
`,
  )}`;
  return renderPage({ status, language: 'en', title: noticeIn('en').heading, content });
}
