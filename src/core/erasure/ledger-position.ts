/**
 * What the database knows of the ledger: up to which position, and which ends of erasures the ledger does not have yet. An end
 * is noted in the transaction that completes the erasure, and the note is removed once the line is on disk.
 */
import type { Core } from '../core.ts';
import { completedLine } from './accept-erasures.ts';
import type { UnwrittenPass } from './erasure.ts';
import type { CompletedLine } from './ledger.ts';

/** More erasures than a pass has. */
const passMax = 10_000;
/** Lines that share a write, and passes that share a transaction. */
const pieceMax = 250;

/**
 * Stores how far the database knows the ledger, so that the next start has little to repeat, and sees where lines are
 * missing. Every line up to there was committed before. `written` are the passes whose ends are among them.
 */
export async function notePosition(core: Core, written: readonly UnwrittenPass[] = []): Promise<void> {
  const { id } = core.ledger;
  const head = core.ledger.unknownHead();
  if ((id === null || head === null) && written.length === 0) return;
  await core.work.changeSystem('job', async (tx) => {
    if (id !== null && head !== null) await tx.ledgerPositions.put(id, head);
    for (const { orgKey, pass } of written) await tx.within(orgKey).erasures.noteWritten(pass);
  });
  if (head !== null) core.ledger.noteKnown(head);
}

export function passesOf(ends: readonly CompletedLine[], pass: string): readonly UnwrittenPass[] {
  return [...new Set(ends.map(({ erasure }) => erasure.orgKey))].map((orgKey) => ({ orgKey, pass }));
}

/**
 * Writes the ends that the ledger does not have, because a process was killed, or the disk refused them, after their commit:
 * without them an older backup would get other receipts. Ends that another process is writing are written twice, which does
 * no harm.
 */
export async function writeLostEnds(core: Core): Promise<void> {
  for (;;) {
    const passes = await core.work.readSystem('job', (tx) => tx.erasures.listUnwrittenPasses(pieceMax));
    if (passes.length === 0) return;
    for (const { orgKey, pass } of passes) {
      const lines = await core.work.read(orgKey, async (tx) => {
        const ends: CompletedLine[] = [];
        for (const id of await tx.erasures.listUnwritten(pass, passMax)) {
          if (core.ledger.hasCompleted(id)) continue;
          const erasure = await tx.erasures.find(id);
          const line = erasure === null ? null : completedLine(erasure);
          if (line !== null) ends.push(line);
        }
        return ends;
      });
      for (let at = 0; at < lines.length; at += pieceMax) {
        await core.ledger.append(lines.slice(at, at + pieceMax));
      }
    }
    await notePosition(core, passes);
  }
}
