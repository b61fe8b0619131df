/**
 * Starts the page. The public client passes the token in the address. The page first moves it from the address to the
 * state of the history entry, where a reload finds it and other pages cannot read it (`pages/connect/notice-script.ts`).
 */
import '@mantine/core/styles/baseline.css';
import '@mantine/core/styles/default-css-variables.css';
import '@mantine/core/styles/global.css';
import '@mantine/core/styles/UnstyledButton.css';
import '@mantine/core/styles/Alert.css';
import '@mantine/core/styles/Badge.css';
import '@mantine/core/styles/Button.css';
import '@mantine/core/styles/CloseButton.css';
import '@mantine/core/styles/Input.css';
import '@mantine/core/styles/Loader.css';
import './connect.css';
import { MantineProvider } from '@mantine/core';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { useState } from 'react';
import { createRoot } from 'react-dom/client';
import type { LanguageShape } from '../../src/pages/connect/connect-shapes.ts';
import { createApi } from './api.ts';
import { ConnectPage } from './connect-page.tsx';
import { findEmbedder } from './embedder.ts';
import { SessionResults } from './session-results.ts';
import { chooseLanguage } from './texts.ts';

const address = new URL(window.location.href);
const token = address.searchParams.get('token') ?? '';

function remember(language: string): void {
  window.history.replaceState({ connectToken: token, language }, '', address.pathname);
}
remember(document.documentElement.lang);

const root = document.getElementById('root');
if (root !== null) start(root);

function start(element: HTMLElement): void {
  const { origins = '[]', api = '', logo = '', languages: inJson = '[]' } = element.dataset;
  const languages: readonly LanguageShape[] = JSON.parse(inJson);
  const embedder = findEmbedder(JSON.parse(origins));
  const props = {
    api: createApi(new URL(api, document.baseURI).href, token),
    embedder,
    results: new SessionResults(),
    languages,
    logo: logo === '' ? null : new URL(logo, document.baseURI).href,
  };
  const { lang } = document.documentElement;

  function App() {
    const [tag, setTag] = useState(lang);
    const choose = (chosen: string): void => {
      remember(chosen);
      setTag(chosen);
    };
    const language = chooseLanguage(languages, tag);
    return language === undefined ? null : <ConnectPage {...props} language={language} onLanguage={choose} />;
  }

  createRoot(element).render(
    // The content security policy forbids inline styles: the variables come from a style sheet instead.
    <MantineProvider defaultColorScheme="auto" withCssVariables={false} withGlobalClasses={false}>
      <QueryClientProvider client={new QueryClient()}>
        <App />
      </QueryClientProvider>
    </MantineProvider>,
  );
}
