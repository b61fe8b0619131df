/**
 * The one way to begin erasures for a caller: with room for their acceptance before the commit, and accepted when it resolves.
 * A full disk refuses the deletion before anything is done. Where the disk fails after the commit all the same, the deletion
 * is remembered, and no other one begins before it is accepted.
 */
import type { Core } from '../core.ts';
import { isRefusal } from '../errors.ts';
import { acceptErasures } from './accept-erasures.ts';
import type { BegunErasure } from './ledger.ts';
import { LackOfRoomError } from './ledger.ts';
import { acceptRefused, noteRefused, noteUncertain } from './refused-deletion.ts';

/** More than a line takes without its grants, and more than a grant takes in it. */
const lineBytes = 1024;
const namedGrantBytes = 256;
/** More than a file takes beside its text: its last block, and its name. */
const fileBytes = 8192;

/** Takes the room for erasures. Called at the end of a change, which it may end. */
type TakeRoom = (begun: readonly BegunErasure[]) => void;

/**
 * Runs a change that begins erasures, and resolves when they are accepted. Refuses with `unavailable`: nothing is done then, or
 * the same deletion again is answered.
 */
export async function eraseAccepted<T extends { readonly begun: readonly BegunErasure[] }>(
  core: Core,
  change: (take: TakeRoom) => Promise<T>,
): Promise<T> {
  await core.ledger.verify();
  await acceptRefused(core);
  const room = core.ledger.room();
  try {
    let taken: readonly BegunErasure[] = [];
    const take: TakeRoom = (begun) => {
      room.take(bytesOf(begun));
      taken = begun;
    };
    const result = await inRoom(core, () => change(take)).catch((error: unknown) => {
      // The commit may have been sent.
      if (isRefusal(error, 'unavailable')) noteUncertain(core, taken);
      throw error;
    });
    try {
      await acceptErasures(core, result.begun);
    } catch (error) {
      await noteRefused(core, result.begun);
      throw error;
    }
    return result;
  } finally {
    room.giveBack();
  }
}

/** Runs the change again once there is the room that it needs. */
async function inRoom<T>(core: Core, change: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await change();
    } catch (error) {
      if (!(error instanceof LackOfRoomError)) throw error;
      await core.ledger.makeRoom(error.bytes);
    }
  }
}

/** More than the acceptances and the grants take on disk. */
function bytesOf(begun: readonly BegunErasure[]): number {
  let bytes = 0;
  for (const { grants } of begun) {
    bytes += lineBytes;
    for (const { sealedGrant } of grants) bytes += namedGrantBytes + fileBytes + sealedGrant.length;
  }
  return bytes;
}
