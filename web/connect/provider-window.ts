/**
 * The pop-up window in which a person signs in at a provider. The click handler opens it, or browsers would block it; it
 * goes to the start page of the flow once the address is known. That page reads in this one whether the flow was asked
 * for here (`pages/connection-flow/start-page.ts`). How the flow ended, the server says: a provider may cut the link
 * between the two windows.
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

/** Names the flow that this page has asked for, where the start page reads it; returns its token. */
export function vouchForFlow(address: string): string {
  const flow = new URL(address).searchParams.get('flow') ?? '';
  document.documentElement.dataset['flow'] = flow;
  return flow;
}

/**
 * Calls `listener` when the page after a sign-in says that the flow is over; not how it ended. Returns a function that
 * stops this.
 */
export function onReturn(listener: () => void): () => void {
  const onMessage = ({ origin, data }: MessageEvent<unknown>): void => {
    if (origin !== window.location.origin || typeof data !== 'object' || data === null) return;
    const { type }: { type?: unknown } = data;
    if (type === 'roster:connection') listener();
  };
  window.addEventListener('message', onMessage);
  return () => window.removeEventListener('message', onMessage);
}
