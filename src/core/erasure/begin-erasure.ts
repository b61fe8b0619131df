/** Begins an erasure in the transaction that deletes the user, so that there is never one without the other. */
import type { Principal } from '../access/principal.ts';
import { subjectsOf } from '../access/subject.ts';
import type { Core } from '../core.ts';
import type { User } from '../directory/user.ts';
import { refuse } from '../errors.ts';
import { newDatedId } from '../ids.ts';
import { endGrants } from '../providers/end-grants.ts';
import { record } from '../record/audit-event.ts';
import type { Tx } from '../unit-of-work.ts';
import { listOpenGrants } from './accept-erasures.ts';
import { userDigestOf } from './erasure.ts';
import type { AcceptedErasure, BegunErasure } from './ledger.ts';
import { sealTraces } from './traces.ts';

/** A repeated erasure takes over what the ledger says about it. */
export type FormerErasure = Pick<AcceptedErasure, 'id' | 'requestedAt' | 'requestedBy' | 'door'>;

/**
 * A step: turns the user's grants into revocations, removes the user and every row that depends on it, records the
 * audit event and inserts the erasure. Returns what the ledger must have before the client gets its answer. The
 * caller has locked the user. Refuses with `not_found` (user) where another transaction has deleted it first.
 */
export async function beginErasure(
  core: Core,
  tx: Tx,
  principal: Principal,
  user: User,
  former: FormerErasure | null = null,
): Promise<BegunErasure> {
  const now = core.clock.now();
  const { orgKey } = tx;
  const id = former?.id ?? newDatedId('era', now);
  const digests = subjectsOf(core.secrets, user);
  // None of them changes what another reads, so a database that is away gets their first statements together.
  const [open, indexed, tables] = await Promise.all([
    endGrants(core, tx, user, id),
    tx.userSearch.findTexts(user),
    tx.users.findTables(user, digests),
  ]);
  const removed = await tx.users.erase(user, digests, tables);
  if (removed === null) throw refuse('not_found', { noun: 'user' });
  const requestedAt = former?.requestedAt ?? now;
  const requestedBy = former?.requestedBy ?? principal.kind;
  const door = former?.door ?? principal.door;
  await tx.erasures.insert({
    ...{ id, requestedAt, requestedBy, door, removed },
    userDigest: userDigestOf(user.id),
    state: 'running',
    sealedTraces: sealTraces(core.secrets, { orgKey, id }, user, indexed),
    dueAt: now,
    abandonReason: null,
    replayedAt: former === null ? null : now,
    completedAt: null,
    receipt: null,
  });
  await record(tx, principal, 'user.deleted', { kind: 'user', id: user.id }, now);
  const grants = open === 0 ? [] : await listOpenGrants(tx, id);
  return { orgKey, id, userId: user.id, requestedAt, requestedBy, door, grants, user };
}
