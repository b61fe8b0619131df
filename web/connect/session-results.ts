/**
 * What has happened in the page, in the words of the public client: what was connected and disconnected while it was
 * open, and what is connected now. Connections that were there before are no event.
 */
import type { SourceShape } from '../../src/pages/connect/connect-shapes.ts';

export interface NamedSource {
  /** The connection's. */
  readonly id: string;
  readonly name: string;
}

/** What the client hands to the app with each of its events. Nothing can be requested here, so those lists are empty. */
export interface Report {
  readonly sessionResults: {
    readonly connectedSources: readonly NamedSource[];
    readonly disconnectedSources: readonly NamedSource[];
    readonly requestedSources: readonly never[];
  };
  readonly currentConnections: readonly NamedSource[];
  readonly requestedProviders: readonly never[];
}

export class SessionResults {
  #current: readonly NamedSource[] | null = null;
  #connected: readonly NamedSource[] = [];
  #disconnected: readonly NamedSource[] = [];

  /**
   * Takes in what is there now; the sources that have come since the last time. A connection that was disconnected
   * never comes back: where it seems to, the answer is older than that.
   */
  see(sources: readonly SourceShape[]): readonly NamedSource[] {
    const ended = new Set(this.#disconnected.map(({ id }) => id));
    const current = sources.flatMap(({ title, connection }) =>
      connection?.status === 'active' && !ended.has(connection.id)
        ? [{ id: connection.id, name: title }]
        : [],
    );
    const before = this.#current;
    this.#current = current;
    if (before === null) return [];
    const come = current.filter(({ id }) => !before.some((each) => each.id === id));
    this.#connected = [...this.#connected, ...come];
    return come;
  }

  /** Takes in that the person has disconnected a source. */
  disconnect(source: NamedSource): void {
    this.#disconnected = [...this.#disconnected, source];
    this.#current = (this.#current ?? []).filter(({ id }) => id !== source.id);
  }

  report(): Report {
    return {
      sessionResults: {
        connectedSources: this.#connected,
        disconnectedSources: this.#disconnected,
        requestedSources: [],
      },
      currentConnections: this.#current ?? [],
      requestedProviders: [],
    };
  }
}
