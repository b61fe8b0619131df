/**
 * The events of one visit, in the format of the public client: the sources that were connected and disconnected while
 * the page was open, and the present connections. A connection from before the visit is not an event.
 */
import type { SourceShape } from '../../src/pages/connect/connect-shapes.ts';

export interface NamedSource {
  /** The id of the connection. */
  readonly id: string;
  readonly name: string;
}

/** The public client passes this to the app with each event. The page offers no requests, so those lists are empty. */
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
   * Takes the present sources from the server; returns those that are new since the last call. A disconnected connection
   * never becomes active again: an answer that shows it as active is older than the disconnect.
   */
  update(sources: readonly SourceShape[]): readonly NamedSource[] {
    const ended = new Set(this.#disconnected.map(({ id }) => id));
    const current = sources.flatMap(({ title, connection }) =>
      connection?.status === 'active' && !ended.has(connection.id)
        ? [{ id: connection.id, name: title }]
        : [],
    );
    const before = this.#current;
    this.#current = current;
    if (before === null) return [];
    const added = current.filter(({ id }) => !before.some((each) => each.id === id));
    this.#connected = [...this.#connected, ...added];
    return added;
  }

  /** Records that the person has disconnected a source. */
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
