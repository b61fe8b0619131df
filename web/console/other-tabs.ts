/**
 * Tells the other tabs of this browser that the session may have changed: all of them share one cookie, so after a sign-in or a sign-out
 * in one tab another account, or none, is signed in to every tab.
 */

let opened: BroadcastChannel | null = null;

/** One channel for the whole page: it does not hear what it says itself. */
function channel(): BroadcastChannel {
  opened ??= new BroadcastChannel('roster-console-session');
  return opened;
}

/** For every call that begins, opens or ends a session. */
export function tellOtherTabs(): void {
  channel().postMessage('changed');
}

/** Calls `listener` when another tab says so. Returns a function that stops this. */
export function onOtherTab(listener: () => void): () => void {
  const tabs = channel();
  tabs.addEventListener('message', listener);
  return () => tabs.removeEventListener('message', listener);
}
