/**
 * Open grants as files in the data folder: one file for each grant of a running erasure, sealed as in its row, from
 * the acceptance until the provider confirms. A database that is replaced by an older copy thus loses no grant that
 * still has to end. Names and contents identify no person.
 */
import { randomUUID } from 'node:crypto';
import { access, mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { OpenGrant, OpenGrants } from '../../core/erasure/ledger.ts';
import { errorCodeOf } from '../../core/error-code.ts';
import { refuse } from '../../core/errors.ts';
import { minuteMs } from '../../core/time.ts';
import { type DiskReserve, isFull } from './disk-reserve.ts';

export const openGrantsFolder = 'open-grants';

/** Files that are written at the same time. */
const writtenAtOnce = 8;
const nameForm = /^(rev_[0-9a-f]{32})\.json$/;
/** A file that is being written; after a minute its writer is gone. */
const draftForm = /^rev_[0-9a-f]{32}\.json\.[0-9a-f-]{36}$/;
const draftAgeMinMs = minuteMs;

/**
 * The grants in a data folder. `onFault` gets the error of a failed write. `reserve` gives its room to grants that are kept on a
 * full disk.
 */
export function openGrantsIn(
  dataDir: string,
  onFault: (error: unknown) => void,
  reserve: Pick<DiskReserve, 'drop'> = { drop: () => false },
): OpenGrants {
  const folder = join(dataDir, openGrantsFolder);
  const pathOf = (id: string): string => join(folder, `${id}.json`);
  const keepAll = async (grants: readonly OpenGrant[]): Promise<void> => {
    const made = await mkdir(folder, { recursive: true, mode: 0o700 });
    const left = [...grants];
    const write = async (): Promise<void> => {
      for (let grant = left.pop(); grant !== undefined; grant = left.pop()) {
        const path = pathOf(grant.id);
        if (!(await isFile(path))) await writeWhole(path, JSON.stringify(grant));
      }
    };
    const writers = await Promise.allSettled(Array.from({ length: writtenAtOnce }, write));
    for (const writer of writers) if (writer.status === 'rejected') throw writer.reason;
    await syncFolder(folder);
    if (made !== undefined) await syncFolder(dataDir);
  };
  return {
    async keep(grants) {
      if (grants.length === 0) return;
      try {
        await keepAll(grants).catch(async (error: unknown) => {
          if (!isFull(error) || !reserve.drop()) throw error;
          await keepAll(grants);
        });
      } catch (error) {
        onFault(error);
        throw refuse('unavailable', { retryAfterSeconds: 1 });
      }
    },
    async find(id) {
      const text = await readFile(pathOf(id), 'utf8').catch(absentIs(null));
      return text === null ? null : readGrant(text);
    },
    async replace(grant) {
      const path = pathOf(grant.id);
      if (!(await isFile(path))) return;
      await writeWhole(path, JSON.stringify(grant));
      // The former secret may be removed next, and nothing else opens the former file.
      await syncFolder(folder);
    },
    async list() {
      const names = await readdir(folder).catch(absentIs([]));
      return names.flatMap((name) => nameForm.exec(name)?.[1] ?? []);
    },
    async drop(ids) {
      for (const id of ids) await rm(pathOf(id), { force: true });
    },
    async sweep() {
      const names = await readdir(folder).catch(absentIs([]));
      for (const path of names.filter((name) => draftForm.test(name)).map((name) => join(folder, name))) {
        const changedAt = await stat(path).then(({ mtimeMs }) => mtimeMs, absentIs(null));
        const ageMs = changedAt === null ? 0 : Date.now() - changedAt;
        // A draft of the future was left while the clock was wrong; one that is being written is a moment old.
        if (Math.abs(ageMs) >= draftAgeMinMs) await rm(path, { force: true });
      }
    },
  };
}

/** Of a process without a folder. */
export const noOpenGrants: OpenGrants = {
  keep: async () => {},
  find: async () => null,
  replace: async () => {},
  list: async () => [],
  drop: async () => {},
  sweep: async () => {},
};

async function isFile(path: string): Promise<boolean> {
  return access(path).then(() => true, absentIs(false));
}

/** Writes under another name first, so that no reader finds half of it. */
async function writeWhole(path: string, text: string): Promise<void> {
  const draft = `${path}.${randomUUID()}`;
  try {
    const file = await open(draft, 'wx', 0o600);
    try {
      await file.writeFile(text);
      await file.datasync();
    } finally {
      await file.close();
    }
    await rename(draft, path);
  } finally {
    await rm(draft, { force: true });
  }
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Turns the error for a missing file into a value. Other errors stay errors, or a grant would be taken for lost. */
function absentIs<T>(value: T): (error: unknown) => T {
  return (error) => {
    if (errorCodeOf(error) === 'ENOENT') return value;
    throw error;
  };
}

function readGrant(text: string): OpenGrant | null {
  const value = parseObject(text);
  const { orgKey, erasureId, id, connectionId, provider, sealedGrant, unanswered } = value;
  if (
    typeof orgKey !== 'number' ||
    typeof erasureId !== 'string' ||
    typeof id !== 'string' ||
    typeof connectionId !== 'string' ||
    typeof provider !== 'string' ||
    typeof sealedGrant !== 'string' ||
    typeof unanswered !== 'number'
  ) {
    return null;
  }
  return { orgKey, erasureId, id, connectionId, provider, sealedGrant, unanswered };
}

function parseObject(text: string): Partial<OpenGrant> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? value : {};
  } catch {
    return {};
  }
}
