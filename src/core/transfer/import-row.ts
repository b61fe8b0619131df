/**
 * Reads the rows of an import by the rules and with the defaults of the directory, and reports every fault of a row at
 * once. It does not check whether email and external id are free; the store does. Pure, so that another thread can
 * read rows while the first one writes.
 */
import { type NewUser, newUserDefaults, userRoles, userStatuses } from '../directory/user.ts';
import {
  FieldReader,
  type FieldResult,
  readBoolean,
  readChoice,
  readDateOfBirth,
  readExternalId,
  readLanguage,
  readNewEmail,
  readPhone,
  readReportTime,
  readText,
  readTimezone,
} from '../directory/user-fields.ts';
import { isVisible } from '../directory/visible-text.ts';
import { newUserIdsNearby, type UserIdSource } from '../ids.ts';
import type { TransferColumn, TransferredColumn } from './columns.ts';
import type { Reject, RowFault } from './import-progress.ts';

/** The values of a row as they are in the input; null and an absent column give no value. */
export type ImportRow = Readonly<Partial<Record<TransferColumn, unknown>>>;

export interface RowContext {
  readonly appId: string;
  /** The creation time of a user whose row has none; times in the row are at most five minutes later. */
  readonly now: number;
  /** Whether Roster can verify a password with this hash. */
  readonly isKnownHash: (hash: string) => boolean;
  /** Whether a user whose password hash is not supported is added without a password. Otherwise the row is refused. */
  readonly leavesOutUnknownHashes: boolean;
  /** Whether an address with a local part outside ASCII can be delivered to. */
  readonly takesUnicode: boolean;
  readonly ids: UserIdSource;
}

/** A row with the line where it begins, or the fault of that line. */
export type ImportLine =
  | { readonly line: number; readonly row: ImportRow }
  | { readonly line: number; readonly fault: RowFault };

/** Rows after reading: new users, and the faults of the other rows. */
export interface ImportRows {
  /** The number of rows, with those that are skipped. */
  readonly count: number;
  /** The number of rows that say nothing. They add no user and have no fault. */
  readonly skipped: number;
  readonly users: readonly NewUser[];
  /** The positions in `users` of those whose password hash is not supported and was left out. */
  readonly withoutPassword: readonly number[];
  /** The line where the row of each user begins. */
  readonly lines: readonly number[];
  readonly rejects: readonly Reject[];
}

/** Reads the rows of one batch, in their order. */
export function readImportRows(items: readonly ImportLine[], context: Omit<RowContext, 'ids'>): ImportRows {
  const own = { ...context, ids: newUserIdsNearby() };
  const users: NewUser[] = [];
  const withoutPassword: number[] = [];
  const lines: number[] = [];
  const rejects: Reject[] = [];
  let skipped = 0;
  for (const item of items) {
    const { line } = item;
    if ('fault' in item) {
      rejects.push({ line, ...item.fault });
      continue;
    }
    if (saysNothing(item.row)) {
      skipped += 1;
      continue;
    }
    const result = readImportRow(item.row, own);
    if ('user' in result) {
      if (result.isHashLeftOut) withoutPassword.push(users.length);
      users.push(result.user);
      lines.push(line);
    } else {
      for (const fault of result.faults) rejects.push({ line, ...fault });
    }
  }
  return { count: items.length, skipped, users, withoutPassword, lines, rejects };
}

/**
 * Whether a row has no value but null, false and texts that show nothing, such as the empty rows below the table of a
 * spreadsheet, in which an empty checkbox is false.
 */
export function saysNothing(row: Readonly<Record<string, unknown>>): boolean {
  for (const name in row) {
    const value = row[name];
    const isBlank = typeof value === 'string' ? !isVisible(value) : (value ?? false) === false;
    if (!isBlank) return false;
  }
  return true;
}

/** The new user of a row, and whether the row has a password hash that was left out; or all its faults. */
export type RowResult =
  | { readonly user: NewUser; readonly isHashLeftOut: boolean }
  | { readonly faults: readonly RowFault[] };

/** The defaults that no row changes. The compiler demands a value for every other column. */
const untransferred: Omit<typeof newUserDefaults, TransferredColumn> = newUserDefaults;

export function readImportRow(row: ImportRow, context: RowContext): RowResult {
  const { appId, now, ids } = context;
  const fields = new FieldReader();
  function take<T>(column: TransferColumn, read: (value: unknown) => FieldResult<T>): T | null | undefined {
    const value = row[column];
    return value === undefined || value === null ? null : fields.take(column, read(value));
  }
  const phone = take('phone', readPhone);
  const hash = readHash(row.password_hash, context);
  const user: NewUser = {
    ...untransferred,
    id: ids.id(),
    number: ids.number(),
    appId,
    externalId: take('external_id', readExternalId) ?? null,
    email: take('email', (value) => readNewEmail(value, context.takesUnicode)) ?? null,
    firstName: take('first_name', readText) ?? null,
    lastName: take('last_name', readText) ?? null,
    phone: phone?.phone ?? null,
    phoneE164: phone?.phoneE164 ?? null,
    dateOfBirth: take('date_of_birth', (value) => readDateOfBirth(value, now)) ?? null,
    language: take('language', readLanguage) ?? newUserDefaults.language,
    timezone: take('timezone', readTimezone) ?? newUserDefaults.timezone,
    role: take('role', (value) => readChoice(value, userRoles)) ?? newUserDefaults.role,
    status: take('status', (value) => readChoice(value, userStatuses)) ?? 'active',
    // Only the wish. An admin approves the permission.
    isClinical: take('clinical', readBoolean) ?? newUserDefaults.isClinical,
    confirmedAt: take('confirmed_at', (value) => readReportTime(value, now)) ?? null,
    passwordHash: 'text' in hash ? hash.text : null,
    createdAt: take('created_at', (value) => readReportTime(value, now)) ?? now,
  };
  const faults: RowFault[] = fields.faults.map(({ field, fault }) => ({ field, reason: fault }));
  if ('reason' in hash) faults.push({ field: 'password_hash', reason: hash.reason });
  return faults.length === 0 ? { user, isHashLeftOut: 'isLeftOut' in hash } : { faults };
}

/** Salted hashes of every kind are shorter, also those that contain the parameters of a project. */
const hashCharactersMax = 1_024;

type HashResult =
  | { readonly text: string | null }
  | { readonly isLeftOut: true }
  | { readonly reason: RowFault['reason'] };

/** Reads a password hash. Django and Linux write `!` and any text where an account has no password. */
function readHash(
  value: unknown,
  { isKnownHash, leavesOutUnknownHashes }: Pick<RowContext, 'isKnownHash' | 'leavesOutUnknownHashes'>,
): HashResult {
  if (value === undefined || value === null) return { text: null };
  const read = readText(value, hashCharactersMax);
  if ('value' in read && read.value.startsWith('!')) return { text: null };
  if ('value' in read && isKnownHash(read.value)) return { text: read.value };
  const reason = 'value' in read ? 'unsupported' : read.fault;
  const isUnknown = reason === 'unsupported' || reason === 'too_long';
  return isUnknown && leavesOutUnknownHashes ? { isLeftOut: true } : { reason };
}
