/**
 * The page on which a person asks for a link to set a new password, for apps that have no form of their own:
 * `/request-password?app=<app id>`, by default for the deployment's sign-up app. The answer is the same for every address.
 *
 * It works without script, unless the deployment asks strangers for a proof of work: then the script solves it.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { findPublicApp } from '../../core/access/authentication.ts';
import { issueChallenge, requireHumanity } from '../../core/access/humanity.ts';
import type { Core } from '../../core/core.ts';
import { isRefusal } from '../../core/errors.ts';
import { requestPasswordReset } from '../../core/verification/password-reset.ts';
import type { Answer, Call } from '../../http/contract.ts';
import type { PageRoute } from '../../http/page.ts';
import { type Html, html } from '../html.ts';
import { renderPage } from '../layout.ts';
import {
  formOf,
  languageLinks,
  linkPageRoutes,
  noticePage,
  ofVisit,
  pressOnceAddress,
  type Visit,
  visitFields,
  visitOf,
} from '../link-page.ts';
import { createSiteTexts } from '../site-texts.ts';
import type { RequestPasswordProblem, RequestPasswordTexts } from './request-password-texts.ts';

type RequestVisit = Visit<RequestPasswordTexts>;

const path = '/request-password';
const operationId = 'requestPassword';

/** The built script, which solves challenges; `npm run build` makes it. */
const solverFile = join(import.meta.dirname, '..', '..', '..', 'dist', 'request-password', 'main.js');

/** The routes of the page and of its scripts. */
export function requestPasswordPages(core: Core, texts = createSiteTexts()): readonly PageRoute[] {
  const pages = linkPageRoutes({
    ...{ path, operationId, networkThrottle: 'password', parameter: 'app' },
    texts: texts.request_password,
    linkTexts: texts.links,
    show: (visit) => show(core, visit),
    submit: (visit, call) => submit(core, call, visit),
  });
  return core.humanity === null ? pages : [...pages, solverRoute()];
}

async function show(core: Core, given: RequestVisit): Promise<Answer> {
  const found = await findApp(core, given);
  return found === null ? unknownPage(given) : formPage(core, found.visit, null, '');
}

async function submit(core: Core, call: Call, given: RequestVisit): Promise<Answer> {
  const { email, challenge_answer: answer } = formOf(call);
  const typed = typeof email === 'string' ? email : '';
  const found = await findApp(core, given);
  if (found === null) return unknownPage(given);
  const { visit, principal } = found;
  try {
    await requireHumanity(core, typeof answer === 'string' ? answer : undefined);
    await requestPasswordReset(core, principal, { email, network: call.network });
  } catch (error) {
    if (isRefusal(error, 'proof_required')) return formPage(core, visit, 'proof', typed);
    if (isRefusal(error, 'invalid_fields')) return formPage(core, visit, 'invalid', typed);
    throw error;
  }
  return noticePage(200, visit, visit.texts.done, null);
}

/** The app that the address names; null where there is none. */
async function findApp(core: Core, given: RequestVisit) {
  const found = await findPublicApp(core, 'page', given.token === '' ? undefined : given.token);
  return found === null ? null : { visit: visitOf(given, found.app), principal: found.principal };
}

function unknownPage(visit: RequestVisit): Answer {
  return noticePage(404, visit, visit.texts.unknown, null);
}

async function formPage(
  core: Core,
  visit: RequestVisit,
  problem: RequestPasswordProblem | null,
  email: string,
): Promise<Answer> {
  const { texts } = visit;
  const challenge = await issueChallenge(core);
  const content = html`<h1>${texts.heading}</h1>
${challenge === null ? null : html`<noscript><p class="error">${texts.script}</p></noscript>`}
<form method="post" novalidate>
${visitFields(visit)}
${challenge === null ? null : html`<input type="hidden" name="challenge_answer" data-challenge="${challenge}">`}
<div>
<label for="email">${texts.email}</label>
<p class="hint" id="hint">${texts.hint}</p>
${problem === null ? null : html`<p class="error" id="error" role="alert">${texts.problems[problem]}</p>`}
<input type="email" id="email" name="email" autocomplete="email" autocapitalize="none" required autofocus value="${email}"
${problem === null ? html`aria-describedby="hint"` : html`aria-describedby="error hint" aria-invalid="true"`}>
</div>
<button type="submit">${texts.submit}</button>
</form>
${challenge === null ? null : solverScript(visit)}
${languageLinks(visit)}`;
  const title = problem === null ? texts.heading : `${texts.error}: ${texts.heading}`;
  const status = problem === null ? 200 : 422;
  return renderPage({ ...ofVisit(visit), status, title, content, script: pressOnceAddress(visit) });
}

function solverScript({ address }: RequestVisit): Html {
  return html`<script type="module" src="${address.base}request-password-challenge.js"></script>`;
}

function solverRoute(): PageRoute {
  let script: string | undefined;
  return {
    method: 'GET',
    path: `${path}-challenge.js`,
    operationId: `${operationId}Challenge`,
    isUnlimited: true,
    handle: async () => {
      script ??= readFileSync(solverFile, 'utf8');
      return {
        status: 200,
        headers: { 'Cache-Control': 'public, max-age=3600' },
        contentType: 'text/javascript; charset=utf-8',
        content: script,
      };
    },
  };
}
