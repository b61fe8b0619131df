/**
 * A page behind a link in an email that asks one question, with one button. To open it changes nothing, because mail
 * scanners open links; the button consumes the link. What such pages have in common with others is in `link-page.ts`.
 */
import type { App } from '../core/directory/organization.ts';
import { isRefusal } from '../core/errors.ts';
import type { Answer } from '../http/contract.ts';
import type { PageRoute } from '../http/page.ts';
import { html } from './html.ts';
import { renderPage } from './layout.ts';
import {
  languageLinks,
  linkPageRoutes,
  noticePage,
  ofVisit,
  pressOnceAddress,
  type Visit,
  visitFields,
  visitOf,
} from './link-page.ts';
import type { LinkTexts } from './link-texts.ts';
import type { PageTexts } from './local-texts.ts';
import { type Notice, noticeText } from './notice.ts';

export interface ButtonPageTexts {
  readonly question: Notice;
  readonly submit: string;
  readonly done: Notice;
  /** For a link that is unknown, consumed or expired. */
  readonly expired: Notice;
  /** Where another user has the address; absent where that cannot be. It does not say who. */
  readonly taken?: Notice;
}

export interface ButtonPage {
  readonly path: string;
  /** Of the form that a press sends. */
  readonly operationId: string;
  readonly texts: PageTexts<ButtonPageTexts>;
  readonly linkTexts: PageTexts<LinkTexts>;
  /** The app of the link; null for a link that is not valid now. */
  find(link: { readonly token: string }): Promise<App | null>;
  /** Consumes the link. Refuses with `invalid_token` and `email_taken`. */
  press(link: { readonly token: string; readonly door: 'page' }): Promise<void>;
}

type ButtonVisit = Visit<ButtonPageTexts>;

/** The routes of the page and of its script. */
export function buttonPages(page: ButtonPage): readonly PageRoute[] {
  return linkPageRoutes({
    ...page,
    networkThrottle: 'confirmation',
    show: (visit) => show(page, visit),
    submit: (visit) => submit(page, visit),
  });
}

async function show(page: ButtonPage, visit: ButtonVisit): Promise<Answer> {
  const app = await page.find(visit);
  return app === null ? refusedPage(visit, 'expired') : formPage(visitOf(visit, app));
}

async function submit(page: ButtonPage, given: ButtonVisit): Promise<Answer> {
  const app = await page.find(given);
  if (app === null) return refusedPage(given, 'expired');
  const visit = visitOf(given, app);
  try {
    await page.press({ token: visit.token, door: 'page' });
  } catch (error) {
    // Another request used the same link first.
    if (isRefusal(error, 'invalid_token')) return refusedPage(visit, 'expired');
    if (isRefusal(error, 'email_taken')) return refusedPage(visit, 'taken');
    throw error;
  }
  return noticePage(200, visit, visit.texts.done, null);
}

/** The form goes to the address of the page, whatever that is: a proxy may serve it below a path. */
function formPage(visit: ButtonVisit): Answer {
  const { question, submit } = visit.texts;
  const content = html`${noticeText(question)}<form method="post">
${visitFields(visit)}
<button type="submit">${submit}</button>
</form>
${languageLinks(visit)}`;
  const script = pressOnceAddress(visit);
  return renderPage({ ...ofVisit(visit), status: 200, title: question.heading, content, script });
}

function refusedPage(visit: ButtonVisit, reason: 'expired' | 'taken'): Answer {
  const { expired, [reason]: notice = expired } = visit.texts;
  return noticePage(422, visit, notice, languageLinks(visit));
}
