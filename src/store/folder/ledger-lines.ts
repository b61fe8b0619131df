/**
 * Parses the verified lines of a ledger. Text that is no JSON is from before lines had codes, was cut short by a crash
 * and is passed over; so are the first line, blank lines, checkpoints, and kinds of a newer program. A line of a known
 * kind with other fields than that kind has means that the ledger is damaged: no program could tell which erasure is
 * missing, so the directory does not open.
 */
import { LedgerError, type LedgerLine } from '../../core/erasure/ledger.ts';

type Check = (value: unknown) => boolean;

const isText: Check = (value) => typeof value === 'string';
const isNumber: Check = (value) => Number.isSafeInteger(value);
const isTextOrNull: Check = (value) => value === null || isText(value);

const named = { id: isText, connectionId: isText, provider: isText };
const isGrants: Check = (value) =>
  value === undefined || (Array.isArray(value) && value.every((each) => fits(each, named)));

/** The fields of each kind, and what each must be. */
const shapes: Readonly<Record<LedgerLine['kind'], Readonly<Record<string, Check>>>> = {
  accepted: {
    ...{
      orgKey: isNumber,
      id: isText,
      userId: isText,
      requestedAt: isNumber,
      requestedBy: isText,
      door: isText,
    },
    grants: isGrants,
  },
  ended: {
    ...{ orgKey: isNumber, erasureId: isText, ...named, outcome: isTextOrNull, endedAt: isNumber },
    state: (value) => value === 'confirmed' || value === 'abandoned',
  },
  completed: { orgKey: isNumber, id: isText, completedAt: isNumber, receipt: isText },
};

/** The lines in a text that ends with a line break; `path` is for the message about a damaged ledger. */
export function linesIn(text: string, path: string): LedgerLine[] {
  const lines: LedgerLine[] = [];
  for (const line of text.split('\n')) {
    const value = line === '' ? null : parse(line);
    if (!isKnown(value)) continue;
    if (!isWhole(value))
      throw new LedgerError(`${path} is damaged: a line of it is of no ledger of erasures`);
    lines.push(withoutCode(value));
  }
  return lines;
}

function withoutCode(line: LedgerLine): LedgerLine {
  return line.kind === 'ended'
    ? { kind: line.kind, grant: line.grant }
    : ({ kind: line.kind, erasure: line.erasure } as LedgerLine);
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return null;
  }
}

type Known = { readonly kind: LedgerLine['kind']; readonly erasure?: unknown; readonly grant?: unknown };

function isKnown(value: unknown): value is Known {
  return (
    typeof value === 'object' &&
    value !== null &&
    'kind' in value &&
    typeof value.kind === 'string' &&
    Object.hasOwn(shapes, value.kind)
  );
}

function isWhole(value: Known): value is LedgerLine {
  return fits(value.kind === 'ended' ? value.grant : value.erasure, shapes[value.kind]);
}

function fits(value: unknown, shape: Readonly<Record<string, Check>>): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const fields: Readonly<Record<string, unknown>> = { ...value };
  return Object.entries(shape).every(([field, check]) => check(fields[field]));
}
