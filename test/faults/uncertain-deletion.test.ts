/**
 * The database commits a deletion, and its answer is lost. The caller is refused, because nobody knows what happened. The same
 * deletion again is answered as the first one would have been, once.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { refuse } from '../../src/core/errors.ts';
import type { Tx } from '../../src/core/unit-of-work.ts';
import { addPerson } from '../support/contracts/people.ts';
import { setUpRoster } from '../support/server/set-up.ts';

describe('a deletion whose commit is not answered', () => {
  const roster = setUpRoster();

  /** The next change that begins an erasure is committed, or not, and its answer is lost. */
  function loseAnswer({ isCommitted }: { readonly isCommitted: boolean }): void {
    const { work } = roster.core;
    const { change } = work;
    const lost = refuse('unavailable', { retryAfterSeconds: 1 });
    const losing: typeof change = async (orgKey, run, options) => {
      let erases = false;
      const watched = async (tx: Tx) => {
        const done = await run(tx);
        erases = typeof done === 'object' && done !== null && 'begun' in done;
        if (erases && !isCommitted) throw lost;
        return done;
      };
      const result = await change.call(work, orgKey, watched, options);
      if (erases) throw lost;
      return result as Awaited<ReturnType<typeof run>>;
    };
    Object.assign(work, { change: losing });
    restore = () => Object.assign(work, { change });
  }
  let restore = (): unknown => null;

  const remove = (id: string) =>
    roster.call(`DELETE /sonar/v1/users/${id}`, { bearer: roster.organization.apiKeys.admin });

  test('is answered when it is repeated, with the erasure that happened', async () => {
    const { userId } = await addPerson(roster);
    loseAnswer({ isCommitted: true });
    assert.equal((await remove(userId)).status, 503);
    restore();
    const again = await remove(userId);
    assert.equal(again.status, 204);
    const [erasure] = await roster.rows.all('erasures');
    assert.equal(
      again.header('x-erasure-id').replace(/^era_/, ''),
      String(erasure?.['id']).replace(/^era_/, ''),
    );
    assert.equal((await remove(userId)).status, 404);
  });

  test('is made anew where it did not happen', async () => {
    const { userId } = await addPerson(roster);
    loseAnswer({ isCommitted: false });
    assert.equal((await remove(userId)).status, 503);
    restore();
    assert.equal((await remove(userId)).status, 204);
    assert.equal((await remove(userId)).status, 404);
  });
});
