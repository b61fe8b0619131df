/**
 * The pop-up window in which a person signs in at a provider. The click handler opens it, or browsers would block it; it
 * goes to the provider once the address is known. The page to which providers redirect people posts the outcome. A
 * provider may cut the link between the two windows, so the page also asks the server while it waits.
 */

export interface ProviderWindow {
  /** Whether it was closed, or the link to it was cut. */
  readonly isClosed: boolean;
  goTo(address: string): void;
  focus(): void;
  close(): void;
}

const width = 520;
const height = 720;

/** Opens an empty window that shows `text`; null if the browser blocks it. */
export function openProviderWindow(text: string): ProviderWindow | null {
  const left = window.screenX + Math.max(0, (window.outerWidth - width) / 2);
  const top = window.screenY + Math.max(0, (window.outerHeight - height) / 2);
  const features = `popup,width=${width},height=${height},left=${Math.round(left)},top=${Math.round(top)}`;
  const opened = window.open('', 'roster-connect', features);
  if (opened === null) return null;
  try {
    opened.document.title = text;
    opened.document.body.textContent = text;
  } catch {
    // A window of that name is open at a provider already. `goTo` works all the same.
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

/** The outcome of a sign-in, from the page to which the provider redirects people. */
export type ConnectionOutcome = 'connected' | 'denied' | 'failed' | 'refused' | 'withdrawn';

/** Calls `listener` with the outcome of each sign-in. Returns a function that stops this. */
export function onOutcome(listener: (outcome: ConnectionOutcome) => void): () => void {
  const onMessage = ({ origin, data }: MessageEvent<unknown>): void => {
    if (origin !== window.location.origin || typeof data !== 'object' || data === null) return;
    const { type, outcome }: { type?: unknown; outcome?: ConnectionOutcome } = data;
    if (type === 'roster:connection' && outcome !== undefined) listener(outcome);
  };
  window.addEventListener('message', onMessage);
  return () => window.removeEventListener('message', onMessage);
}
