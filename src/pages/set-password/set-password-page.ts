/**
 * The page that links in emails open: a form that sets a password with the token of a reset or an invitation.
 *
 * It works without script, by keyboard and in a screen reader, in English and Spanish (`?lang=` before
 * `Accept-Language`). With script, the button waits for the answer. A second press that comes anyway gets the answer of the
 * first. Opening the page does not use the link up, so a mail scanner that follows links does no
 * harm; a refused password does not use it up either. The core has the rules; this page has the words.
 */
import { readPasswordConfirmation } from '../../core/access/password.ts';
import type { Core } from '../../core/core.ts';
import { type DomainError, isRefusal } from '../../core/errors.ts';
import {
  closestLanguage,
  type Language,
  languages,
  readAcceptLanguage,
} from '../../core/messaging/language.ts';
import {
  findPasswordTokenApp,
  isRepeatedReset,
  resetPassword,
} from '../../core/verification/password-reset.ts';
import type { Answer, Call } from '../../http/contract.ts';
import type { Refusal, RefusalCode } from '../../http/http-refusals.ts';
import type { PageRoute } from '../../http/page.ts';
import { pageBrand } from '../connect/brand-files.ts';
import { type Html, html } from '../html.ts';
import { type Page, type PageBrand, renderPage } from '../layout.ts';
import { type Notice, noticeText, renderInEveryLanguage } from '../notice.ts';
import { type PasswordProblem, type RequestProblem, setPasswordTexts } from './set-password-texts.ts';

const path = '/set-password';
/** The door in the audit events of changes through this page. */
const door = 'page';

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

/** The routes of the page and of its script. */
export function setPasswordPages(core: Core): readonly PageRoute[] {
  return [
    {
      method: 'GET',
      path,
      operationId: 'setPasswordForm',
      handle: (call) => show(core, call),
      present,
    },
    {
      method: 'POST',
      path,
      operationId: 'setPassword',
      networkThrottle: 'password',
      bodyTypes: ['application/x-www-form-urlencoded'],
      handle: (call) => submit(core, call),
      present,
    },
    {
      method: 'GET',
      path: `${path}.js`,
      operationId: 'setPasswordScript',
      handle: async () => ({
        status: 200,
        headers: { 'Cache-Control': 'public, max-age=3600' },
        contentType: 'text/javascript; charset=utf-8',
        content: script,
      }),
    },
  ];
}

/** The language of the reader, and the token of the link. */
interface Visit {
  readonly language: Language;
  readonly token: string;
  /** The app of the token; absent for an expired token. */
  readonly brand?: PageBrand;
}

async function show(core: Core, call: Call): Promise<Answer> {
  const visit = readVisit(call, call.query);
  const app = await findPasswordTokenApp(core, { token: visit.token });
  return app === null ? expiredPage(visit) : formPage({ ...visit, brand: pageBrand(app, 'connect/') }, null);
}

async function submit(core: Core, call: Call): Promise<Answer> {
  const form: Readonly<Record<string, unknown>> =
    typeof call.body === 'object' && call.body !== null ? { ...call.body } : {};
  const given = readVisit(call, form);
  const { password, password_repeat: repeat } = form;
  const reset = { token: given.token, password };
  const app = await findPasswordTokenApp(core, reset);
  // An expired link is reported before any fault of the password, which could not be used.
  if (app === null) return spentPage(core, given, reset);
  const visit = { ...given, brand: pageBrand(app, 'connect/') };
  if ('fault' in readPasswordConfirmation(repeat, password)) return formPage(visit, 'differs');
  try {
    await resetPassword(core, { ...reset, door, isRepeatable: true });
  } catch (error) {
    // Another request used the same link first.
    if (isRefusal(error, 'invalid_token')) return spentPage(core, visit, reset);
    if (isRefusal(error, 'invalid_fields')) return formPage(visit, problemOf(error));
    throw error;
  }
  return donePage(visit);
}

/** The person pressed the button twice, or the link is no good. */
async function spentPage(
  core: Core,
  visit: Visit,
  reset: { readonly token: string; readonly password: unknown },
): Promise<Answer> {
  return (await isRepeatedReset(core, reset)) ? donePage(visit) : expiredPage(visit);
}

