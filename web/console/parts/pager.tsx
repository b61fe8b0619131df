/** Leads to any page of a list by its number. */
import { ActionIcon } from '@mantine/core';
import { useEffect, useState } from 'react';
import { fillText, useFormats, useTexts } from '../texts/texts.tsx';
import { Icon, type IconName } from './icon.tsx';

export interface PagerProps {
  /** From 1. */
  readonly page: number;
  readonly pages: number;
  readonly onPage: (page: number) => void;
}

/**
 * Leads from a page behind the last one to the last one. `answer` is the list as the server gave it for `page`. Returns whether the
 * reader is on the way there.
 */
export function useLastPage(
  answer: { readonly page: number; readonly pages: number } | undefined,
  page: number,
  onPage: (page: number) => void,
): boolean {
  const pages = answer?.page === page ? answer.pages : 0;
  const isBehind = pages > 0 && page > pages;
  // biome-ignore lint/correctness/useExhaustiveDependencies: the function is another one at each drawing
  useEffect(() => {
    if (isBehind) onPage(pages);
  }, [isBehind, pages]);
  return isBehind;
}

export function Pager({ page, pages, onPage }: PagerProps) {
  const { pager } = useTexts();
  const formats = useFormats();
  const [typed, setTyped] = useState(String(page));
  useEffect(() => setTyped(String(page)), [page]);
  const goTo = (wanted: number): void => {
    const within = Math.min(Math.max(1, Math.trunc(wanted)), Math.max(1, pages));
    if (Number.isFinite(within) && within !== page) onPage(within);
    setTyped(String(Number.isFinite(within) ? within : page));
  };
  const step = (name: IconName, label: string, target: number, isPossible: boolean) => (
    <ActionIcon
      variant="subtle"
      color="gray"
      aria-label={label}
      title={label}
      disabled={!isPossible}
      onClick={() => goTo(target)}
    >
      <Icon name={name} />
    </ActionIcon>
  );
  return (
    <nav className="pager" aria-label={pager.label}>
      {step('first', pager.first, 1, page > 1)}
      {step('chevronLeft', pager.previous, page - 1, page > 1)}
      <form
        onSubmit={(event) => {
          event.preventDefault();
          goTo(Number(typed));
        }}
      >
        <input
          className="pager-field"
          aria-label={pager.page}
          inputMode="numeric"
          value={typed}
          onChange={(event) => setTyped(event.currentTarget.value)}
          onFocus={(event) => event.currentTarget.select()}
          onBlur={() => setTyped(String(page))}
        />
      </form>
      <span className="pager-of">{fillText(pager.of, { pages: formats.number(Math.max(1, pages)) })}</span>
      {step('chevronRight', pager.next, page + 1, page < pages)}
      {step('last', pager.last, pages, page < pages)}
    </nav>
  );
}
