/** The frame around the pages: where the reader is, where they can go, who they are, and how long the session lasts. */
import { ActionIcon, Drawer, Kbd, UnstyledButton } from '@mantine/core';
import { useLocation } from '@tanstack/react-router';
import { lazy, type ReactNode, Suspense, useEffect, useRef, useState } from 'react';
import { PageLink } from '../address.tsx';
import { Icon } from '../parts/icon.tsx';
import { useSession } from '../session.tsx';
import { useTexts } from '../texts/texts.tsx';
import { AccountMenu } from './account-menu.tsx';
import { useMyPages } from './page-of-address.ts';
import { SessionHint } from './session-hint.tsx';
import { useShortcuts } from './shortcuts.ts';

const Palette = lazy(async () => ({ default: (await import('./palette.tsx')).Palette }));

export function Frame({ children }: { readonly children: ReactNode }) {
  const texts = useTexts();
  const { pathname } = useLocation();
  const { organization, isDevelopment } = useSession();
  const [isNavigationOpen, setIsNavigationOpen] = useState(false);
  const [paletteOpened, setPaletteOpened] = useState(0);
  const main = useRef<HTMLElement>(null);
  const lastPath = useRef(pathname);

  useShortcuts({ onPalette: () => setPaletteOpened((count) => count + 1) });

  // A new page begins at its top, and takes the focus so that a screen reader says its name.
  useEffect(() => {
    if (lastPath.current === pathname) return;
    lastPath.current = pathname;
    setIsNavigationOpen(false);
    main.current?.focus({ preventScroll: true });
    main.current?.scrollTo(0, 0);
  }, [pathname]);

  return (
    <div className="frame">
      <a className="skip" href="#content">
        {texts.skip}
      </a>
      <aside className="side">
        <Brand name={organization.name} isDevelopment={isDevelopment} />
        <Navigation />
        <AccountMenu />
      </aside>
      <div className="bar">
        <ActionIcon
          className="bar-menu"
          variant="subtle"
          color="gray"
          size="lg"
          aria-label={texts.frame.openNavigation}
          onClick={() => setIsNavigationOpen(true)}
        >
          <Icon name="menu" size={20} />
        </ActionIcon>
        <UnstyledButton className="bar-search" onClick={() => setPaletteOpened((count) => count + 1)}>
          <Icon name="search" />
          <span>{texts.frame.palette}</span>
          <Kbd size="xs">{isApple ? '⌘K' : 'Ctrl K'}</Kbd>
        </UnstyledButton>
      </div>
      <main id="content" className="main" ref={main} tabIndex={-1}>
        <SessionHint />
        {children}
      </main>
      <Drawer
        opened={isNavigationOpen}
        onClose={() => setIsNavigationOpen(false)}
        size={264}
        title={<Brand name={organization.name} isDevelopment={isDevelopment} />}
        closeButtonProps={{ 'aria-label': texts.frame.closeNavigation }}
        classNames={{ body: 'side-drawer' }}
      >
        <Navigation />
        <AccountMenu />
      </Drawer>
      {paletteOpened > 0 && (
        <Suspense fallback={null}>
          <Palette openedTimes={paletteOpened} />
        </Suspense>
      )}
    </div>
  );
}

const isApple = /Mac|iPhone|iPad/.test(navigator.userAgent);

function Brand({ name, isDevelopment }: { readonly name: string; readonly isDevelopment: boolean }) {
  const { frame, name: program } = useTexts();
  return (
    <div className="brand">
      <span className="brand-mark" aria-hidden="true">
        <svg width="22" height="22" viewBox="0 0 24 24" focusable="false" aria-hidden="true">
          <rect x="1" y="1" width="22" height="22" rx="6" className="brand-ground" />
          <path d="M8 18V6h5a3.500 3.500 0 0 1 0 7H8m4.500 0 4 5" className="brand-line" />
        </svg>
      </span>
      <span className="brand-names">
        <strong title={name}>{name}</strong>
        <span>{isDevelopment ? `${program} · ${frame.development}` : program}</span>
      </span>
    </div>
  );
}

function Navigation() {
  const texts = useTexts();
  const { pathname } = useLocation();
  return (
    <nav aria-label={texts.frame.navigation} className="navigation">
      <ul>
        {useMyPages().map(({ path, name, icon }) => {
          const isHere = pathname === path || pathname.startsWith(`${path}/`);
          return (
            <li key={path}>
              <PageLink to={path} className={isHere ? 'navigation-link is-here' : 'navigation-link'}>
                {icon !== undefined && <Icon name={icon} size={18} />}
                <span>{texts.pages[name]}</span>
              </PageLink>
            </li>
          );
        })}
      </ul>
    </nav>
  );
}
