/** Which page of the list the present address shows, and whether the reader's role sees it. */
import { useLocation } from '@tanstack/react-router';
import { type ConsolePage, consolePages, pageAt } from '../pages.ts';
import { useMay, useSession } from '../session.tsx';

export function usePageOfAddress(): {
  readonly page: ConsolePage | undefined;
  readonly isAllowed: boolean;
  readonly organization: string;
} {
  const { pathname } = useLocation();
  const may = useMay();
  const { organization, isDevelopment } = useSession();
  const page = pageAt(pathname);
  const isAllowed =
    page === undefined ||
    ((page.ability === null || may(page.ability)) && (page.isDevelopment !== true || isDevelopment));
  return { page, isAllowed, organization: organization.name };
}

/** The pages that the reader may open, in the order of the list. */
export function useMyPages(): readonly ConsolePage[] {
  const may = useMay();
  const { isDevelopment } = useSession();
  return consolePages.filter(
    ({ ability, icon, isDevelopment: isForDevelopment }) =>
      icon !== undefined &&
      (ability === null || may(ability)) &&
      (isForDevelopment !== true || isDevelopment),
  );
}
