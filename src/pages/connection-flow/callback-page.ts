/**
 * The page to which providers send people back. It tells the outcome and names the account, in English or Spanish, and
 * holds no secret. In a browser that has not begun the flow it changes nothing, and offers to begin again.
 * Where a page of this server opened it and waits, a small script wakes that page, on the same origin only, and closes
 * this one. The outcome itself comes from the server: a provider's page may have cut the link between the two.
 */

import type { Core } from '../../core/core.ts';
import { closestLanguage, readAcceptLanguage } from '../../core/messaging/language.ts';
import { finishConnection } from '../../core/providers/callback.ts';
import type { CallbackOutcome } from '../../core/providers/callback-outcome.ts';
import { type FlowOwner, findFlowOwner } from '../../core/providers/flow.ts';
import type { Answer, Call } from '../../http/contract.ts';
import type { PageRoute } from '../../http/page.ts';
import { pageBrand } from '../connect/brand-files.ts';
import { type Html, html } from '../html.ts';
import { renderPage } from '../layout.ts';
import { noticeText } from '../notice.ts';
import { readBrowserSecret } from './browser-cookie.ts';
import { type ConnectionCallbackTexts, connectionCallbackTexts } from './callback-texts.ts';
import { presentFlowRefusal } from './flow-refusals.ts';

const path = '/connect/callback';
/** The door in the audit events of changes through this page. */
const door = 'connect';

/** Closes the page where a page of this server has opened it: the person reads the outcome there. */
const script = `'use strict';
const isOurs = () => {
  try {
    return window.opener !== null && window.opener.location.origin === window.location.origin;
  } catch {
    return false;
  }
};
const outcome = document.querySelector('[data-outcome]')?.getAttribute('data-outcome');
if (outcome && isOurs()) {
  window.opener.postMessage({ type: 'roster:connection' }, window.location.origin);
  if (outcome === 'connected') window.close();
}
`;

const statuses = {
  connected: 200,
  denied: 200,
  failed: 502,
  account_taken: 409,
  refused: 400,
  elsewhere: 403,
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
        const browser = readBrowserSecret(core, call);
        const outcome = await finishConnection(core, { door, parameters, browser });
        const isKnown = outcome.kind !== 'refused';
        const owner = isKnown ? await findFlowOwner(core, parameters.get('state') ?? '') : null;
        return show(call, outcome, owner);
      },
      present: presentFlowRefusal,
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

function show({ headers }: Call, outcome: CallbackOutcome, owner: FlowOwner | null): Answer {
  const language = closestLanguage(readAcceptLanguage(headers['accept-language']));
  const texts = connectionCallbackTexts[language];
  const title = 'title' in outcome ? outcome.title : '';
  const notice = texts.notices[outcome.kind](title);
  const reload = reloadSeconds[outcome.kind];
  const hasScripts = reload === undefined && 'returnTo' in outcome && outcome.returnTo === 'opener';
  const page = renderPage({
    status: statuses[outcome.kind],
    language,
    title: notice.heading,
    hasScripts,
    ...(owner === null ? {} : { brand: pageBrand(owner.app, '') }),
    content: html`<div role="status" data-outcome="${outcome.kind}">${noticeText(notice)}${accountText(texts, outcome, owner)}</div>
${outcome.kind === 'elsewhere' ? beginAgain(texts, outcome.flow) : null}
${hasScripts ? html`<script src="callback.js" defer></script>` : null}`,
  });
  if (reload === undefined) return page;
  return { ...page, headers: { ...page.headers, Refresh: String(reload) } };
}

/** Only the browser that has begun the flow is told whose account it is. */
function accountText(
  texts: ConnectionCallbackTexts,
  { kind }: CallbackOutcome,
  owner: FlowOwner | null,
): Html | null {
  if (owner === null || kind === 'elsewhere') return null;
  return html`<p>${texts.account} <strong>${owner.account.name}</strong></p>
`;
}

function beginAgain(texts: ConnectionCallbackTexts, flow: string | null): Html | null {
  if (flow === null) return null;
  const query = new URLSearchParams({ flow }).toString();
  return html`<nav><a href="start?${query}">${texts.beginAgain}</a></nav>`;
}
