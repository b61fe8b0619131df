/** The providers that a deployment has switched on, by name. */
import type { Provider, ProviderDirectory } from '../core/connections/provider.ts';

/** A directory of these; of two with one name the later one counts. */
export function createProviderDirectory(parts: {
  readonly providers: readonly Provider[];
  readonly redirectUri: string;
}): ProviderDirectory {
  const byName = new Map(parts.providers.map((provider) => [provider.name, provider]));
  const list = [...byName.values()].sort((left, right) => left.title.localeCompare(right.title, 'en'));
  return {
    redirectUri: parts.redirectUri,
    list: () => list,
    find: (name) => byName.get(name) ?? null,
  };
}
