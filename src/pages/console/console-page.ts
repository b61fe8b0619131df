/**
 * The pages of the console: one HTML document for every address below `/console`, and the built files. The code is in
 * `web/console`, its API is the contract `console`. The content policy forbids inline scripts, inline styles and every other
 * host.
 */
import { join } from 'node:path';
import { closestLanguage, type Language, readAcceptLanguage } from '../../core/messaging/language.ts';
import type { Answer, Call } from '../../http/contract.ts';
import { refuseHttp } from '../../http/http-refusals.ts';
import { type PageRoute, permissionsPolicy } from '../../http/page.ts';
import { type Assets, assetsFolder, isPageBuilt, readAssets } from '../connect/connect-assets.ts';
import { html } from '../html.ts';
import { htmlHead } from '../layout.ts';

const base = '/console';
const files = `${base}/assets`;

/** The built files of the console. */
export const consoleFolder = join(assetsFolder, '..', 'console');

/** Every address of the console but those of its API, whose unknown paths are answered in JSON. */
const addresses = [base, `${base}/:page(^(?!api$|assets$).+$)`, `${base}/:page(^(?!api$|assets$).+$)/*`];

/** Every route of the console; `folder` holds its built files. */
export function consolePages(folder = consoleFolder): readonly PageRoute[] {
  let reading: Promise<Assets> | null = null;
  const assets = (): Promise<Assets> => {
    reading ??= readAssets(folder).catch((error: unknown) => {
      // Files that are built after the start are served without another start.
      reading = null;
      // Without a build there is no console; the log says so at the start.
      throw isPageBuilt(folder) ? error : refuseHttp('route_not_found', {});
    });
    return reading;
  };
  return [
    ...addresses.map(
      (path, index): PageRoute => ({
        ...{ method: 'GET', path, operationId: `console.page.${index}` },
        handle: async (call) => show(await assets(), call),
      }),
    ),
    {
      method: 'GET',
      path: `${files}/:name`,
      operationId: 'console.asset',
      isUnlimited: true,
      handle: async ({ params, headers }) => (await assets()).answer(params['name'] ?? '', headers),
    },
  ];
}

const noScript = {
  en: 'The console needs JavaScript: switch it on in your browser.',
  es: 'La consola necesita JavaScript: actívelo en su navegador.',
} as const satisfies Record<Language, string>;

/** The document, which is the same at every address. */
function show({ script, styles, shared }: Assets, { headers }: Call): Answer {
  const language = closestLanguage(readAcceptLanguage(headers['accept-language']));
  const page = html`${htmlHead(language, 'Roster')}
${styles.map((name) => html`<link rel="stylesheet" href="${files}/${name}">`)}
<script type="module" src="${files}/${script}"></script>
${shared.map((name) => html`<link rel="modulepreload" href="${files}/${name}">`)}
<link rel="preload" href="${base}/api/v1/session" as="fetch" crossorigin>
</head>
<body>
<div id="root"></div>
<noscript><p>${noScript[language]}</p></noscript>
</body>
</html>
`;
  return {
    status: 200,
    headers: { ...pageHeaders, 'content-language': language },
    contentType: 'text/html; charset=utf-8',
    content: page.text,
  };
}

const pageHeaders: Readonly<Record<string, string>> = {
  'content-security-policy': [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "connect-src 'self'",
    "img-src 'self' data: blob:",
    "font-src 'self'",
    "form-action 'none'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ].join('; '),
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'permissions-policy': permissionsPolicy,
  'cross-origin-opener-policy': 'same-origin',
  'cache-control': 'no-cache',
  vary: 'Accept-Language',
};
