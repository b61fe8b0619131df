/** The head of a page: its name, what it is about, and its buttons. It names the tab of the browser too. */
import { type ReactNode, useEffect } from 'react';
import { useTexts } from '../texts/texts.tsx';

export interface PageHeadProps {
  readonly title: string;
  /** Beside the name, such as a count. */
  readonly note?: ReactNode;
  /** Above the name, such as the way back to a list. */
  readonly above?: ReactNode;
  /** The buttons of the page. */
  readonly children?: ReactNode;
}

export function PageHead({ title, note, above, children }: PageHeadProps) {
  useTitle(title);
  return (
    <div className="page-head">
      <div className="page-name">
        {above}
        <h1 tabIndex={-1}>{title}</h1>
        {note !== undefined && <span className="page-note">{note}</span>}
      </div>
      {children !== undefined && <div className="page-buttons">{children}</div>}
    </div>
  );
}

/** Names the tab of the browser. */
export function useTitle(title: string): void {
  const { name } = useTexts();
  useEffect(() => {
    document.title = title === name ? name : `${title} · ${name}`;
  }, [title, name]);
}
