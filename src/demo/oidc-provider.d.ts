/**
 * Parts of the authorization server that its types do not declare. They are imported by their paths, because the main
 * module of the package writes a greeting to standard error, which is only for the log.
 */
declare module 'oidc-provider/lib/provider.js' {
  export { Provider } from 'oidc-provider';
}

declare module 'oidc-provider/lib/adapters/memory_adapter.js' {
  import type { AdapterFactory } from 'oidc-provider';
  /** A separate store in memory. */
  export function createMemoryAdapter(): AdapterFactory;
}
