/**
 * Removes the people whom `roster demo` has made, by erasures as of any other person. No provider has given the grants that they
 * were made with, so those end here; a grant that a demo person has got since then is revoked at its provider.
 */
import { authorize, type OperatorPrincipal } from '../access/principal.ts';
import type { Core } from '../core.ts';
import { type BatchOutcome, eraseUsers } from '../erasure/erase-users.ts';
import type { UserId } from '../ids.ts';
import { openGrant, openGrants } from '../providers/grant.ts';
import { nextRevocationState } from '../providers/revocation.ts';
import type { Tx } from '../unit-of-work.ts';
import { demoGrantClient } from './fill-directory.ts';

const batchPeople = 250;

/** Erases every demo person of the organization; yields the result of each batch once its erasures are accepted. */
export async function* removeDemoPeople(
  core: Core,
  principal: OperatorPrincipal,
): AsyncGenerator<BatchOutcome> {
  authorize(principal, 'users.delete');
  const { door, orgKey } = principal;
  let after: UserId | null = null;
  for (;;) {
    const last: UserId | null = after;
    const people: readonly UserId[] = await core.work.read(orgKey, (tx) =>
      tx.demoPeople.list(last, batchPeople),
    );
    if (people.length === 0) return;
    after = people.at(-1) ?? null;
    await core.work.change(orgKey, async (tx) => {
      for (const userId of people) await dropOwnGrants(core, tx, userId);
    });
    yield* eraseUsers(core, door, { users: people.map((userId) => ({ orgKey, userId })) });
  }
}

/** A step: ends the grants that no provider has given. */
async function dropOwnGrants(core: Core, tx: Tx, userId: UserId): Promise<void> {
  if ((await tx.users.lock({ id: userId })) === null) return;
  for (const connection of await tx.connections.lockOf(userId)) {
    const grants = openGrants(core.secrets, connection);
    if (grants?.every(({ tokens }) => tokens.clientId === demoGrantClient)) {
      await tx.connections.update(connection, { sealedGrants: null });
    }
    for (const revocation of await tx.revocations.lockOpenOf(connection.id)) {
      if (openGrant(core.secrets, revocation)?.clientId !== demoGrantClient) continue;
      await tx.revocations.update(revocation, {
        state: nextRevocationState(revocation.state, 'confirm'),
        sealedGrant: null,
        outcome: 'never_given',
        endedAt: core.clock.now(),
      });
    }
  }
}
