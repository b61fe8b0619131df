/**
 * The script of the notice that takes the place of the Connect page. The page itself takes its token out of the address,
 * so a reload comes without one: the script finds the token in the state of the history entry, where the page has put
 * it, and opens the page with it again. Inside a frame it shows a button that closes the frame.
 *
 * The app that embeds the notice is not known, so the message goes to every origin. It says only that the person wants to
 * close, in the form that the public client expects.
 */
export const noticeScript = `'use strict';
const state = window.history.state;
const token = state === null || typeof state !== 'object' ? undefined : state.connectToken;
const isFramed = window.parent !== window;
if (typeof token === 'string' && !new URLSearchParams(window.location.search).has('token')) {
  document.documentElement.hidden = true;
  const query = new URLSearchParams({ token });
  if (typeof state.language === 'string') query.set('lang', state.language);
  window.location.replace('?' + query);
} else if (isFramed) {
  const close = () => {
    const sessionResults = { connectedSources: [], disconnectedSources: [], requestedSources: [] };
    const report = { sessionResults, currentConnections: [], requestedProviders: [] };
    window.parent.postMessage({ type: 'hapi-connect-close', ...report }, '*');
  };
  document.addEventListener('DOMContentLoaded', () => {
    for (const button of document.querySelectorAll('[data-close]')) {
      button.hidden = false;
      button.addEventListener('click', close);
    }
  });
  document.addEventListener('keydown', (event) => {
    if (event.key === 'Escape') close();
  });
}
`;
