/**
 * What this process asks of the file system, in order: files that are opened, written, forced to disk, and given a name. The
 * calls go on to the system unchanged. What SQLite does itself is not seen; its settings are.
 */
import fs, { constants } from 'node:fs';
import promises, { type FileHandle } from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { dirname, resolve } from 'node:path';

export interface DiskStep {
  /** `name`: the file at `from` gets the name `path`. */
  readonly kind: 'open' | 'write' | 'force' | 'name';
  readonly path: string;
  readonly from?: string;
  /** Of `open`, as a number. */
  readonly flags?: number;
  /** Of `write`, where it is a text. */
  readonly text?: string;
}

export interface DiskSteps {
  readonly steps: readonly DiskStep[];
  clear(): void;
  /** Ends the watch. */
  end(): void;
}

type Call = (...args: unknown[]) => unknown;

/** Watches until `end`. One watch at a time. */
export async function watchDisk(): Promise<DiskSteps> {
  const steps: DiskStep[] = [];
  const paths = new Map<number, string>();
  const undo: (() => void)[] = [];
  const add = (step: DiskStep): void => void steps.push(step);
  const flagsOf = (flags: unknown): number =>
    typeof flags === 'number' ? flags : flags === 'wx' || flags === 'w' ? constants.O_WRONLY : 0;

  function replace(target: object, name: string, make: (real: Call) => Call): void {
    const real: unknown = Reflect.get(target, name);
    if (typeof real !== 'function') throw new Error(`there is no ${name}`);
    Reflect.set(target, name, make(real as Call));
    undo.push(() => void Reflect.set(target, name, real));
  }
  /** A call whose first argument is an open file, by its number. */
  const onFile = (name: string, kind: 'write' | 'force'): void =>
    replace(fs, name, (real) => (...args) => {
      const path = paths.get(Number(args[0]));
      const result = real(...args);
      if (path !== undefined) add({ kind, path, ...textOf(args[1]) });
      return result;
    });

  replace(fs, 'openSync', (real) => (...args) => {
    const file = real(...args);
    const path = resolve(String(args[0]));
    paths.set(Number(file), path);
    add({ kind: 'open', path, flags: flagsOf(args[1]) });
    return file;
  });
  onFile('writeSync', 'write');
  onFile('fsyncSync', 'force');
  onFile('fdatasyncSync', 'force');
  for (const name of ['linkSync', 'renameSync']) {
    replace(fs, name, (real) => (...args) => {
      const result = real(...args);
      add({ kind: 'name', from: resolve(String(args[0])), path: resolve(String(args[1])) });
      return result;
    });
  }
  for (const name of ['link', 'rename']) {
    replace(promises, name, (real) => async (...args) => {
      const result = await real(...args);
      add({ kind: 'name', from: resolve(String(args[0])), path: resolve(String(args[1])) });
      return result;
    });
  }
  const handlePaths = new WeakMap<object, string>();
  replace(promises, 'open', (real) => async (...args) => {
    const handle = (await real(...args)) as FileHandle;
    const path = resolve(String(args[0]));
    handlePaths.set(handle, path);
    add({ kind: 'open', path, flags: flagsOf(args[1]) });
    return handle;
  });
  const sample = await promises.open(import.meta.filename);
  const prototype: object = Object.getPrototypeOf(sample);
  await sample.close();
  for (const [name, kind] of [
    ['write', 'write'],
    ['writeFile', 'write'],
    ['appendFile', 'write'],
    ['sync', 'force'],
    ['datasync', 'force'],
  ] as const) {
    replace(
      prototype,
      name,
      (real) =>
        async function (this: object, ...args: unknown[]) {
          const result = await Reflect.apply(real, this, args);
          const path = handlePaths.get(this);
          if (path !== undefined) add({ kind, path, ...textOf(args[0]) });
          return result;
        },
    );
  }
  syncBuiltinESMExports();
  steps.length = 0;
  return {
    steps,
    clear() {
      steps.length = 0;
    },
    end() {
      for (const each of undo.splice(0)) each();
      syncBuiltinESMExports();
    },
  };
}

function textOf(said: unknown): { readonly text?: string } {
  if (typeof said === 'string') return { text: said };
  return said instanceof Uint8Array ? { text: Buffer.from(said).toString('utf8') } : {};
}

/**
 * What a power cut could undo: a file that got its name before its content was on disk, or whose name was not forced to disk
 * afterwards. `isOurs` says which files must last.
 */
export function notForced(steps: readonly DiskStep[], isOurs: (path: string) => boolean): string[] {
  const faults: string[] = [];
  for (const [at, step] of steps.entries()) {
    if (step.kind !== 'name' || !isOurs(step.path)) continue;
    const before = steps.slice(0, at);
    const lastWrite = before.findLastIndex((each) => each.kind === 'write' && each.path === step.from);
    const lastForce = before.findLastIndex((each) => each.kind === 'force' && each.path === step.from);
    if (lastForce === -1 || lastForce < lastWrite) faults.push(`${step.path}: its content was not forced`);
    const after = steps.slice(at + 1);
    const folder = dirname(step.path);
    if (!after.some((each) => each.kind === 'force' && each.path === folder)) {
      faults.push(`${step.path}: its name was not forced`);
    }
  }
  return faults;
}
