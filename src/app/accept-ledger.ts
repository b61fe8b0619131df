/**
 * Opens a directory whose ledger of erasures is lost or was changed, and puts a new ledger in its place
 * (`core/erasure/accept-ledger.ts`). A directory whose ledger is sound is refused.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type LedgerPlan, planLedger } from '../core/erasure/accept-ledger.ts';
import { LedgerError, otherLedger } from '../core/erasure/ledger.ts';
import { recordCommandEverywhere } from '../core/record/commands.ts';
import type { SecretBox } from '../core/secret.ts';
import { systemClock } from '../core/time.ts';
import { ledgerFile, openLedger } from '../store/folder/ledger-file.ts';
import { readId } from '../store/folder/ledger-header.ts';
import { findLines, type MadeLedger, replaceLedger } from '../store/folder/ledger-salvage.ts';
import type { Store } from '../store/store.ts';
import { type DatabaseOptions, openDatabase } from './open-database.ts';

/** What will be kept and lost, for the person who confirms it. */
export interface AcceptPlan extends LedgerPlan {
  /** What is wrong with the ledger, in one line. */
  readonly fault: string;
  /** The secrets that lines name and the settings do not have. */
  readonly unknownKeys: readonly string[];
}

export interface Acceptance extends AcceptPlan, Pick<MadeLedger, 'former'> {}

/**
 * Replaces the ledger once `agree` resolves with true. Null if it resolves with false, or if the ledger is sound: then it is not asked.
 */
export async function acceptLedger(
  options: DatabaseOptions,
  agree: (plan: AcceptPlan) => Promise<boolean>,
): Promise<Acceptance | 'sound' | 'cancelled'> {
  const { dataDir } = options.config;
  const { store, box } = await openDatabase(options, {});
  try {
    const isShared = options.secrets.databaseUrl !== null;
    const fault = await faultOf({ store, box, dataDir, isShared });
    if (fault === null) return 'sound';
    const knownIds = await store.readSystem('operator', (tx) => tx.ledgerPositions.listIds());
    const found = findLines(dataDir, box, knownIds);
    const plan = await store.readSystem('operator', (tx) => planLedger(tx, box, found.lines));
    const told = {
      ...plan,
      ...{ fault: fault.message, unknownKeys: found.unknownKeys, dropped: plan.dropped + found.unreadable },
    };
    if (!(await agree(told))) return 'cancelled';
    const suffix = `former-${new Date(systemClock.now()).toISOString().replaceAll(':', '')}`;
    const { id, head, former } = await replaceLedger(dataDir, { secrets: box, lines: plan.lines, suffix });
    // Other folders of a PostgreSQL database have ledgers of their own, which it goes on knowing.
    const formerIds = isShared ? namesIn(dataDir, former) : knownIds;
    await store.changeSystem('operator', async (tx) => {
      for (const formerId of formerIds) await tx.ledgerPositions.forget(formerId);
      await tx.ledgerPositions.put(id, head);
    });
    await recordCommandEverywhere({ work: store, clock: systemClock }, 'erasure accept-ledger');
    return { ...told, former };
  } finally {
    await store.close();
  }
}

interface LedgerOf {
  readonly store: Store;
  readonly box: SecretBox;
  readonly dataDir: string;
  readonly isShared: boolean;
}

/** Why a start refuses the ledger; null where it does not. */
async function faultOf({ store, box, dataDir, isShared }: LedgerOf): Promise<LedgerError | null> {
  const path = join(dataDir, ledgerFile);
  try {
    const id = existsSync(path) ? readId(path) : null;
    const isAnyKnown = await store.readSystem('operator', (tx) => tx.ledgerPositions.isAnyKnown());
    const known =
      id === null ? null : await store.readSystem('operator', (tx) => tx.ledgerPositions.find(id));
    if (known === null && isAnyKnown && !isShared)
      return id === null ? new LedgerError(`${path} is missing`) : otherLedger();
    if (id === null) return null;
    const ledger = openLedger(dataDir, box);
    try {
      await ledger.inspect(known);
    } finally {
      await ledger.close();
    }
    return null;
  } catch (error) {
    if (error instanceof LedgerError) return error;
    throw error;
  }
}

function namesIn(dataDir: string, former: string | null): readonly string[] {
  try {
    const id = former === null ? null : readId(join(dataDir, former));
    return id === null ? [] : [id];
  } catch (error) {
    if (error instanceof LedgerError) return [];
    throw error;
  }
}
