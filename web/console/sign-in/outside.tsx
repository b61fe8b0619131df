/** The card in the middle of the window that pages without a session have, with the theme and the language below it. */
import '../styles/outside.css';
import type { ReactNode } from 'react';
import { Appearance } from '../frame/account-menu.tsx';
import { useTitle } from '../parts/page-head.tsx';
import { useTexts } from '../texts/texts.tsx';

export interface OutsideProps {
  readonly title: string;
  readonly intro?: string;
  readonly isWide?: boolean;
  readonly children: ReactNode;
}

export function Outside({ title, intro, isWide = false, children }: OutsideProps) {
  const { name } = useTexts();
  useTitle(title);
  return (
    <div className="outside">
      <main className={isWide ? 'outside-card is-wide' : 'outside-card'}>
        <p className="outside-brand">
          <svg width="28" height="28" viewBox="0 0 24 24" focusable="false" aria-hidden="true">
            <rect x="1" y="1" width="22" height="22" rx="6" className="brand-ground" />
            <path d="M8 18V6h5a3.500 3.500 0 0 1 0 7H8m4.500 0 4 5" className="brand-line" />
          </svg>
          {name}
        </p>
        <h1>{title}</h1>
        {intro !== undefined && <p className="dim">{intro}</p>}
        {children}
      </main>
      <footer className="outside-foot">
        <Appearance />
      </footer>
    </div>
  );
}
