/**
 * The pop-up in which a person signs in at a provider. It is opened in the click itself, or browsers would block it,
 * and is sent on once the address is known. The page that providers send people back to tells us how it went; a
 * provider may have cut the tie between the windows, so whoever waits also asks the server.
 */

export interface ProviderWindow {
  /** Whether it was closed, or can no longer be seen from here. */
  readonly isClosed: boolean;
  goTo(address: string): void;
  focus(): void;
  close(): void;
}

const width = 520;
const height = 720;

/** Opens an empty window that says `text`; null where the browser does not let it open. */
export function openProviderWindow(text: string): ProviderWindow | null {
  const left = window.screenX + Math.max(0, (window.outerWidth - width) / 2);
  const top = window.screenY + Math.max(0, (window.outerHeight - height) / 2);
  const place = `popup,width=${width},height=${height},left=${Math.round(left)},top=${Math.round(top)}`;
  const opened = window.open('', 'roster-connect', place);
  if (opened === null) return null;
  try {
    opened.document.title = text;
    opened.document.body.textContent = text;
  } catch {
    // A window of that name is open at a provider: it will be sent on all the same.
  }
  return {
    get isClosed() {
      return opened.closed;
    },
    goTo(address) {
      opened.location.replace(address);
    },
    focus() {
      opened.focus();
    },
    close() {
      opened.close();
    },
  };
}

/** How a sign-in ended, as the page says to which the provider sends people back. */
export type ConnectionOutcome = 'connected' | 'denied' | 'failed' | 'refused' | 'withdrawn';

/** Calls `listener` at the end of each sign-in that is told; gives what stops it. */
export function onOutcome(listener: (outcome: ConnectionOutcome) => void): () => void {
  const onMessage = ({ origin, data }: MessageEvent<unknown>): void => {
    if (origin !== window.location.origin || typeof data !== 'object' || data === null) return;
    const { type, outcome }: { type?: unknown; outcome?: ConnectionOutcome } = data;
    if (type === 'roster:connection' && outcome !== undefined) listener(outcome);
  };
  window.addEventListener('message', onMessage);
  return () => window.removeEventListener('message', onMessage);
}
