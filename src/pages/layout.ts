/**
 * The frame of every page for people: one column that fits a phone, without foreign resource. Most have no
 * script; a page may have one of our own, which is a file.
 * The headers keep the page out of caches, frames and `Referer`, because its address may contain a token.
 */
import { createHash } from 'node:crypto';
import type { Answer } from '../http/contract.ts';
import { permissionsPolicy } from '../http/page.ts';
import { brandStyle } from './brand.ts';
import { Html, html } from './html.ts';
import { languageAttributes } from './page-language.ts';

const style = `
:root { color-scheme: light dark; font: 100%/1.5 system-ui, sans-serif; }
body { margin: 0; padding: 1.5rem 1rem; }
main { max-width: 26rem; margin: 0 auto; }
h1 { font-size: 1.5rem; line-height: 1.25; margin: 0 0 1rem; }
form { display: grid; gap: 1.25rem; margin-top: 1.5rem; }
label { display: block; font-weight: 600; margin-bottom: .25rem; }
input { box-sizing: border-box; width: 100%; font: inherit; padding: .625rem .75rem; border: 1px solid #767676; border-radius: .375rem; }
input[aria-invalid="true"] { border: 2px solid #c62828; }
button { font: inherit; font-weight: 600; min-height: 2.75rem; border: 0; border-radius: .375rem; background: var(--fill, #1a4fa3); color: var(--on-fill, #fff); cursor: pointer; }
button[aria-disabled="true"] { opacity: .6; cursor: wait; }
button.quiet { background: transparent; color: inherit; border: 1px solid #767676; }
:focus-visible { outline: 3px solid var(--accent, #1a4fa3); outline-offset: 2px; }
p { margin: 0 0 .75rem; }
.hint { margin: 0 0 .5rem; }
.error { margin: 0 0 .5rem; padding-inline-start: .75rem; border-inline-start: .25rem solid #c62828; font-weight: 600; }
section + section { margin-top: 2.5rem; }
header { display: flex; align-items: center; gap: .75rem; margin: 0 0 1.5rem; font-weight: 600; overflow-wrap: anywhere; }
header img { width: 2.5rem; height: 2.5rem; object-fit: contain; }
nav { margin-top: 2.5rem; }
nav a { display: inline-block; padding: .5rem 0; color: inherit; }
@media (prefers-color-scheme: dark) { :focus-visible { outline-color: var(--accent, #8ab4f8); } }
`;

function hashOf(text: string): string {
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
}

const headers: Readonly<Record<string, string>> = {
  'Referrer-Policy': 'no-referrer',
  'Cache-Control': 'no-store',
  'X-Content-Type-Options': 'nosniff',
  'Permissions-Policy': permissionsPolicy,
  Vary: 'Accept-Language',
};

/** The app that a page is for: its name, its colour (six hex digits after a `#`), and the address of its logo. */
export interface PageBrand {
  readonly name: string;
  readonly colour: string | null;
  readonly logo: string | null;
}

export interface Page {
  readonly status: number;
  /** The language of the page, a BCP 47 tag. */
  readonly language: string;
  readonly title: string;
  readonly content: Html;
  /** Whether every other page may show it in a frame: only for a page without controls. */
  readonly isFramed?: true;
  /**
   * Whether the page gets a window of its own, which pages of other origins that opened it cannot reach. Not for a page in a
   * pop-up that the Connect page opens and waits for.
   */
  readonly isIsolated?: true;
  /** The app whose page it is. */
  readonly brand?: PageBrand;
  /** The address of a script of this server that runs before the content. */
  readonly script?: string;
  /** Whether the content has scripts of this server. */
  readonly hasScripts?: boolean;
  /** Where the answer to a form may redirect to, beside this server, as in `form-action` of the content policy. */
  readonly formTargets?: readonly string[];
}

/** The beginning of every document for people, inside its `<head>`; the caller ends the `<head>`. */
export function htmlHead(language: string, title: string): Html {
  return html`<!doctype html>
<html ${languageAttributes(language)}>
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>${title}</title>`;
}

/** The whole page as an answer. */
export function renderPage(page: Page): Answer {
  const { status, language, title, content, isFramed, isIsolated, script, brand, formTargets = [] } = page;
  const hasScripts = script !== undefined || page.hasScripts === true;
  const ownStyle = brand?.colour == null ? null : brandStyle(brand.colour);
  const document = html`${htmlHead(language, title)}
<style>${new Html(style)}</style>
${ownStyle === null ? null : html`<style>${new Html(ownStyle)}</style>`}
${script === undefined ? null : html`<script src="${script}"></script>`}
</head>
<body>
<main>
${brand === undefined ? null : brandHeader(brand)}
${content}
</main>
</body>
</html>
`;
  return {
    status,
    headers: {
      ...headers,
      ...(isFramed ? {} : { 'X-Frame-Options': 'DENY' }),
      ...(isIsolated ? { 'Cross-Origin-Opener-Policy': 'same-origin' } : {}),
      'Content-Security-Policy': [
        "default-src 'none'",
        `form-action ${["'self'", ...formTargets].join(' ')}`,
        "base-uri 'none'",
        `style-src ${[style, ...(ownStyle === null ? [] : [ownStyle])].map(hashOf).join(' ')}`,
        ...(brand?.logo == null ? [] : ["img-src 'self'"]),
        ...(isFramed ? [] : ["frame-ancestors 'none'"]),
        ...(hasScripts ? ["script-src 'self'"] : []),
      ].join('; '),
      'Content-Language': language,
    },
    contentType: 'text/html; charset=utf-8',
    content: document.text,
  };
}

function brandHeader({ name, logo }: PageBrand): Html {
  return html`<header>${logo === null ? null : html`<img src="${logo}" alt="">`}<span>${name}</span></header>`;
}
