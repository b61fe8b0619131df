/**
 * The way out where the ledger of erasures is lost or was changed: a new ledger begins with every line that Roster wrote, and with
 * every line that the database vouches for, because it has the same erasure. What is in neither is lost: it says how many
 * erasures no ledger has any more, and which backups would bring their people back.
 */
import type { UserId } from '../ids.ts';
import type { SecretBox } from '../secret.ts';
import type { SystemTx } from '../unit-of-work.ts';
import { acceptedLine, completedLine, toBegun } from './accept-erasures.ts';
import { type Erasure, userDigestOf } from './erasure.ts';
import type { LedgerLine } from './ledger.ts';
import { openTraces } from './traces.ts';

/** A line of the former ledger, and whether its code says that Roster wrote it. */
export interface FormerLine {
  readonly line: LedgerLine;
  readonly isAuthentic: boolean;
}

export interface LedgerPlan {
  /** The lines of the new ledger. */
  readonly lines: readonly LedgerLine[];
  /** Lines of the former ledger that neither a code nor the database vouches for. */
  readonly dropped: number;
  /** Erasures of the database. */
  readonly erasures: number;
  /** Those of them that the new ledger does not have, and cannot get. */
  readonly lost: number;
  /** When the newest of these was requested; null for none. */
  readonly lostUntil: number | null;
}

/** More erasures than this are not compared. */
const erasuresMax = 1_000_000;

/** A step: what the new ledger will have, and what is lost. It changes nothing. */
export async function planLedger(
  tx: SystemTx,
  secrets: SecretBox,
  former: readonly FormerLine[],
): Promise<LedgerPlan> {
  const erasures = new Map(
    (await tx.erasures.list(null, erasuresMax)).map((erasure) => [erasure.id, erasure]),
  );
  const lines: LedgerLine[] = [];
  const accepted = new Set<string>();
  const completed = new Set<string>();
  let dropped = 0;
  for (const { line, isAuthentic } of former) {
    if (!isAuthentic && !(await isVouched(tx, erasures, line))) {
      dropped += 1;
      continue;
    }
    lines.push(line);
    if (line.kind === 'accepted') accepted.add(line.erasure.id);
    if (line.kind === 'completed') completed.add(line.erasure.id);
  }
  for (const erasure of erasures.values()) {
    const line = accepted.has(erasure.id) ? null : await acceptanceOf(tx, secrets, erasure);
    if (line === null) continue;
    lines.push(line);
    accepted.add(erasure.id);
  }
  for (const erasure of erasures.values()) {
    const line = accepted.has(erasure.id) && !completed.has(erasure.id) ? completedLine(erasure) : null;
    if (line !== null) lines.push(line);
  }
  const lost = [...erasures.values()].filter(({ id }) => !accepted.has(id));
  return {
    ...{ lines, dropped, erasures: erasures.size, lost: lost.length },
    lostUntil: lost.length === 0 ? null : Math.max(...lost.map(({ requestedAt }) => requestedAt)),
  };
}

/** The line of an erasure that still has its traces, which name its user; null for any other. */
async function acceptanceOf(tx: SystemTx, secrets: SecretBox, erasure: Erasure): Promise<LedgerLine | null> {
  const userId = userIn(secrets, erasure);
  return userId === null ? null : acceptedLine(await toBegun(tx.within(erasure.orgKey), erasure, userId));
}

/** Null without traces, and where no known secret opens them. */
function userIn(secrets: SecretBox, erasure: Erasure): UserId | null {
  try {
    return openTraces(secrets, erasure)?.userId ?? null;
  } catch {
    return null;
  }
}

/** Whether the database has the same. */
async function isVouched(
  tx: SystemTx,
  erasures: ReadonlyMap<string, Erasure>,
  line: LedgerLine,
): Promise<boolean> {
  if (line.kind === 'ended') {
    const { orgKey, erasureId, id, state, outcome } = line.grant;
    if (erasures.get(erasureId)?.orgKey !== orgKey) return false;
    const revocations = await tx.within(orgKey).revocations.listOfErasure(erasureId);
    return revocations.some((each) => each.id === id && each.state === state && each.outcome === outcome);
  }
  const known = erasures.get(line.erasure.id);
  if (known === undefined || known.orgKey !== line.erasure.orgKey) return false;
  return line.kind === 'accepted'
    ? userDigestOf(line.erasure.userId) === known.userDigest
    : line.erasure.receipt === known.receipt;
}
