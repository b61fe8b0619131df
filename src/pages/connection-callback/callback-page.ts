/**
 * The page to which providers send people back. It tells the outcome, in English or Spanish, and holds no secret.
 * Where a page of this server opened it and waits, a small script sends the outcome to that page, on the same
 * origin only, and closes this one.
 */

import type { Core } from '../../core/core.ts';
import type { App } from '../../core/directory/organization.ts';
import { closestLanguage, readAcceptLanguage } from '../../core/messaging/language.ts';
import { finishConnection } from '../../core/providers/callback.ts';
import { findCallbackApp } from '../../core/providers/callback-app.ts';
import type { CallbackOutcome } from '../../core/providers/callback-outcome.ts';
import type { Answer, Call } from '../../http/contract.ts';
import type { Refusal, RefusalCode } from '../../http/http-refusals.ts';
import type { PageRoute } from '../../http/page.ts';
import { pageBrand } from '../connect/brand-files.ts';
import { html } from '../html.ts';
import { renderPage } from '../layout.ts';
import { noticeText, renderInEveryLanguage } from '../notice.ts';
import { type ConnectionCallbackTexts, connectionCallbackTexts } from './callback-texts.ts';

const path = '/connect/callback';
/** The door in the audit events of changes through this page. */
const door = 'connect';

/**
 * Sends the outcome to the page that opened this one: `{type: 'roster:connection', outcome}`, with `connected`,
 * `denied`, `failed`, `refused` or `withdrawn`. A provider's own page may have cut the link to the opener, so the
 * opener also asks the server. A page that is not the last one says nothing: it reloads itself.
 */
const script = `'use strict';
const outcome = document.querySelector('[data-outcome]')?.getAttribute('data-outcome');
if (window.opener && outcome) {
  window.opener.postMessage({ type: 'roster:connection', outcome }, window.location.origin);
  if (outcome === 'connected') window.close();
}
`;

const statuses = {
  connected: 200,
  denied: 200,
  failed: 502,
  refused: 400,
  withdrawn: 410,
  exchanging: 202,
  busy: 503,
} as const satisfies Record<CallbackOutcome['kind'], number>;

/** After how many seconds the browser loads the same address again, where that may end otherwise. */
const reloadSeconds: Partial<Record<CallbackOutcome['kind'], number>> = { exchanging: 2, busy: 5 };

/** The page and its script. */
export function connectionCallbackPages(core: Core): readonly PageRoute[] {
  return [
    {
      method: 'GET',
      path,
      operationId: 'connectionCallback',
      hasEffect: true,
      async handle(call) {
        const parameters = parametersOf(call);
        const outcome = await finishConnection(core, { door, parameters });
        const isKnown = outcome.kind !== 'refused';
        const app = isKnown ? await findCallbackApp(core, parameters.get('state') ?? '') : null;
        return show(call, outcome, app);
      },
      present,
    },
    {
      method: 'GET',
      path: `${path}.js`,
      operationId: 'connectionCallbackScript',
      handle: async () => ({
        status: 200,
        headers: { 'Cache-Control': 'public, max-age=3600', 'X-Content-Type-Options': 'nosniff' },
        contentType: 'text/javascript; charset=utf-8',
        content: script,
      }),
    },
  ];
}

/** The query as it came; a name may come several times. */
function parametersOf({ query }: Call): URLSearchParams {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    for (const each of [value].flat()) parameters.append(name, String(each));
  }
  return parameters;
}

function show({ headers }: Call, outcome: CallbackOutcome, app: App | null): Answer {
  const language = closestLanguage(readAcceptLanguage(headers['accept-language']));
  const title = 'title' in outcome ? outcome.title : '';
  const notice = connectionCallbackTexts[language].notices[outcome.kind](title);
  const reload = reloadSeconds[outcome.kind];
  const isOpened = reload === undefined && 'returnTo' in outcome && outcome.returnTo === 'opener';
  const page = renderPage({
    status: statuses[outcome.kind],
    language,
    title: notice.heading,
    ...(app === null ? {} : { brand: pageBrand(app, '') }),
    content: html`<div role="status" data-outcome="${outcome.kind}">${noticeText(notice)}</div>
${isOpened ? html`<script src="callback.js" defer></script>` : null}`,
  });
  if (reload !== undefined) return { ...page, headers: { ...page.headers, Refresh: String(reload) } };
  return isOpened ? { ...page, headers: allowingScript(page.headers) } : page;
}

const policyName = 'Content-Security-Policy';

/** The headers of the page, which also allow scripts of this server. */
function allowingScript(headers: Answer['headers'] = {}): NonNullable<Answer['headers']> {
  return { ...headers, [policyName]: `${headers[policyName] ?? "default-src 'none'"}; script-src 'self'` };
}

/** Refusals of requests that were not processed, by what a person can do about them. */
const problems: Partial<
  Record<
    RefusalCode,
    { readonly status: number; readonly problem: keyof ConnectionCallbackTexts['problems'] }
  >
> = {
  unavailable: { status: 503, problem: 'busy' },
  rate_limited: { status: 429, problem: 'busy' },
  malformed_host: { status: 400, problem: 'not_understood' },
  malformed_body: { status: 400, problem: 'not_understood' },
  request_timeout: { status: 408, problem: 'not_understood' },
  method_not_allowed: { status: 405, problem: 'not_understood' },
};

function present(refusal: Refusal): Answer {
  const { status, problem } = problems[refusal.code] ?? { status: 500, problem: 'fault' };
  return renderInEveryLanguage(status, (language) => connectionCallbackTexts[language].problems[problem]);
}
