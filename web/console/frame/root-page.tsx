/**
 * What stands around every page. Without a session it shows the sign-in page at the same address, so that the reader comes
 * back to where they were.
 */
import { useQueryClient } from '@tanstack/react-query';
import { Outlet, useLocation } from '@tanstack/react-router';
import { lazy, Suspense, useEffect, useState } from 'react';
import { useGo } from '../address.tsx';
import { onSessionEnd } from '../api.ts';
import { onOtherTab } from '../other-tabs.ts';
import { firstPage } from '../pages.ts';
import { FreshFactorProvider } from '../parts/fresh-factor.tsx';
import { Loading } from '../parts/loading.tsx';
import { Problem } from '../parts/problem.tsx';
import { accountOf, forgetPages, SessionContext, sessionKey, useSessionQuery } from '../session.tsx';
import { fillText, useTexts } from '../texts/texts.tsx';
import { Frame } from './frame.tsx';
import { usePageOfAddress } from './page-of-address.ts';

const SignInPage = lazy(async () => ({ default: (await import('../sign-in/sign-in-page.tsx')).SignInPage }));
const EnrolPage = lazy(async () => ({ default: (await import('../sign-in/enrol-page.tsx')).EnrolPage }));

export function RootPage() {
  const { pathname } = useLocation();
  const go = useGo();
  const queries = useQueryClient();
  const session = useSessionQuery();
  const [hasEnded, setHasEnded] = useState(false);
  const isSignedIn = session.data !== null && session.data !== undefined;

  useEffect(
    () =>
      onSessionEnd(() => {
        if (queries.getQueryData(sessionKey) === null) return;
        setHasEnded(queries.getQueryData(sessionKey) !== undefined);
        queries.setQueryData(sessionKey, null);
      }),
    [queries],
  );

  useEffect(() => onOtherTab(() => void queries.invalidateQueries({ queryKey: sessionKey })), [queries]);

  const enter = (): void => {
    setHasEnded(false);
    // What another reader has seen is not shown to this one.
    forgetPages(queries);
    void queries.invalidateQueries({ queryKey: sessionKey });
    if (pathname === '/sign-in' || pathname === '/enrol') go(firstPage, { isReplaced: true });
  };

  useEffect(() => {
    if (isSignedIn && pathname === '/sign-in') go(firstPage, { isReplaced: true });
  });

  if (pathname === '/enrol') {
    return (
      <Suspense fallback={<Splash />}>
        <EnrolPage onDone={enter} />
      </Suspense>
    );
  }
  if (session.data === undefined) {
    if (session.error === null) return <Splash />;
    return (
      <main className="notice">
        <Problem error={session.error} onRetry={() => void session.refetch()} />
      </main>
    );
  }
  if (session.data === null) {
    return (
      <Suspense fallback={<Splash />}>
        <SignInPage hasEnded={hasEnded} onDone={enter} />
      </Suspense>
    );
  }
  return (
    <SessionContext value={session.data}>
      {/* Another account begins without the state of the former one: open dialogs, fields that were looked at. */}
      <FreshFactorProvider key={accountOf(session.data)}>
        <Frame>
          <Allowed>
            <Suspense fallback={<Splash />}>
              <Outlet />
            </Suspense>
          </Allowed>
        </Frame>
      </FreshFactorProvider>
    </SessionContext>
  );
}

/** Shows the page only to readers whose role sees it. */
function Allowed({ children }: { readonly children: React.ReactNode }) {
  const { frame } = useTexts();
  const { isAllowed, organization } = usePageOfAddress();
  if (isAllowed) return children;
  return (
    <div className="notice">
      <h1>{frame.notYours}</h1>
      <p>{fillText(frame.notYoursHint, { organization })}</p>
    </div>
  );
}

function Splash() {
  const { loading } = useTexts();
  return <Loading label={loading} />;
}

export function NotFound() {
  const { frame } = useTexts();
  return (
    <div className="notice">
      <h1>{frame.notFound}</h1>
      <p>{frame.notFoundHint}</p>
    </div>
  );
}
