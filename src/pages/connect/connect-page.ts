/**
 * The Connect page, which apps open in a frame for one of their users: its HTML, its files, and the picture that the
 * public client shows while it loads. The code of the page is in `web/connect`, its API in `connect-api.ts`.
 *
 * Only origins that the app lists may show the page in a frame, and the page talks to no other origin. The app is known
 * from the token, so for an unknown token every origin gets a plain notice, whose only control closes the frame.
 */
import { findPageToken } from '../../core/connect-page/page-token.ts';
import type { Core } from '../../core/core.ts';
import { fallbackLanguage, readAcceptLanguage } from '../../core/messaging/language.ts';
import { refusalHeaders } from '../../http/answering/refusal-headers.ts';
import type { Answer, Call } from '../../http/contract.ts';
import type { Refusal } from '../../http/http-refusals.ts';
import { type PageRoute, permissionsPolicy } from '../../http/page.ts';
import { type Html, html } from '../html.ts';
import { htmlHead, renderPage } from '../layout.ts';
import type { LocalTexts, PageTexts } from '../local-texts.ts';
import { noticeText } from '../notice.ts';
import { directionOf, languageAttributes, languageName } from '../page-language.ts';
import { requestProblemOf } from '../request-problem.ts';
import { createSiteTexts } from '../site-texts.ts';
import { brandAddresses, brandFiles } from './brand-files.ts';
import { connectApi } from './connect-api.ts';
import { type Assets, assetsFolder, readAssets } from './connect-assets.ts';
import type { LanguageShape } from './connect-shapes.ts';
import type { ConnectTexts } from './connect-texts.ts';
import { noticeScript } from './notice-script.ts';

interface Parts {
  readonly core: Core;
  readonly texts: PageTexts<ConnectTexts>;
}

const path = '/connect';
const picturePath = 'images/data-source-type-icons/launch-connect-text.svg';

/** Every route of the page; `folder` holds its built files. */
export function connectPages(
  core: Core,
  { connect: texts } = createSiteTexts(),
  folder = assetsFolder,
): readonly PageRoute[] {
  let reading: Promise<Assets> | null = null;
  const assets = (): Promise<Assets> => {
    reading ??= readAssets(folder).catch((error: unknown) => {
      // Files that are built after the start are served without another start.
      reading = null;
      throw error;
    });
    return reading;
  };
  const pictures = [`${path}/${picturePath}`, `${path}//${picturePath}`];
  return [
    // The client appends to the address as it was written, with or without a slash at its end.
    ...[path, `${path}/`].map((each, index): PageRoute => {
      const base = index === 0 ? 'connect/' : '';
      const operationId = index === 0 ? 'connect' : 'connect.slash';
      const handle = (call: Call): Promise<Answer> => show({ core, texts }, call, { assets, base });
      return { method: 'GET', path: each, operationId, handle, present: presentIn(texts, base) };
    }),
    {
      method: 'GET',
      path: `${path}/notice.js`,
      operationId: 'connect.notice',
      isUnlimited: true,
      handle: async () => ({
        status: 200,
        headers: { 'cache-control': 'public, max-age=3600', 'cross-origin-resource-policy': 'same-origin' },
        contentType: 'text/javascript; charset=utf-8',
        content: noticeScript,
      }),
    },
    ...pictures.map((each, index): PageRoute => {
      const operationId = index === 0 ? 'connect.picture' : 'connect.picture.slash';
      return { method: 'GET', path: each, operationId, isUnlimited: true, handle: async () => picture };
    }),
    {
      method: 'GET',
      path: `${path}/assets/:name`,
      operationId: 'connect.asset',
      isUnlimited: true,
      handle: async ({ params, headers }) => (await assets()).answer(params['name'] ?? '', headers),
    },
    ...brandFiles(core),
    ...connectApi(core),
  ];
}

