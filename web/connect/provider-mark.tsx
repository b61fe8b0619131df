/** The mark of a provider; without one, or where it cannot be loaded, initials. Both only decorate the name beside them. */
import { useState } from 'react';
import type { SourceShape } from '../../src/pages/connect/connect-shapes.ts';

export interface ProviderMarkProps {
  readonly source: SourceShape;
  readonly locale: string;
}

export function ProviderMark({ source: { mark, title }, locale }: ProviderMarkProps) {
  const [isBroken, setIsBroken] = useState(false);
  if (mark !== null && !isBroken) {
    return <img className="mark" src={mark} alt="" aria-hidden onError={() => setIsBroken(true)} />;
  }
  return (
    <span className="initial" aria-hidden>
      {initialsOf(title, locale)}
    </span>
  );
}

/** The first characters of the first two words. */
function initialsOf(title: string, locale: string): string {
  const words = title.split(/[^\p{L}\p{N}\p{M}]+/u).filter((word) => word !== '');
  const characters = new Intl.Segmenter(locale);
  const firsts = words.slice(0, 2).map((word) => [...characters.segment(word)][0]?.segment ?? '');
  return firsts.join('').toLocaleUpperCase(locale);
}
