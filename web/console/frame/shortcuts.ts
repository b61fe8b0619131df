/** The keys that work on every page: Ctrl+K (or Cmd+K) opens the palette, `g` and a letter opens a page. */
import { useEffect, useRef } from 'react';
import { useGo } from '../address.tsx';
import { isTyping } from '../parts/keys.ts';
import { useMyPages } from './page-of-address.ts';

const secondKeyMaxMs = 1200;

export function useShortcuts({ onPalette }: { readonly onPalette: () => void }): void {
  const go = useGo();
  const pages = useMyPages();
  const goingSince = useRef(0);
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent): void => {
      if ((event.ctrlKey || event.metaKey) && !event.altKey && event.key.toLowerCase() === 'k') {
        event.preventDefault();
        onPalette();
        return;
      }
      if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
      if (event.key === 'g') {
        goingSince.current = event.timeStamp;
        return;
      }
      if (event.timeStamp - goingSince.current < secondKeyMaxMs) {
        const page = pages.find(({ key }) => key === event.key);
        if (page !== undefined) go(page.path);
      }
      goingSince.current = 0;
    };
    document.addEventListener('keydown', onKeyDown);
    return () => document.removeEventListener('keydown', onKeyDown);
  });
}
