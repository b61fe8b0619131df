/**
 * Looks at the files of a served directory every two seconds, so that `/readyz` and the log tell what no request has met yet:
 * a data folder that was removed or replaced, a disk that takes no writes, a ledger that another program has changed.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Weakness } from '../core/deployment/weakness.ts';
import type { ErasureLedger } from '../core/erasure/ledger.ts';
import { secondMs } from '../core/time.ts';
import type { Store, StoreCondition } from '../store/store.ts';

export const watchPauseMs = 2 * secondMs;

/** The lines of the log, at the first look that finds it so. */
const told: Readonly<Record<Exclude<StoreCondition['files'], 'sound'>, string>> = {
  lost: 'the data folder was removed or replaced: changes are refused',
  read_only: 'the disk of the data folder is read-only: changes are refused',
};

export interface WatchParts {
  readonly store: Pick<Store, 'condition'>;
  readonly ledger: Pick<ErasureLedger, 'verify'>;
  readonly folder: string;
  readonly pauseMs: number;
  readonly logger: {
    error(fields: object, message: string): void;
    info(fields: object, message: string): void;
  };
}

export interface FileWatch {
  /** Whether changes can be written. */
  readonly isWritable: boolean;
  /** What is wrong while other requests are answered. */
  readonly weaknesses: readonly Weakness[];
  /** Looks no more; resolves when the present look has ended. */
  close(): Promise<void>;
}

/** Looks at once, and then regularly. */
export function watchFiles({ store, ledger, folder, pauseMs, logger }: WatchParts): FileWatch {
  const end = new AbortController();
  let files: StoreCondition['files'] = 'sound';
  let weaknesses: readonly Weakness[] = [];
  let away = '';

  async function look(): Promise<void> {
    const [condition, isLedgerSound] = await Promise.all([
      store.condition(),
      // It tells its faults itself.
      ledger.verify().then(
        () => true,
        () => false,
      ),
    ]);
    if (condition.files !== files) {
      if (condition.files !== 'sound') logger.error({ folder }, told[condition.files]);
      else logger.info({ folder }, 'the data folder can be written again');
    }
    const { awayMachines = [] } = condition;
    const machines = awayMachines.join(', ');
    if (machines !== away) {
      if (machines === '') logger.info({}, 'all machines of the database answer again');
      else logger.error({ machines }, 'machines of the database are away: their organizations are refused');
    }
    away = machines;
    files = condition.files;
    weaknesses = [
      ...(files === 'sound' ? [] : [files]),
      ...(condition.isDamaged ? (['damage'] as const) : []),
      ...(isLedgerSound ? [] : (['ledger'] as const)),
      ...(machines === '' ? [] : (['machine'] as const)),
    ];
  }

  async function repeat(): Promise<void> {
    while (!end.signal.aborted) {
      await look();
      await sleep(pauseMs, undefined, { signal: end.signal, ref: false }).catch(() => {});
    }
  }

  const ended = repeat();
  return {
    get isWritable() {
      return files === 'sound';
    },
    get weaknesses() {
      return weaknesses;
    },
    close() {
      end.abort();
      return ended;
    },
  };
}
