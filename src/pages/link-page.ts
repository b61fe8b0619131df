/**
 * What the web pages have in common that links in emails open: the language of the reader, the token of the link, the
 * answers to a link that does not work, and the script that holds a second press of a button. The pages work without
 * script, by keyboard and in a screen reader, in each language that the page has (`?lang=` before `Accept-Language`). Opening a page
 * does not use the link up, so a mail scanner that follows links does no harm.
 */
import type { App } from '../core/directory/organization.ts';
import { readAcceptLanguage } from '../core/messaging/language.ts';
import type { Answer, Call, NetworkThrottle } from '../http/contract.ts';
import type { Refusal } from '../http/http-refusals.ts';
import type { PageRoute } from '../http/page.ts';
import { pageBrand } from './connect/brand-files.ts';
import { type Html, html } from './html.ts';
import { type Page, type PageBrand, renderPage } from './layout.ts';
import type { LinkTexts } from './link-texts.ts';
import type { LocalTexts, PageTexts } from './local-texts.ts';
import { type Notice, noticeText, renderInEveryLanguage } from './notice.ts';
import { languageAttributes, languageName } from './page-language.ts';
import { requestProblemOf } from './request-problem.ts';

/** One of the addresses of a page. */
export interface PageAddress {
  readonly path: string;
  /** Leads from the address to the folder of the page: relative, because a proxy may serve the page below a path. */
  readonly base: string;
  /** Comes after the ids of the operations of the page. */
  readonly suffix: string;
}

/** The addresses of a page: a setting or a person may write it with a slash at its end. */
function addressesOf(path: string): readonly PageAddress[] {
  return [
    { path, base: '', suffix: '' },
    { path: `${path}/`, base: '../', suffix: '.slash' },
  ];
}

/** The language of the reader with the texts of the page in it, and what the link says. */
export interface Visit<T = unknown> extends LocalTexts<T> {
  readonly address: PageAddress;
  /** The name of the parameter that a link carries. */
  readonly parameter: Parameter;
  /** Its value: the token of the link, or the id of an app. */
  readonly token: string;
  /** The app of the token; absent for an expired token. */
  readonly brand?: PageBrand;
}

export type Parameter = 'token' | 'app';

/** A form is sent once; when the person comes back to the page, it can be sent again. */
const script = `addEventListener('submit', (event) => {
  const { submitter } = event;
  if (submitter?.getAttribute('aria-disabled') === 'true') event.preventDefault();
  else submitter?.setAttribute('aria-disabled', 'true');
});
addEventListener('pageshow', () => {
  for (const button of document.querySelectorAll('button')) button.removeAttribute('aria-disabled');
});
`;

/** The route of the script of a page, whose operations begin with `operationId`. */
function pressOnceScript(path: string, operationId: string): PageRoute {
  return {
    method: 'GET',
    path: `${path}.js`,
    operationId: `${operationId}Script`,
    isUnlimited: true,
    handle: async () => ({
      status: 200,
      headers: { 'Cache-Control': 'public, max-age=3600' },
      contentType: 'text/javascript; charset=utf-8',
      content: script,
    }),
  };
}

/** The address of that script, from the page. */
export function pressOnceAddress({ address: { path, base } }: Visit): string {
  return `${base}${path.replaceAll('/', '')}.js`;
}

/** A page behind a link: the form, and what its button sends. */
export interface LinkPage<T extends object> {
  readonly path: string;
  /** Of the form that a press sends. */
  readonly operationId: string;
  readonly networkThrottle: NetworkThrottle;
  /** Default: `token`. */
  readonly parameter?: Parameter;
  readonly texts: PageTexts<T>;
  readonly linkTexts: PageTexts<LinkTexts>;
  show(visit: Visit<T>): Promise<Answer>;
  submit(visit: Visit<T>, call: Call): Promise<Answer>;
}

/** The routes of the page, at each of its addresses, and of its script. */
export function linkPageRoutes<T extends object>(page: LinkPage<T>): readonly PageRoute[] {
  const { path, operationId, networkThrottle, texts, parameter = 'token' } = page;
  const present = presentProblem(page.linkTexts);
  return [
    ...addressesOf(path).flatMap((address): PageRoute[] => [
      {
        method: 'GET',
        path: address.path,
        operationId: `${operationId}Form${address.suffix}`,
        handle: (call) => page.show(readVisit({ address, parameter }, texts, call, call.query)),
        present,
      },
      {
        method: 'POST',
        path: address.path,
        operationId: `${operationId}${address.suffix}`,
        networkThrottle,
        bodyTypes: ['application/x-www-form-urlencoded'],
        handle: (call) => page.submit(readVisit({ address, parameter }, texts, call, formOf(call)), call),
        present,
      },
    ]),
    pressOnceScript(path, operationId),
  ];
}

/** The fields of a form that came with a call. */
export function formOf(call: Call): Readonly<Record<string, unknown>> {
  return typeof call.body === 'object' && call.body !== null ? { ...call.body } : {};
}

function readVisit<T extends object>(
  place: Pick<Visit, 'address' | 'parameter'>,
  texts: PageTexts<T>,
  call: Call,
  fields: Readonly<Record<string, unknown>>,
): Visit<T> {
  const wanted = textOf(fields['lang']);
  const accepted = readAcceptLanguage(call.headers['accept-language']);
  const local = texts.closest([...(wanted === '' ? [] : [wanted]), ...accepted]);
  return { ...local, ...place, token: textOf(fields[place.parameter]) };
}

/** A field that came once; otherwise empty. */
function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** The visit with the app of its link. */
export function visitOf<T>(visit: Visit<T>, app: App): Visit<T> {
  return { ...visit, brand: pageBrand(app, `${visit.address.base}connect/`) };
}

/** The fields that a form sends back, so that its answer has the same token and language. */
export function visitFields({ parameter, token, language }: Visit): Html {
  return html`<input type="hidden" name="${parameter}" value="${token}">
<input type="hidden" name="lang" value="${language}">`;
}

export function ofVisit({ language, brand }: Visit): Pick<Page, 'language' | 'brand' | 'isIsolated'> {
  return { language, isIsolated: true, ...(brand === undefined ? {} : { brand }) };
}

export function noticePage(status: number, visit: Visit, notice: Notice, links: Html | null): Answer {
  return renderPage({
    ...ofVisit(visit),
    status,
    title: notice.heading,
    content: html`${noticeText(notice)}${links}`,
  });
}

/** Links to the same page in the other languages. */
export function languageLinks({ language, languages, parameter, token }: Visit): Html {
  const others = languages.filter((each) => each !== language);
  const links = others.map((each) => {
    const query = new URLSearchParams({ [parameter]: token, lang: each }).toString();
    return html`<a href="?${query}" ${languageAttributes(each)} hreflang="${each}">${languageName(each)}</a> `;
  });
  return html`<nav>${links}</nav>`;
}

/** The page for a refusal. */
function presentProblem(texts: PageTexts<LinkTexts>): (refusal: Refusal) => Answer {
  return (refusal) => {
    const { status, problem } = requestProblemOf(refusal);
    return renderInEveryLanguage(status, texts, (each) => each[problem]);
  };
}
