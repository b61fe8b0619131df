/**
 * The page at `/` for a person who opens the address of a deployment: it leads to the console, and to the reference where there is
 * one. Only a browser that asks for HTML gets it; a program gets the answer for an unknown path.
 */
import { closestLanguage, type Language, readAcceptLanguage } from '../../core/messaging/language.ts';
import type { PageRoute } from '../../http/page.ts';
import { html } from '../html.ts';
import { renderPage } from '../layout.ts';

interface HomeTexts {
  readonly intro: string;
  readonly console: string;
  readonly reference: string;
}

const texts = {
  en: {
    intro: 'This server is a directory of users.',
    console: 'Open the console',
    reference: 'Read the reference of the APIs',
  },
  es: {
    intro: 'Este servidor es un directorio de usuarios.',
    console: 'Abrir la consola',
    reference: 'Leer la referencia de las API',
  },
} as const satisfies Record<Language, HomeTexts>;

export function homePage({ hasReference }: { readonly hasReference: boolean }): PageRoute {
  return {
    method: 'GET',
    path: '/',
    operationId: 'home',
    async handle({ headers }) {
      const language = closestLanguage(readAcceptLanguage(headers['accept-language']));
      const { intro, console, reference } = texts[language];
      const content = html`<h1>Roster</h1>
<p>${intro}</p>
<nav><p><a href="/console">${console}</a></p>
${hasReference ? html`<p><a href="/docs">${reference}</a></p>` : null}</nav>
`;
      const page = renderPage({ status: 200, language, title: 'Roster', content });
      return { ...page, headers: { ...page.headers, vary: 'Accept, Accept-Language' } };
    },
  };
}
