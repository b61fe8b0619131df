/**
 * Seals with the present secret what was sealed with a former one, so that the former secret can be deleted. The
 * operation can be stopped and repeated, and runs beside servers that write: it never replaces a text that they have
 * changed since it was read.
 */

import type { Core } from '../core.ts';
import { notePosition } from '../erasure/ledger-position.ts';
import { revocationContext } from '../providers/revocation.ts';
import type { SecretBox } from '../secret.ts';
import { type SealedRow, type SealedTable, type SealedText, sealedColumns } from './sealed-text.ts';

export interface ResealReport {
  /** Texts that were sealed with a former secret and now are with the present one. */
  readonly resealed: number;
  /** Texts that no known secret opens. */
  readonly unopened: number;
}

const batchTexts = 500;

/**
 * Reseals the texts of every organization and the grants beside the ledger, and adds a checkpoint to the ledger, which
 * counts as one text.
 */
export async function reseal(core: Core): Promise<ResealReport> {
  let resealed = 0;
  let unopened = 0;
  for (const table of tablesOf(sealedColumns)) {
    let after: SealedRow | null = null;
    for (;;) {
      const texts = await nextTexts(core, table, after);
      const last = texts.at(-1);
      if (last === undefined) break;
      after = last;
      const old = texts.filter(({ sealed }) => !core.secrets.isPresent(sealed));
      if (old.length === 0) continue;
      const report = await resealBatch(core, table, old);
      resealed += report.resealed;
      unopened += report.unopened;
    }
  }
  const grants = await resealGrants(core);
  const isAdded = await core.ledger.checkpoint();
  if (isAdded) await notePosition(core);
  return {
    resealed: resealed + grants.resealed + (isAdded ? 1 : 0),
    unopened: unopened + grants.unopened,
  };
}

/** Reseals the grants beside the ledger of erasures; their context is that of their rows. */
async function resealGrants({ ledger: { grants }, secrets }: Core): Promise<ResealReport> {
  let resealed = 0;
  let unopened = 0;
  for (const id of await grants.list()) {
    const grant = await grants.find(id);
    if (grant === null || secrets.isPresent(grant.sealedGrant)) continue;
    const sealedGrant = reopen(secrets, grant.sealedGrant, revocationContext(grant));
    if (sealedGrant === null) unopened += 1;
    else {
      await grants.replace({ ...grant, sealedGrant });
      resealed += 1;
    }
  }
  return { resealed, unopened };
}

function nextTexts(core: Core, table: SealedTable, after: SealedRow | null): Promise<readonly SealedText[]> {
  return core.work.readSystem('operator', (tx) => tx.sealed.list(table, after, batchTexts));
}

async function resealBatch(
  core: Core,
  table: SealedTable,
  texts: readonly SealedText[],
): Promise<ResealReport> {
  const fresh = texts.map((text) => ({ text, sealed: resealText(core, table, text) }));
  const resealed = await core.work.changeSystem('operator', async (tx) => {
    let count = 0;
    for (const { text, sealed } of fresh) {
      if (sealed !== null && (await tx.sealed.replace(table, text, sealed))) count += 1;
    }
    return count;
  });
  return { resealed, unopened: fresh.filter(({ sealed }) => sealed === null).length };
}

function resealText({ secrets }: Core, table: SealedTable, text: SealedText): string | null {
  return reopen(secrets, text.sealed, sealedColumns[table].context(text));
}

/** Null where no known secret opens it. */
function reopen(secrets: SecretBox, sealed: string, context: string): string | null {
  try {
    return secrets.seal(secrets.open(sealed, context), context);
  } catch {
    return null;
  }
}

function tablesOf(columns: typeof sealedColumns): readonly SealedTable[] {
  return Object.keys(columns) as SealedTable[];
}
