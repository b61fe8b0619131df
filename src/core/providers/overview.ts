/**
 * The connections and providers of a deployment, for its operator. An outage of a provider shows here as waiting
 * revocations and failing refreshes, with their reason and the time since when.
 */
import type { Core } from '../core.ts';
import { findDossiers } from '../directory/user-dossier.ts';
import type { Connection, ConnectionCount, ConnectionFilter, ConnectionState } from './connection.ts';
import type { RevocationSummary } from './revocation.ts';

export interface ProviderHealth {
  readonly name: string;
  /** The name that people read; `name` where the provider is switched off. */
  readonly title: string;
  readonly isOn: boolean;
  /** How many connections there are in each state. */
  readonly connections: Readonly<Partial<Record<ConnectionState, number>>>;
  /** Connections whose last refresh failed, and why one of them did. */
  readonly failingRefreshes: { readonly count: number; readonly outcome: string | null };
  /** Grants that must end and have not ended; null where there are none. */
  readonly revocations: Omit<RevocationSummary, 'provider'> | null;
}

/** Every provider that is switched on or has connections or open revocations, by name. */
export async function listProviderHealth(core: Core): Promise<readonly ProviderHealth[]> {
  const { counts, summaries } = await core.work.readSystem('operator', async (tx) => ({
    counts: await tx.connections.count(),
    summaries: await tx.revocations.summarize(),
  }));
  const on = core.providers.list();
  const names = new Set([...on, ...counts.map(nameOf), ...summaries.map(nameOf)].map(({ name }) => name));
  return [...names].sort().map((name) => {
    const provider = on.find((each) => each.name === name);
    const summary = summaries.find((each) => each.provider === name);
    return {
      name,
      title: provider?.title ?? name,
      isOn: provider !== undefined,
      ...connectionsOf(counts.filter(({ provider: of }) => of === name)),
      revocations: summary ?? null,
    };
  });
}

/**
 * The newest connections, of all users or of the user that the reference names (any id, a number, an email), at most
 * `limit`. Refuses with `not_found` (user).
 */
export async function listAllConnections(
  core: Core,
  input: { readonly user: string | undefined; readonly filter: ConnectionFilter; readonly limit: number },
): Promise<readonly Connection[]> {
  const { user: reference, filter, limit } = input;
  if (reference === undefined) {
    return core.work.readSystem('operator', (tx) => tx.connections.list(filter, limit));
  }
  const dossiers = await findDossiers(core, reference);
  const lists = await Promise.all(
    dossiers.map(({ user }) => core.work.read(user.orgKey, (tx) => tx.connections.listOf(user.id))),
  );
  return lists
    .flat()
    .filter(({ status }) => filter.status === undefined || status === filter.status)
    .slice(0, limit);
}

function nameOf({ provider }: { readonly provider: string }): { readonly name: string } {
  return { name: provider };
}

function connectionsOf(
  counts: readonly ConnectionCount[],
): Pick<ProviderHealth, 'connections' | 'failingRefreshes'> {
  return {
    connections: Object.fromEntries(counts.map(({ status, count }) => [status, count])),
    failingRefreshes: {
      count: counts.reduce((sum, { failing }) => sum + failing, 0),
      outcome: counts.find(({ outcome }) => outcome !== null)?.outcome ?? null,
    },
  };
}