async function show(
  { core, texts: pageTexts }: Parts,
  call: Call,
  files: { readonly assets: () => Promise<Assets>; readonly base: string },
): Promise<Answer> {
  const { token, lang } = call.query;
  // The client appends the path of the picture to the whole address that it was given, after the query.
  if (typeof lang === 'string' && lang.endsWith(`/${picturePath}`)) return picture;
  const local = pageTexts.closest([
    ...(typeof lang === 'string' ? [lang] : []),
    ...readAcceptLanguage(call.headers['accept-language']),
  ]);
  const found = typeof token === 'string' ? await findPageToken(core, token) : null;
  if (found === null) return unknownPage(local, files.base);
  const { origins } = found.app;
  const { script, styles } = await files.assets();
  const address = (name: string): string => `${files.base}assets/${name}`;
  const { language } = local;
  const { page: texts, notices } = local.texts;
  const { logo, colours } = brandAddresses(found.app);
  const page = html`${htmlHead(language, texts.title)}
${styles.map((name) => html`<link rel="stylesheet" href="${address(name)}">`)}
${colours === null ? null : html`<link rel="stylesheet" href="${files.base}${colours}">`}
<script type="module" src="${address(script)}"></script>
</head>
<body>
<div id="root" data-origins="${JSON.stringify(origins)}" data-api="${files.base}api/" data-logo="${logo === null ? '' : `${files.base}${logo}`}" data-languages="${JSON.stringify(shapesOf(pageTexts))}">
<main class="notice late"><h1>${texts.title}</h1><p>${notices.loading}</p></main>
</div>
<noscript><p>${notices.needsScript}</p></noscript>
</body>
</html>
`;
  return {
    // For a token that has ended, the page itself tells the person, in the window where the person is.
    status: found.isValid ? 200 : 403,
    headers: { ...pageHeaders(origins), 'content-language': language },
    contentType: 'text/html; charset=utf-8',
    content: page.text,
  };
}

/** For a page that only `origins` may show in a frame. */
function pageHeaders(origins: readonly string[]): Readonly<Record<string, string>> {
  const ancestors = origins.length === 0 ? "'none'" : origins.join(' ');
  return {
    'content-security-policy': [
      "default-src 'none'",
      "script-src 'self'",
      "style-src 'self'",
      "connect-src 'self'",
      "img-src 'self'",
      "form-action 'none'",
      "base-uri 'none'",
      `frame-ancestors ${ancestors}`,
    ].join('; '),
    'referrer-policy': 'no-referrer',
    'permissions-policy': permissionsPolicy,
    vary: 'Accept-Language',
  };
}

/** The texts of the page in every language, as its script reads them. */
function shapesOf(texts: PageTexts<ConnectTexts>): readonly LanguageShape[] {
  return texts.languages.map((tag) => ({
    tag,
    name: languageName(tag),
    direction: directionOf(tag),
    texts: texts.in(tag).page,
  }));
}

function unknownPage({ language, texts }: LocalTexts<ConnectTexts>, base: string): Answer {
  const notice = texts.notices.unknown;
  const content = html`${noticeText(notice)}${closeButton(texts)}`;
  return renderPage({
    ...{ status: 403, language, title: notice.heading, content },
    ...{ isFramed: true, script: `${base}notice.js` },
  });
}

/** The script shows it inside a frame. */
function closeButton({ page }: ConnectTexts): Html {
  return html`<button type="button" data-close hidden>${page.close}</button>
`;
}

/** In every language: the request does not tell the language of its reader. */
function presentIn(texts: PageTexts<ConnectTexts>, base: string): (refusal: Refusal) => Answer {
  return (refusal) => {
    const content = html`${texts.languages.map((language) => {
      const each = texts.in(language);
      return html`<section ${languageAttributes(language)}>${noticeText(each.notices.failed)}${closeButton(each)}</section>
`;
    })}`;
    const page = renderPage({
      ...{ status: requestProblemOf(refusal).status, language: fallbackLanguage },
      ...{ title: texts.in(fallbackLanguage).notices.failed.heading, content },
      ...{ isFramed: true, script: `${base}notice.js` },
    });
    return { ...page, headers: { ...page.headers, ...refusalHeaders(refusal, null) } };
  };
}

const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="160" height="64" viewBox="0 0 160 64">
<g fill="none" stroke="#1c7ed6" stroke-width="5" stroke-linecap="round">
<path d="M70 22h-12a10 10 0 0 0 0 20h12"/><path d="M90 22h12a10 10 0 0 1 0 20h-12"/><path d="M68 32h24"/>
</g>
</svg>
`;

/** A page of another origin shows it behind the frame while that loads. */
const picture: Answer = {
  status: 200,
  headers: { 'cache-control': 'public, max-age=86400', 'cross-origin-resource-policy': 'cross-origin' },
  contentType: 'image/svg+xml',
  content: svg,
};
