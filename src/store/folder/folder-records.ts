/**
 * What a deployment keeps in its data folder beside the database and outlives it: the ledger of erasures with
 * the grants that they wait for, and the public keys of their receipts. A process without a folder keeps neither.
 */
import type { ErasureLedger } from '../../core/erasure/ledger.ts';
import type { PublicKeyFile } from '../../core/erasure/receipt-key-store.ts';
import { openLedger } from './ledger-file.ts';
import { noOpenGrants } from './open-grants.ts';
import { openPublicKeys } from './public-key-file.ts';

export interface FolderRecords {
  readonly ledger: ErasureLedger;
  readonly publicKeys: PublicKeyFile;
  /** Waits for what is being written. */
  close(): Promise<void>;
}

/** Opens the records in the folder; makes what is not there. `onFault` is told why something was not written. */
export function openRecords(dataDir: string, onFault: (error: unknown) => void): FolderRecords {
  const ledger = openLedger(dataDir, onFault);
  return { ledger, publicKeys: openPublicKeys(dataDir), close: () => ledger.close() };
}

/** Of a process without a folder. */
export const noRecords: FolderRecords = {
  ledger: {
    id: null,
    append: async () => {},
    hasAccepted: () => true,
    length: async () => 0,
    read: async function* () {},
    grants: noOpenGrants,
  },
  publicKeys: { read: async () => ({ keys: [] }), add: async () => {} },
  close: async () => {},
};
