/**
 * The hosts of a database, and which of them has the role that the caller needs: the leader takes changes, a standby follows
 * it. The address of one host is used as it is. Of several, the one that answers with the role is looked for when it is needed:
 * they are tried in turn, the next one as soon as the one before has failed, or has been silent for a moment. So a host
 * that is frozen or cut off costs that moment.
 *
 * What was found is used until a caller says that it has failed. All callers share one search.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { readDatabaseAddress, type ServerRole } from '../../core/deployment/database-address.ts';
import { loadClient } from './client.ts';
import { asDatabaseError, ConnectionLostError } from './errors.ts';

/** How long a silent host keeps the next one waiting. */
const silenceMs = 200;

/** A host that was found. `term` grows with each search, so that a late complaint about the former host does not count. */
export interface FoundHost {
  readonly url: string;
  readonly term: number;
}

export interface HostOptions {
  readonly url: string;
  readonly role: ServerRole;
  /** How long a caller may wait for a connection, in milliseconds. One host of several has half of it. */
  readonly connectMs: number;
}

export class DatabaseHosts {
  readonly role: ServerRole;
  readonly #urls: readonly string[];
  readonly #isShuffled: boolean;
  readonly #hostMs: number;
  #term = 1;
  #known: string | null;
  /** Tried last, because it has failed last. */
  #failed: string | null = null;
  #search: Promise<FoundHost> | null = null;
  readonly #onLeft: ((host: FoundHost, since: number | null) => void)[] = [];

  constructor({ url, role, connectMs }: HostOptions) {
    const { urls = [url], isShuffled = false, connectMs: ownMs = null } = readDatabaseAddress(url) ?? {};
    this.role = role;
    this.#urls = urls;
    this.#isShuffled = isShuffled;
    this.#hostMs = Math.min(ownMs ?? connectMs, urls.length > 1 ? connectMs / 2 : connectMs);
    this.#known = this.#only;
  }

  /** How long a connection to a host may take, in milliseconds. */
  get hostMs(): number {
    return this.#hostMs;
  }

  get isAlone(): boolean {
    return this.#only !== null;
  }

  /** Whether no caller has complained about the host since it was found. */
  isCurrent({ term }: FoundHost): boolean {
    return term === this.#term;
  }

  /** The host with the role. Throws a `ConnectionLostError` if none has it. */
  async find(): Promise<FoundHost> {
    if (this.#known !== null) return { url: this.#known, term: this.#term };
    this.#search ??= this.#look().finally(() => {
      this.#search = null;
    });
    return this.#search;
  }

  /**
   * The host has failed, or has lost its role. The next caller looks again. `since` is when a query was sent that had no answer;
   * null where the server has answered.
   */
  leave(host: FoundHost, since: number | null = null): void {
    if (!this.isCurrent(host)) return;
    this.#term += 1;
    this.#failed = host.url;
    this.#known = this.#only;
    for (const tell of this.#onLeft) tell(host, since);
  }

  /** As `leave`, for the host that is used now. */
  leaveCurrent(since: number): void {
    if (this.#known !== null) this.leave({ url: this.#known, term: this.#term }, since);
  }

  /** Tells each host that is left. */
  onLeft(tell: (host: FoundHost, since: number | null) => void): void {
    this.#onLeft.push(tell);
  }

  get #only(): string | null {
    const [first, second] = this.#urls;
    return second === undefined ? (first ?? null) : null;
  }

  async #look(): Promise<FoundHost> {
    const found = Promise.withResolvers<string | null>();
    const trials: Promise<void>[] = [];
    const faults: unknown[] = [];
    let hasEnded = false;
    for (const url of this.#inOrder()) {
      if (hasEnded) break;
      const trial = tryHost(url, this.role, this.#hostMs).then(
        () => {
          hasEnded = true;
          found.resolve(url);
        },
        (error) => void faults.push(error),
      );
      trials.push(trial);
      const rest = new AbortController();
      const silence = sleep(silenceMs, undefined, { signal: rest.signal }).catch(() => {});
      await Promise.race([trial, found.promise, silence]);
      rest.abort();
    }
    void Promise.all(trials).then(() => found.resolve(null));
    const url = await found.promise;
    if (url === null) throw new ConnectionLostError(mostTelling(faults));
    this.#known = url;
    return { url, term: this.#term };
  }

  #inOrder(): readonly string[] {
    const urls = [...this.#urls];
    if (this.#isShuffled) {
      for (let at = urls.length - 1; at > 0; at--) {
        const other = Math.floor(Math.random() * (at + 1));
        [urls[at], urls[other]] = [urls[other] ?? '', urls[at] ?? ''];
      }
    }
    return [...urls.filter((url) => url !== this.#failed), ...urls.filter((url) => url === this.#failed)];
  }
}

/** That a host is a standby says little. What a server refuses says more than that another host does not answer. */
function mostTelling(faults: readonly unknown[]): unknown {
  const isRefusal = (fault: unknown) => fault instanceof Error && 'severity' in fault;
  const isRole = (fault: unknown) => fault instanceof Error && fault.cause instanceof WrongRoleError;
  return faults.find(isRefusal) ?? faults.find((fault) => !isRole(fault)) ?? faults[0];
}

/** The leader, for a caller that opens one connection. Throws a `ConnectionLostError` if no host takes changes. */
export async function findLeader({ url, connectMs }: Omit<HostOptions, 'role'>): Promise<string> {
  const found = await new DatabaseHosts({ url, role: 'leader', connectMs }).find();
  return found.url;
}

/** 1 for a standby, and for a leader that takes no changes. */
export const isStandby = `(pg_is_in_recovery() or current_setting('transaction_read_only') = 'on')::int as is_standby`;

/** The server is a standby where the leader is wanted, or the other way round. */
export class WrongRoleError extends Error {
  override readonly name = 'WrongRoleError';
}

/** Throws unless the answer about `isStandby` is that of the role. */
export function assertRole(role: ServerRole, row: { readonly is_standby?: number } | undefined): void {
  if (row?.is_standby === (role === 'standby' ? 1 : 0)) return;
  throw new ConnectionLostError(
    new WrongRoleError(role === 'standby' ? 'the server is no standby' : 'the server takes no changes'),
  );
}

/** Throws where the host does not answer in time with the role. */
async function tryHost(url: string, role: ServerRole, limitMs: number): Promise<void> {
  const Client = await loadClient();
  const client = new Client({ connectionString: url, fallback_application_name: 'roster' });
  client.on('error', () => {});
  const timer = setTimeout(
    () => client.connection.stream.destroy(new Error('a host did not answer in time')),
    limitMs,
  );
  try {
    await client.connect();
    const { rows } = await client.query(`select ${isStandby}`);
    assertRole(role, rows[0]);
  } catch (error) {
    throw asDatabaseError(error);
  } finally {
    clearTimeout(timer);
    // A host that has fallen silent does not answer the goodbye.
    client.end().catch(() => {});
    setTimeout(() => client.connection.stream.destroy(), limitMs).unref();
  }
}
