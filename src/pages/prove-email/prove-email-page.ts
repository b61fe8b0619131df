/**
 * The page that proves an email: the link in the email of a sign-up opens it, and its button proves the address. What the
 * page has in common with other pages of links is in `link-page.ts`.
 */
import type { Core } from '../../core/core.ts';
import { isRefusal } from '../../core/errors.ts';
import { findEmailProofApp, proveEmail } from '../../core/verification/email-proof.ts';
import type { Answer } from '../../http/contract.ts';
import type { PageRoute } from '../../http/page.ts';
import { pageBrand } from '../connect/brand-files.ts';
import { html } from '../html.ts';
import { renderPage } from '../layout.ts';
import {
  formOf,
  languageLinks,
  noticePage,
  ofVisit,
  presentProblem,
  pressOnceScript,
  readVisit,
  type Visit,
  visitFields,
} from '../link-page.ts';
import { noticeText } from '../notice.ts';
import { createSiteTexts } from '../site-texts.ts';
import type { ProveEmailTexts } from './prove-email-texts.ts';

type ProveEmailVisit = Visit<ProveEmailTexts>;

const path = '/prove-email';
/** The door in the audit events of changes through this page. */
const door = 'page';

/** The routes of the page and of its script. */
export function proveEmailPages(core: Core, texts = createSiteTexts()): readonly PageRoute[] {
  const present = presentProblem(texts.links);
  return [
    {
      method: 'GET',
      path,
      operationId: 'proveEmailForm',
      handle: (call) => show(core, readVisit(texts.prove_email, call, call.query)),
      present,
    },
    {
      method: 'POST',
      path,
      operationId: 'proveEmail',
      networkThrottle: 'confirmation',
      bodyTypes: ['application/x-www-form-urlencoded'],
      handle: (call) => submit(core, readVisit(texts.prove_email, call, formOf(call))),
      present,
    },
    pressOnceScript({ path: `${path}.js`, operationId: 'proveEmailScript' }),
  ];
}

async function show(core: Core, visit: ProveEmailVisit): Promise<Answer> {
  const app = await findEmailProofApp(core, visit);
  return app === null ? expiredPage(visit) : formPage({ ...visit, brand: pageBrand(app, 'connect/') });
}

async function submit(core: Core, given: ProveEmailVisit): Promise<Answer> {
  const app = await findEmailProofApp(core, given);
  if (app === null) return expiredPage(given);
  const visit = { ...given, brand: pageBrand(app, 'connect/') };
  try {
    await proveEmail(core, { token: visit.token, door });
  } catch (error) {
    // Another request used the same link first.
    if (isRefusal(error, 'invalid_token')) return expiredPage(visit);
    throw error;
  }
  return noticePage(200, visit, visit.texts.done, null);
}

/** The form goes to the address of the page, whatever that is: a proxy may serve it below a path. */
function formPage(visit: ProveEmailVisit): Answer {
  const { question, submit } = visit.texts;
  const content = html`${noticeText(question)}<form method="post">
${visitFields(visit)}
<button type="submit">${submit}</button>
</form>
${languageLinks(visit)}`;
  const script = `${path.slice(1)}.js`;
  return renderPage({ ...ofVisit(visit), status: 200, title: question.heading, content, script });
}

function expiredPage(visit: ProveEmailVisit): Answer {
  return noticePage(422, visit, visit.texts.expired, languageLinks(visit));
}
