/**
 * The names in the environment that begin with `ROSTER_` and are not settings. A name that resembles a setting is a fault,
 * because a misspelt setting would silently have no effect. Any other name is reported without refusing the start. Names
 * that other programs set are passed over.
 */
import type { Environment, SettingFault } from './environment.ts';
import { settings } from './settings.ts';

const known: ReadonlySet<string> = new Set(Object.values(settings).map(({ name }) => name));

/** A name with at most so many wrong letters is taken for a misspelt setting. */
const lettersMax = 2;

/** A fault for each name that differs from a setting by at most two letters. */
export function findMisspelt(env: Environment): SettingFault[] {
  return listOthers(env).flatMap((name) => {
    const nearest = findNearest(name);
    return nearest === null ? [] : [{ name, problem: `is not a setting: did you mean ${nearest}?` }];
  });
}

/** The names that resemble no setting. */
export function listUnknown(env: Environment): string[] {
  return listOthers(env).filter((name) => findNearest(name) === null);
}

function listOthers(env: Environment): string[] {
  return Object.entries(env).flatMap(([name, value = '']) => {
    return name.startsWith('ROSTER_') && !known.has(name) && !isOfAnother(name, value) ? [name] : [];
  });
}

/**
 * Whether another program sets the name: the tests, `compose.yaml`, or Kubernetes, which describes each service to the
 * containers beside it. The service `roster` becomes `ROSTER_SERVICE_HOST` and `ROSTER_PORT_8080_TCP`, the service
 * `roster-api` becomes `ROSTER_API_SERVICE_HOST`.
 */
function isOfAnother(name: string, value: string): boolean {
  if (name.startsWith('ROSTER_TEST_') || name === 'ROSTER_DATABASE_PASSWORD') return true;
  if (/^ROSTER_(\w+_)?(SERVICE_HOST|SERVICE_PORT(_\w+)?)$/.test(name)) return true;
  if (/^ROSTER_(\w+_)?PORT_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?$/.test(name)) return true;
  return isServiceAddress(name, value);
}

/** Whether Kubernetes sets the name to the address of a service, such as `ROSTER_METRICS_PORT` for one called `roster-metrics`. */
export function isServiceAddress(name: string, value: string): boolean {
  return /^ROSTER_(\w+_)?PORT$/.test(name) && /^(tcp|udp|sctp):\/\//.test(value);
}

/** The setting that resembles the name most; null if none has at most `lettersMax` other letters. */
function findNearest(name: string): string | null {
  let nearest: string | null = null;
  let least = lettersMax + 1;
  for (const each of known) {
    if (!each.startsWith('ROSTER_') || Math.abs(each.length - name.length) >= least) continue;
    const distance = distanceOf(name, each);
    if (distance < least) [nearest, least] = [each, distance];
  }
  return nearest;
}

/**
 * The Damerau-Levenshtein distance: how many letters must be inserted, removed, replaced or exchanged with their
 * neighbour to make one text of the other. Letters between two exchanged ones may change too.
 */
function distanceOf(from: string, to: string): number {
  const most = from.length + to.length;
  // Row and column 0 hold the largest distance, row and column 1 the distance from the empty text.
  const table = Array.from({ length: from.length + 2 }, () => new Array<number>(to.length + 2).fill(most));
  const at = (row: number, column: number): number => table[row]?.[column] ?? most;
  const put = (row: number, column: number, value: number): void => {
    const cells = table[row];
    if (cells !== undefined) cells[column] = value;
  };
  for (let row = 0; row <= from.length; row++) put(row + 1, 1, row);
  for (let column = 0; column <= to.length; column++) put(1, column + 1, column);
  /** The last row in which each letter of `from` was seen. */
  const lastRows = new Map<string, number>();
  for (let row = 1; row <= from.length; row++) {
    let lastColumn = 0;
    for (let column = 1; column <= to.length; column++) {
      const lastRow = lastRows.get(to.charAt(column - 1)) ?? 0;
      const isSame = from.charAt(row - 1) === to.charAt(column - 1);
      const exchanged = at(lastRow, lastColumn) + (row - lastRow - 1) + 1 + (column - lastColumn - 1);
      const replaced = at(row, column) + (isSame ? 0 : 1);
      put(
        row + 1,
        column + 1,
        Math.min(replaced, at(row + 1, column) + 1, at(row, column + 1) + 1, exchanged),
      );
      if (isSame) lastColumn = column;
    }
    lastRows.set(from.charAt(row - 1), row);
  }
  return at(from.length + 1, to.length + 1);
}
