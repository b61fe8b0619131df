/**
 * The server in the thread that reads the rows of an import. It handles the requests of a port one after the other and
 * answers in the same order. It reads only the rows of a request, so the first thread decides how far it is ahead.
 */
import type { MessagePort } from 'node:worker_threads';
import type { Clock } from '../../core/time.ts';
import type { ImportBatch } from '../../core/transfer/import.ts';
import type { ImportProgress } from '../../core/transfer/import-progress.ts';
import { type RowContext, readImportRows } from '../../core/transfer/import-row.ts';
import { CommandError } from '../command.ts';
import { openInput } from './import-source.ts';
import { type PackedRows, packRows } from './packed-rows.ts';
import type { Format } from './row-cutter.ts';
import { RowReader } from './row-reader.ts';

/** The input with the rows, and the app of the new users. */
export interface RowOrder {
  /** A path, or `-` for standard input. */
  readonly input: string;
  /** Null: the first byte decides. */
  readonly format: Format | null;
  readonly appId: string;
  /** Whether users whose password hash is not supported are added without a password. */
  readonly leavesOutUnknownHashes: boolean;
  /** Whether the sender of email delivers to local parts outside ASCII. */
  readonly takesUnicode: boolean;
}

/** The first request opens the input. Later ones resume where an import stopped, and read at most `max` rows. */
export type RowRequest =
  | { readonly open: RowOrder }
  | { readonly skipTo: ImportProgress }
  | { readonly max: number };

/** What the begin of an input shows. */
export interface OpenedRows {
  readonly format: Format;
  /** SHA-256 in hex of the bytes before the first row. */
  readonly digest: string;
}

export interface PackedBatch extends Pick<ImportBatch, 'reached'> {
  readonly rows: PackedRows;
}

export type RowReply =
  | { readonly opened: OpenedRows }
  | { readonly batch: PackedBatch }
  | { readonly skipped: true }
  /** `isCommand` where the message is for the operator; every other failure is a fault. */
  | { readonly failure: { readonly message: string; readonly isCommand: boolean } };

export type RowParts = Pick<RowContext, 'isKnownHash'> & { readonly clock: Clock };

/** Handles the requests of the port until it is closed. */
export function serveRows(port: Pick<MessagePort, 'on' | 'postMessage'>, parts: RowParts): void {
  const server = new RowServer(parts);
  let last: Promise<void> = Promise.resolve();
  port.on('message', (request: RowRequest) => {
    last = last.then(async () => port.postMessage(await server.answer(request)));
  });
}

class RowServer {
  readonly #parts: RowParts;
  #reader: RowReader | null = null;
  #appId = '';
  #leavesOutUnknownHashes = false;
  #takesUnicode = false;

  constructor(parts: RowParts) {
    this.#parts = parts;
  }

  async answer(request: RowRequest): Promise<RowReply> {
    try {
      if ('open' in request) return { opened: await this.#open(request.open) };
      if (this.#reader === null) throw new Error('no input is open');
      if ('max' in request) return { batch: await this.#read(this.#reader, request.max) };
      await this.#reader.skipTo(request.skipTo);
      return { skipped: true };
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      return { failure: { message, isCommand: error instanceof CommandError } };
    }
  }

  async #open({ input, format, appId, leavesOutUnknownHashes, takesUnicode }: RowOrder): Promise<OpenedRows> {
    this.#appId = appId;
    this.#leavesOutUnknownHashes = leavesOutUnknownHashes;
    this.#takesUnicode = takesUnicode;
    this.#reader = await RowReader.open(openInput(input), format);
    return { format: this.#reader.format, digest: this.#reader.digest() };
  }

  async #read(reader: RowReader, max: number): Promise<PackedBatch> {
    const { items, reached } = await reader.read(max);
    const { isKnownHash, clock } = this.#parts;
    const rows = readImportRows(items, {
      ...{ appId: this.#appId, now: clock.now(), isKnownHash },
      leavesOutUnknownHashes: this.#leavesOutUnknownHashes,
      takesUnicode: this.#takesUnicode,
    });
    return { rows: packRows(rows), reached };
  }
}
