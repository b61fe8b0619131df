/** Asks before a source is disconnected. The browser's own dialog keeps the focus inside and restores it at the end. */
import { Button } from '@mantine/core';
import { useId, useLayoutEffect, useRef } from 'react';
import { fillText } from '../../src/pages/fill-text.ts';
import type { NamedSource } from './session-results.ts';
import type { Texts } from './texts.ts';

export interface DisconnectDialogProps {
  readonly source: NamedSource;
  readonly appName: string;
  readonly texts: Texts;
  readonly onKeep: () => void;
  readonly onDisconnect: () => void;
}

export function DisconnectDialog(props: DisconnectDialogProps) {
  const { source, appName, texts: t, onKeep, onDisconnect } = props;
  const named = { app: appName, provider: source.name };
  const dialog = useRef<HTMLDialogElement>(null);
  const heading = useId();
  const hint = useId();
  useLayoutEffect(() => {
    const shown = dialog.current;
    shown?.showModal();
    // Close it while it is still in the document: the browser then returns the focus to the button that opened it.
    return () => shown?.close();
  }, []);
  return (
    <dialog ref={dialog} className="ask" aria-labelledby={heading} aria-describedby={hint} onCancel={onKeep}>
      <h2 id={heading}>{fillText(t.askDisconnect, named)}</h2>
      <p id={hint}>{fillText(t.disconnectHint, named)}</p>
      <div className="actions">
        <Button variant="default" onClick={onKeep}>
          {t.keep}
        </Button>
        <Button color="red.9" className="danger" onClick={onDisconnect}>
          {t.disconnect}
        </Button>
      </div>
    </dialog>
  );
}
