/**
 * Parts of the authorization server that its types leave out. They are imported by their paths: the front door of the
 * package greets on standard error, where only the log may speak.
 */
declare module 'oidc-provider/lib/provider.js' {
  export { Provider } from 'oidc-provider';
}

declare module 'oidc-provider/lib/adapters/memory_adapter.js' {
  import type { AdapterFactory } from 'oidc-provider';
  /** A store of its own, in memory. */
  export function createMemoryAdapter(): AdapterFactory;
}
