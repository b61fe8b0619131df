/**
 * The page that links in emails open: a form that sets a password with the token of a reset or an invitation.
 *
 * With script, the button waits for the answer. A second press that comes anyway gets the answer of the first. A refused
 * password does not use the link up. The core has the rules; this page has the words. What it has in common with other
 * pages of links is in `link-page.ts`.
 */

import type { Arrival } from '../../core/access/arrival.ts';
import { readPasswordConfirmation } from '../../core/access/password.ts';
import type { OwnDoor } from '../../core/access/principal.ts';
import type { Core } from '../../core/core.ts';
import { type DomainError, isRefusal } from '../../core/errors.ts';
import {
  awaitReset,
  findPasswordTokenApp,
  isRepeatedReset,
  resetPassword,
} from '../../core/verification/password-reset.ts';
import type { Answer, Call } from '../../http/contract.ts';
import type { PageRoute } from '../../http/page.ts';
import { html } from '../html.ts';
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
import { type PasswordProblem, passwordProblems, type SetPasswordTexts } from './set-password-texts.ts';

type SetPasswordVisit = Visit<SetPasswordTexts>;

/** The door in the audit events of changes through this page. */
const door: OwnDoor = 'page';

/** The routes of the page and of its script. */
export function setPasswordPages(core: Core, texts = createSiteTexts()): readonly PageRoute[] {
  return linkPageRoutes({
    path: '/set-password',
    operationId: 'setPassword',
    networkThrottle: 'password',
    texts: texts.set_password,
    linkTexts: texts.links,
    show: (visit) => show(core, visit),
    submit: (visit, call) => submit(core, call, visit),
  });
}

async function show(core: Core, visit: SetPasswordVisit): Promise<Answer> {
  const app = await findPasswordTokenApp(core, { token: visit.token });
  return app === null ? expiredPage(visit) : formPage(visitOf(visit, app), null);
}

async function submit(core: Core, call: Call, given: SetPasswordVisit): Promise<Answer> {
  const { password, password_repeat: repeat } = formOf(call);
  const reset = { token: given.token, password, arrival: call.arrival };
  const app = await findPasswordTokenApp(core, reset);
  // An expired link is reported before any fault of the password, which could not be used.
  if (app === null) return spentPage(core, given, reset);
  const visit = visitOf(given, app);
  if ('fault' in readPasswordConfirmation(repeat, password)) return formPage(visit, 'differs');
  try {
    await resetPassword(core, {
      ...reset,
      door,
      hasSession: false,
      isRepeatable: true,
    });
  } catch (error) {
    // Another request used the same link first.
    if (isRefusal(error, 'invalid_token')) return spentPage(core, visit, reset);
    // Another request uses the link now: the first press of a button that was pressed twice.
    if (isRefusal(error, 'change_in_progress') && (await awaitReset(core, reset))) {
      return submit(core, call, given);
    }
    if (isRefusal(error, 'invalid_fields')) return formPage(visit, problemOf(error));
    throw error;
  }
  return donePage(visit);
}

/** The person pressed the button twice, or the link is no good. */
async function spentPage(
  core: Core,
  visit: SetPasswordVisit,
  reset: { readonly token: string; readonly password: unknown; readonly arrival: Arrival },
): Promise<Answer> {
  return (await isRepeatedReset(core, reset)) ? donePage(visit) : expiredPage(visit);
}

function donePage(visit: SetPasswordVisit): Answer {
  return noticePage(200, visit, visit.texts.done, null);
}

function problemOf(refusal: DomainError<'invalid_fields'>): PasswordProblem {
  const code = refusal.details.faults[0]?.fault;
  return passwordProblems.find((problem) => problem === code) ?? 'invalid';
}

/**
 * Every fault is shown at the first field, which has the focus, because the person must enter both again. The form goes to
 * the address of the page, whatever that is: a proxy may serve it below a path, or with a slash at its end.
 */
function formPage(visit: SetPasswordVisit, problem: PasswordProblem | null): Answer {
  const { texts } = visit;
  const content = html`<h1>${texts.heading}</h1>
<form method="post">
${visitFields(visit)}
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
  return renderPage({ ...ofVisit(visit), status, title, content, script: pressOnceAddress(visit) });
}

function expiredPage(visit: SetPasswordVisit): Answer {
  return noticePage(422, visit, visit.texts.expired, languageLinks(visit));
}
