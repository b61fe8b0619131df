/** A part of a page with a name, and facts in it. */
import { type ReactNode, useId } from 'react';

export interface PanelProps {
  readonly title: string;
  readonly note?: ReactNode;
  /** The buttons of the part. */
  readonly actions?: ReactNode;
  readonly className?: string;
  readonly children: ReactNode;
}

export function Panel({ title, note, actions, className = '', children }: PanelProps) {
  const id = useId();
  return (
    <section className={`panel ${className}`} aria-labelledby={id}>
      <div className="panel-head">
        <h2 id={id}>{title}</h2>
        {note !== undefined && <span className="dim panel-note">{note}</span>}
        {actions !== undefined && <div className="panel-actions">{actions}</div>}
      </div>
      {children}
    </section>
  );
}

export function Facts({ children }: { readonly children: ReactNode }) {
  return <dl className="facts">{children}</dl>;
}

/** A name and its value; `aside` stands at the end of the line. */
export function Fact({
  name,
  aside,
  children,
}: {
  readonly name: string;
  readonly aside?: ReactNode;
  readonly children: ReactNode;
}) {
  return (
    <div className="fact">
      <dt>{name}</dt>
      <dd>
        <span className="fact-value">{children}</span>
        {aside}
      </dd>
    </div>
  );
}

/** A short text that says a state by its words; the colour only helps the eye. */
export function State({
  tone,
  children,
}: {
  readonly tone: 'good' | 'warn' | 'bad' | 'calm' | 'plain';
  readonly children: ReactNode;
}) {
  return <span className={`state state-${tone}`}>{children}</span>;
}
