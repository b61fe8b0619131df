/**
 * Which columns hold what must be read again, sealed under the deployment's secret, and to what each text is bound.
 * What is sealed for minutes only, such as people on their way to a provider and waiting requests for a link, is not
 * among them: it runs out before a former secret does.
 */

import { receiptKeyContext } from '../erasure/receipt-key-store.ts';
import { tracesContext } from '../erasure/traces.ts';
import type { OrgKey } from '../ids.ts';
import { messageContext } from '../messaging/message.ts';
import { connectionContext } from '../providers/connection.ts';
import { revocationContext } from '../providers/revocation.ts';

/** The table and the column of each kind of text, and what binds it to its row. */
export const sealedColumns = {
  connections: { column: 'sealed_grants', context: connectionContext },
  revocations: { column: 'sealed_grant', context: revocationContext },
  messages: { column: 'sealed_content', context: messageContext },
  erasures: { column: 'sealed_traces', context: tracesContext },
  receipt_keys: { column: 'sealed_key', context: receiptKeyContext },
} as const satisfies Readonly<
  Record<string, { readonly column: string; readonly context: (row: SealedRow) => string }>
>;

export type SealedTable = keyof typeof sealedColumns;

export interface SealedRow {
  readonly orgKey: OrgKey;
  readonly id: string;
}

export interface SealedText extends SealedRow {
  readonly sealed: string;
}

/** The sealed texts of all organizations. */
export interface SealedTextStore {
  /** The next texts of a table in the order of their keys, after `after` (null: from the start). */
  list(table: SealedTable, after: SealedRow | null, limit: number): Promise<readonly SealedText[]>;
  /** Puts another sealing of the same in its place; false where the text is another by now. */
  replace(table: SealedTable, text: SealedText, sealed: string): Promise<boolean>;
}
