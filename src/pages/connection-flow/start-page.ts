/**
 * The page on which each flow to a provider starts. It says which app asks and whose account gets the data. A press
 * binds the flow to the browser and leads to the provider; opening the page changes nothing, so a mail scanner that
 * follows links does no harm. It works without script.
 *
 * In a pop-up that the Connect page has opened from a frame, a small script goes on without a press: the app that shows
 * the frame has signed the person in. The script believes only an opener of this origin, in a frame, that has asked for
 * this very flow. A page of another site cannot send the form: see `own-form.ts`.
 *
 * Everywhere else the script holds the button for a moment after the page comes into view: a page of another site could
 * close a window over it between the two clicks of a double click, and the second one would land on the button.
 */
import type { Core } from '../../core/core.ts';
import { readAcceptLanguage } from '../../core/messaging/language.ts';
import { issueBrowserSecret } from '../../core/providers/browser-binding.ts';
import { beginFlow, findOpenFlow, type OpenFlow } from '../../core/providers/flow.ts';
import type { Answer, Call } from '../../http/contract.ts';
import type { PageRoute } from '../../http/page.ts';
import { pageBrand } from '../connect/brand-files.ts';
import { fillText } from '../fill-text.ts';
import { fillHtml, html } from '../html.ts';
import { renderPage } from '../layout.ts';
import type { LocalTexts, PageTexts } from '../local-texts.ts';
import { noticeText } from '../notice.ts';
import { createSiteTexts } from '../site-texts.ts';
import { browserCookie, readBrowserSecret } from './browser-cookie.ts';
import { flowFolder } from './flow-address.ts';
import { presentFlowRefusal } from './flow-refusals.ts';
import { isOwnForm } from './own-form.ts';
import type { ConnectionStartTexts } from './start-texts.ts';

interface Parts {
  readonly core: Core;
  readonly texts: PageTexts<ConnectionStartTexts>;
}

const path = '/connect/start';

const script = `'use strict';
const isVouched = () => {
  const { opener } = window;
  const flow = new URLSearchParams(window.location.search).get('flow');
  try {
    return opener !== null && opener.parent !== opener && opener.document.documentElement.dataset.flow === flow;
  } catch {
    return false;
  }
};
const holdMs = 700;
const holdButton = () => {
  const button = document.querySelector('form button');
  let timer;
  const hold = () => {
    button.setAttribute('aria-disabled', 'true');
    clearTimeout(timer);
    timer = setTimeout(() => button.removeAttribute('aria-disabled'), holdMs);
  };
  // A click by keyboard has no detail. No other page can cause it.
  button.addEventListener('click', (event) => {
    if (event.detail > 0 && button.hasAttribute('aria-disabled')) event.preventDefault();
  });
  window.addEventListener('focus', hold);
  document.addEventListener('visibilitychange', hold);
  hold();
};
if (isVouched()) document.querySelector('form').submit();
else holdButton();
`;

/** The page and its script. */
export function connectionStartPages(core: Core, siteTexts = createSiteTexts()): readonly PageRoute[] {
  const present = presentFlowRefusal(siteTexts.connection_callback);
  const parts = { core, texts: siteTexts.connection_start };
  return [
    {
      method: 'GET',
      path,
      operationId: 'connectionStart',
      handle: (call) => show(parts, call, 200),
      present,
    },
    {
      method: 'POST',
      path,
      operationId: 'connectionBegin',
      networkThrottle: 'connect',
      bodyTypes: ['application/x-www-form-urlencoded'],
      handle: (call) => begin(parts, call),
      present,
    },
    {
      method: 'GET',
      path: `${path}.js`,
      operationId: 'connectionStartScript',
      isUnlimited: true,
      handle: async () => ({
        status: 200,
        headers: { 'Cache-Control': 'public, max-age=3600' },
        contentType: 'text/javascript; charset=utf-8',
        content: script,
      }),
    },
  ];
}

async function show(parts: Parts, call: Call, status: 200 | 403): Promise<Answer> {
  const flow = await findOpenFlow(parts.core, flowOf(call));
  return flow === null ? overPage(parts, call) : formPage(parts, call, { flow, status });
}

/** Another site's form gets the page, whose button the person may press. */
async function begin(parts: Parts, call: Call): Promise<Answer> {
  const { core } = parts;
  if (!isOwnForm(core, call)) return show(parts, call, 403);
  const browser = readBrowserSecret(core, call) ?? issueBrowserSecret();
  const address = await beginFlow(core, { flow: flowOf(call), browser });
  if (address === null) return overPage(parts, call);
  return {
    status: 303,
    headers: {
      Location: address,
      'Set-Cookie': browserCookie(core, browser),
      'Referrer-Policy': 'no-referrer',
    },
  };
}

function flowOf({ query }: Call): string {
  const { flow } = query;
  return typeof flow === 'string' ? flow : '';
}

function formPage(
  parts: Parts,
  call: Call,
  { flow, status }: { readonly flow: OpenFlow; readonly status: number },
): Answer {
  const { app, account, provider } = flow;
  const { title } = provider;
  const { language, texts } = localTexts(parts, call);
  const folder = flowFolder(parts.core);
  const named = { app: app.name, provider: title };
  const heading = fillText(texts.heading, named);
  const unproved = account.isUnproved ? html` ${texts.unproved}` : null;
  const accountText = html`<strong>${account.name}</strong>${unproved}`;
  const page = renderPage({
    status,
    language,
    title: heading,
    brand: pageBrand(app, folder),
    formTargets: [schemeOf(parts.core, flow)],
    hasScripts: true,
    content: html`<h1>${heading}</h1>
<p>${fillHtml(texts.account, { ...named, account: accountText })}</p>
<p>${texts.warning}</p>
<form method="post"><button type="submit">${fillText(texts.submit, named)}</button></form>
<script src="${folder}start.js" defer></script>`,
  });
  // Browsers send `Origin: null` with a form of a page without referrer, and then nothing tells whose form it is.
  return { ...page, headers: { ...page.headers, 'Referrer-Policy': 'same-origin' } };
}

/** Browsers apply `form-action` to every redirect on the way, also to those from one host of the provider to another. */
function schemeOf(core: Core, { provider }: OpenFlow): string {
  const { redirectUri } = core.providers;
  return new URL(provider.authorizationUrl({ state: '', challenge: null, redirectUri })).protocol;
}

function overPage(parts: Parts, call: Call): Answer {
  const { language, texts } = localTexts(parts, call);
  const { over } = texts;
  return renderPage({ status: 404, language, title: over.heading, content: noticeText(over) });
}

function localTexts({ texts }: Parts, { headers }: Call): LocalTexts<ConnectionStartTexts> {
  return texts.closest(readAcceptLanguage(headers['accept-language']));
}