function donePage(visit: Visit): Answer {
  return noticePage(200, visit, setPasswordTexts[visit.language].done, null);
}

function readVisit(call: Call, fields: Readonly<Record<string, unknown>>): Visit {
  const wanted = textOf(fields['lang']);
  return {
    token: textOf(fields['token']),
    language: closestLanguage([
      ...(wanted === '' ? [] : [wanted]),
      ...readAcceptLanguage(call.headers['accept-language']),
    ]),
  };
}

/** A field that came once; otherwise empty. */
function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function problemOf(refusal: DomainError<'invalid_fields'>): PasswordProblem {
  const code = refusal.details.faults[0]?.fault;
  const { problems } = setPasswordTexts.en;
  return code !== undefined && code in problems ? (code as PasswordProblem) : 'invalid';
}

/**
 * Every fault is shown at the first field, which has the focus, because the person must enter both again. The form goes to
 * the address of the page, whatever that is: a proxy may serve it below a path, or with a slash at its end.
 */
function formPage(visit: Visit, problem: PasswordProblem | null): Answer {
  const { language, token } = visit;
  const texts = setPasswordTexts[language];
  const content = html`<h1>${texts.heading}</h1>
<form method="post">
<input type="hidden" name="token" value="${token}">
<input type="hidden" name="lang" value="${language}">
<div>
<label for="password">${texts.password}</label>
<p class="hint" id="hint">${texts.hint}</p>
${problem === null ? null : html`<p class="error" id="error" role="alert">${texts.problems[problem]}</p>`}
<input type="password" id="password" name="password" autocomplete="new-password" required minlength="8" autofocus
${problem === null ? html`aria-describedby="hint"` : html`aria-describedby="error hint" aria-invalid="true"`}>
</div>
<div>
<label for="password_repeat">${texts.repeat}</label>
<input type="password" id="password_repeat" name="password_repeat" autocomplete="new-password" required>
</div>
<button type="submit">${texts.submit}</button>
</form>
${languageLinks(visit)}`;
  const title = problem === null ? texts.heading : `${texts.error}: ${texts.heading}`;
  const status = problem === null ? 200 : 422;
  return renderPage({ ...ofVisit(visit), status, title, content, script: `${path.slice(1)}.js` });
}

function expiredPage(visit: Visit): Answer {
  const { expired } = setPasswordTexts[visit.language];
  return noticePage(422, visit, expired, languageLinks(visit));
}

function ofVisit({ language, brand }: Visit): Pick<Page, 'language' | 'brand' | 'isIsolated'> {
  return { language, isIsolated: true, ...(brand === undefined ? {} : { brand }) };
}

function noticePage(status: number, visit: Visit, notice: Notice, links: Html | null): Answer {
  return renderPage({
    ...ofVisit(visit),
    status,
    title: notice.heading,
    content: html`${noticeText(notice)}${links}`,
  });
}

/** Links to the same page in the other languages. */
function languageLinks({ language, token }: Visit): Html {
  const others = languages.filter((each) => each !== language);
  const links = others.map((each) => {
    const query = new URLSearchParams({ token, lang: each }).toString();
    const { languageName } = setPasswordTexts[each];
    return html`<a href="?${query}" lang="${each}" hreflang="${each}">${languageName}</a> `;
  });
  return html`<nav>${links}</nav>`;
}

/** Refusals of requests that were not processed, by what a person can do about them. */
const requestProblems: Partial<
  Record<RefusalCode, { readonly status: number; readonly problem: RequestProblem }>
> = {
  rate_limited: { status: 429, problem: 'too_many' },
  unavailable: { status: 503, problem: 'busy' },
  malformed_host: { status: 400, problem: 'not_understood' },
  malformed_body: { status: 400, problem: 'not_understood' },
  unsupported_media_type: { status: 415, problem: 'not_understood' },
  payload_too_large: { status: 413, problem: 'not_understood' },
  request_timeout: { status: 408, problem: 'not_understood' },
  method_not_allowed: { status: 405, problem: 'not_understood' },
};

function present(refusal: Refusal): Answer {
  const { status, problem } = requestProblems[refusal.code] ?? { status: 500, problem: 'fault' };
  return renderInEveryLanguage(status, (language) => setPasswordTexts[language].requestProblems[problem]);
}
