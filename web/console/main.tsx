/** Starts the console. */
import './styles/mantine.css';
import './styles/theme.css';
import './styles/frame.css';
import './styles/parts.css';
import { localStorageColorSchemeManager, MantineProvider } from '@mantine/core';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { createRoot } from 'react-dom/client';
import { ApiProblem } from './api.ts';
import { firstPage, pageAt } from './pages.ts';
import { ToastProvider } from './parts/toasts.tsx';
import { noticeReader } from './reader.ts';
import { router } from './router.tsx';
import { sessionQuery } from './session.tsx';
import { SpeechProvider } from './texts/texts.tsx';
import { theme } from './theme.ts';

const retriesMax = 2;
const freshMs = 10_000;

/** Only what may go better at another try is tried again: a missing answer, and an answer of a busy server. */
function isWorthAnotherTry(failures: number, error: Error): boolean {
  const isPassing = error instanceof ApiProblem && (error.status === 0 || error.status >= 500);
  return isPassing && failures < retriesMax;
}

const queries = new QueryClient({
  defaultOptions: { queries: { retry: isWorthAnotherTry, staleTime: freshMs } },
});

noticeReader();
// The question who the reader is goes to the server before anything is drawn.
void queries.prefetchQuery(sessionQuery());
// The program of the page comes at the same time, and that of the sign-in. If one does not come, the page says so later.
import('./sign-in/sign-in-page.tsx').catch(() => {});
const address = window.location.pathname.replace(/^\/console\/?$/, `/console${firstPage}`);
pageAt(address.replace(/^\/console/, ''))
  ?.load()
  .catch(() => {});

const root = document.getElementById('root');
if (root !== null) {
  createRoot(root).render(
    // The content security policy forbids inline styles: the variables are in `styles/theme.css`.
    <MantineProvider
      theme={theme}
      defaultColorScheme="auto"
      colorSchemeManager={localStorageColorSchemeManager({ key: 'roster-console-theme' })}
      withCssVariables={false}
      withGlobalClasses={false}
    >
      <SpeechProvider>
        <QueryClientProvider client={queries}>
          <ToastProvider>
            <RouterProvider router={router} />
          </ToastProvider>
        </QueryClientProvider>
      </SpeechProvider>
    </MantineProvider>,
  );
}
