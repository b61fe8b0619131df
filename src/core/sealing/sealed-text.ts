/**
 * The columns that hold sealed texts, and the context that each text is bound to. Texts that are sealed for minutes
 * only, of attempts to connect, of requests for a reset link and of a TOTP before it is confirmed, are not in the list: they expire before an operator
 * deletes a former secret. The address of a link to an email is sealed under the link's own token.
 */

import { receiptKeyContext } from '../erasure/receipt-key-store.ts';
import { tracesContext } from '../erasure/traces.ts';
import type { OrgKey } from '../ids.ts';
import { messageContext } from '../messaging/message.ts';
import { connectionContext } from '../providers/connection.ts';
import { revocationContext } from '../providers/revocation.ts';
import { totpContext } from '../staff/staff-account.ts';

/** By table: the column, and the context that binds a text to its row. */
export const sealedColumns = {
  connections: { column: 'sealed_grants', context: connectionContext },
  revocations: { column: 'sealed_grant', context: revocationContext },
  messages: { column: 'sealed_content', context: messageContext },
  erasures: { column: 'sealed_traces', context: tracesContext },
  receipt_keys: { column: 'sealed_key', context: receiptKeyContext },
  staff_accounts: { column: 'sealed_totp', context: totpContext },
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
  /** The next texts of a table after the row `after` (null: from the start), in the order of their keys. */
  list(table: SealedTable, after: SealedRow | null, limit: number): Promise<readonly SealedText[]>;
  /** Replaces the sealed text; false where it has changed since the read. */
  replace(table: SealedTable, text: SealedText, sealed: string): Promise<boolean>;
}
