/**
 * Opens the records of the data folder that outlive the database: the ledger of erasures with the open grants, and
 * the public keys of receipts. A process without a folder keeps neither.
 */
import type { ErasureLedger } from '../../core/erasure/ledger.ts';
import type { PublicKeyFile } from '../../core/erasure/receipt-key-store.ts';
import type { SecretBox } from '../../core/secret.ts';
import { openLedger } from './ledger-file.ts';
import { noOpenGrants } from './open-grants.ts';
import { openPublicKeys } from './public-key-file.ts';

export interface FolderRecords {
  readonly ledger: ErasureLedger;
  readonly publicKeys: PublicKeyFile;
  /** Waits for writes under way. */
  close(): Promise<void>;
}

/**
 * Opens the records in the folder, and creates them where they are missing. `onFault` gets the error of a failed
 * write.
 */
export function openRecords(
  dataDir: string,
  secrets: SecretBox,
  onFault: (error: unknown) => void,
): FolderRecords {
  const ledger = openLedger(dataDir, secrets, onFault);
  return { ledger, publicKeys: openPublicKeys(dataDir), close: () => ledger.close() };
}

/** Of a process without a folder. */
export const noRecords: FolderRecords = {
  ledger: {
    id: null,
    read: async function* () {},
    append: async () => {},
    verify: async () => {},
    room: () => ({ take: () => {}, giveBack: () => {} }),
    makeRoom: async () => {},
    checkpoint: async () => false,
    unknownHead: () => null,
    noteKnown: () => {},
    hasAccepted: () => true,
    hasCompleted: () => true,
    grants: noOpenGrants,
  },
  publicKeys: { read: async () => ({ keys: [] }), add: async () => {} },
  close: async () => {},
};
