/**
 * The client library, loaded on first use: a deployment on SQLite does not need it. It throws where it reads what no PostgreSQL server
 * sends, or a way to sign in that it does not know, and nothing catches that. Here such an answer ends the connection instead.
 */
import type { Socket } from 'node:net';
import type { Client } from 'pg';

type Stream = Pick<Socket, 'on' | 'destroy'>;

interface Reader {
  /** Reads the answers of the server, before and after TLS begins. */
  attachListeners(stream: Stream): void;
}

type Connected = ((error: Error) => void) & ((error: null, client: Client) => void);

export async function loadClient(): Promise<typeof Client> {
  const pg = await import('pg');
  return class extends pg.Client {
    constructor(config?: ConstructorParameters<typeof Client>[0]) {
      super(config);
      endOnForeignAnswers(this.connection);
    }

    /** A server ends the connection that it refuses, and another program does not: it is ended here. */
    override connect(): Promise<Client>;
    override connect(callback: Connected): void;
    override connect(callback?: Connected): Promise<Client> | undefined {
      const connecting = super.connect().catch((error: unknown) => {
        this.connection.stream.destroy();
        throw error;
      });
      if (callback === undefined) return connecting;
      connecting.then(
        (client) => callback(null, client),
        (error) => callback(error),
      );
      return undefined;
    }
  };
}

function isReader(connection: object): connection is Reader {
  return 'attachListeners' in connection && typeof connection.attachListeners === 'function';
}

function endOnForeignAnswers(reader: object): void {
  if (!isReader(reader)) throw new Error('the client library reads answers in another way');
  const attach = reader.attachListeners.bind(reader);
  reader.attachListeners = (stream) => {
    const guarded: Pick<Stream, 'on'> = {
      on: (event: string, listener: (...values: unknown[]) => void) =>
        stream.on(event, (...values: unknown[]) => {
          try {
            listener(...values);
          } catch (error) {
            stream.destroy(error instanceof Error ? error : new Error(String(error)));
          }
        }),
    };
    attach(guarded as Stream);
  };
}
