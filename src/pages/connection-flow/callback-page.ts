/**
 * The page to which providers send people back. It tells the outcome and names the account, in the language of the reader, and
 * holds no secret. A person who connected by mistake ends the connection there. In a browser that has not begun the flow it changes nothing, and offers to begin again.
 * Where a page of this server opened it and waits, a small script wakes that page, on the same origin only, and closes
 * this one. The outcome itself comes from the server: a provider's page may have cut the link between the two.
 */

import type { OwnDoor } from '../../core/access/principal.ts';
import type { Core } from '../../core/core.ts';
import { readAcceptLanguage } from '../../core/messaging/language.ts';
import { finishConnection } from '../../core/providers/callback.ts';
import type { CallbackOutcome } from '../../core/providers/callback-outcome.ts';
import { type FlowOwner, findFlowOwner } from '../../core/providers/flow.ts';
import { type UndoOutcome, undoConnection } from '../../core/providers/undo-connection.ts';
import type { Answer, Call } from '../../http/contract.ts';
import type { PageRoute } from '../../http/page.ts';
import { pageBrand } from '../connect/brand-files.ts';
import { fillText } from '../fill-text.ts';
import { type Html, html } from '../html.ts';
import { renderPage } from '../layout.ts';
import type { PageTexts } from '../local-texts.ts';
import { noticeText } from '../notice.ts';
import { createSiteTexts } from '../site-texts.ts';
import { readBrowserSecret } from './browser-cookie.ts';
import type { ConnectionCallbackTexts } from './callback-texts.ts';
import { flowFolder } from './flow-address.ts';
import { presentFlowRefusal } from './flow-refusals.ts';

const path = '/connect/callback';
/** The door in the audit events of changes through this page. */
const door: OwnDoor = 'connect';

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

type Outcome = CallbackOutcome | UndoOutcome;

const statuses = {
  connected: 200,
  denied: 200,
  failed: 502,
  account_taken: 409,
  refused: 400,
  elsewhere: 403,
  withdrawn: 410,
  disconnected: 200,
  exchanging: 202,
  busy: 503,
} as const satisfies Record<Outcome['kind'], number>;

/** After how many seconds the browser loads the same address again, where that may end otherwise. */
const reloadSeconds: Partial<Record<Outcome['kind'], number>> = { exchanging: 2, busy: 5 };

/** The page and its script. */
export function connectionCallbackPages(core: Core, siteTexts = createSiteTexts()): readonly PageRoute[] {
  const texts = siteTexts.connection_callback;
  const present = presentFlowRefusal(texts);
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
        return show({ core, texts }, call, { outcome, state: parameters.get('state') ?? '' });
      },
      present,
    },
    {
      // The form goes to the address of its page. The cookie comes with forms of this site alone (`SameSite=Lax`).
      method: 'POST',
      path,
      operationId: 'connectionUndo',
      networkThrottle: 'connect',
      bodyTypes: ['application/x-www-form-urlencoded'],
      async handle(call) {
        const state = parametersOf(call).get('state') ?? '';
        const browser = readBrowserSecret(core, call);
        const outcome = await undoConnection(core, { door, state, browser });
        return show({ core, texts }, call, { outcome, state });
      },
      present,
    },
    {
      method: 'GET',
      path: `${path}.js`,
      operationId: 'connectionCallbackScript',
      isUnlimited: true,
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

interface Parts {
  readonly core: Core;
  readonly texts: PageTexts<ConnectionCallbackTexts>;
}

interface Shown {
  readonly outcome: Outcome;
  readonly state: string;
}

async function show(
  { core, texts: pageTexts }: Parts,
  { headers }: Call,
  { outcome, state }: Shown,
): Promise<Answer> {
  const owner = outcome.kind === 'refused' ? null : await findFlowOwner(core, state);
  const { language, texts } = pageTexts.closest(readAcceptLanguage(headers['accept-language']));
  const folder = flowFolder(core);
  const title = 'title' in outcome ? outcome.title : '';
  const { heading, body } = texts.notices[outcome.kind];
  const notice = {
    heading: fillText(heading, { provider: title }),
    body: fillText(body, { provider: title }),
  };
  const reload = reloadSeconds[outcome.kind];
  const hasScripts = reload === undefined && 'returnTo' in outcome && outcome.returnTo === 'opener';
  const page = renderPage({
    status: statuses[outcome.kind],
    language,
    title: notice.heading,
    hasScripts,
    ...(owner === null ? {} : { brand: pageBrand(owner.app, folder) }),
    content: html`<div role="status" data-outcome="${outcome.kind}">${noticeText(notice)}${accountText(texts, outcome, owner)}</div>
${outcome.kind === 'connected' ? undoForm(texts) : null}
${outcome.kind === 'elsewhere' ? beginAgain(texts, outcome.flow, folder) : null}
${hasScripts ? html`<script src="${folder}callback.js" defer></script>` : null}`,
  });
  if (reload === undefined) return page;
  return { ...page, headers: { ...page.headers, Refresh: String(reload) } };
}

/** Only the browser that has begun the flow is told whose account it is. */
function accountText(
  texts: ConnectionCallbackTexts,
  { kind }: Outcome,
  owner: FlowOwner | null,
): Html | null {
  if (owner === null || kind === 'elsewhere') return null;
  return html`<p>${texts.account} <strong>${owner.account.name}</strong></p>
`;
}

function undoForm(texts: ConnectionCallbackTexts): Html {
  return html`<form method="post">
<p>${texts.undo.hint}</p>
<button type="submit" class="quiet">${texts.undo.submit}</button>
</form>`;
}

function beginAgain(texts: ConnectionCallbackTexts, flow: string | null, folder: string): Html | null {
  if (flow === null) return null;
  const query = new URLSearchParams({ flow }).toString();
  return html`<nav><a href="${folder}start?${query}">${texts.beginAgain}</a></nav>`;
}
