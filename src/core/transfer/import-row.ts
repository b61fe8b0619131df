/**
 * Reads the rows of an import: the rules of their fields are the directory's, what is absent gets the directory's
 * defaults, and every fault is told at once. Whether email and external id are free is the store's to say. Pure, so
 * that a thread may do it beside the one that writes.
 */
import { type NewUser, newUserDefaults, userRoles, userStatuses } from '../directory/user.ts';
import {
  FieldReader,
  type FieldResult,
  readBoolean,
  readChoice,
  readDateOfBirth,
  readEmail,
  readExternalId,
  readLanguage,
  readPhone,
  readReportTime,
  readText,
  readTimezone,
} from '../directory/user-fields.ts';
import { newUserIdsNearby, type UserIdSource } from '../ids.ts';
import type { TransferColumn, TransferredColumn } from './columns.ts';
import type { Reject, RowFault } from './import-progress.ts';

/** The values of a row as they came; null and absent mean that nothing is said. */
export type ImportRow = Readonly<Partial<Record<TransferColumn, unknown>>>;

export interface RowContext {
  readonly appId: string;
  /** When users begin of whom the row does not say it; times of the row are at most five minutes later. */
  readonly now: number;
  /** Whether a stored password hash is of a kind that is verified here. */
  readonly isKnownHash: (hash: string) => boolean;
  readonly ids: UserIdSource;
}

/** A row with the line where it begins, or why there is none. */
export type ImportLine =
  | { readonly line: number; readonly row: ImportRow }
  | { readonly line: number; readonly fault: RowFault };

/** Rows as they were read: new users, and what is wrong with the others. */
export interface ImportRows {
  /** How many rows there were. */
  readonly count: number;
  readonly users: readonly NewUser[];
  /** Where the row of each user begins. */
  readonly lines: readonly number[];
  readonly rejects: readonly Reject[];
}

/** Reads rows that come in together, in their order. */
export function readImportRows(items: readonly ImportLine[], context: Omit<RowContext, 'ids'>): ImportRows {
  const own = { ...context, ids: newUserIdsNearby() };
  const users: NewUser[] = [];
  const lines: number[] = [];
  const rejects: Reject[] = [];
  for (const item of items) {
    const { line } = item;
    if ('fault' in item) {
      rejects.push({ line, ...item.fault });
      continue;
    }
    const result = readImportRow(item.row, own);
    if ('user' in result) {
      users.push(result.user);
      lines.push(line);
    } else {
      for (const fault of result.faults) rejects.push({ line, ...fault });
    }
  }
  return { count: items.length, users, lines, rejects };
}

/** The new user of a row, or everything that is wrong with it. */
export type RowResult = { readonly user: NewUser } | { readonly faults: readonly RowFault[] };

/** The defaults that no row changes. The compiler demands a value for every other column. */
const untransferred: Omit<typeof newUserDefaults, TransferredColumn> = newUserDefaults;

export function readImportRow(row: ImportRow, { appId, now, isKnownHash, ids }: RowContext): RowResult {
  const fields = new FieldReader();
  function take<T>(column: TransferColumn, read: (value: unknown) => FieldResult<T>): T | null | undefined {
    const value = row[column];
    return value === undefined || value === null ? null : fields.take(column, read(value));
  }
  const phone = take('phone', readPhone);
  const user: NewUser = {
    ...untransferred,
    id: ids.id(),
    number: ids.number(),
    appId,
    externalId: take('external_id', readExternalId) ?? null,
    email: take('email', readEmail) ?? null,
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
    passwordHash: take('password_hash', readHash) ?? null,
    createdAt: take('created_at', (value) => readReportTime(value, now)) ?? now,
  };
  const faults: RowFault[] = fields.faults.map(({ field, fault }) => ({ field, reason: fault }));
  if (user.passwordHash !== null && !isKnownHash(user.passwordHash)) {
    faults.push({ field: 'password_hash', reason: 'unsupported' });
  }
  return faults.length === 0 ? { user } : { faults };
}

/** Salted hashes of every kind are shorter, also those that bring the parameters of a project along. */
const hashCharactersMax = 1_024;

function readHash(value: unknown): FieldResult<string> {
  return readText(value, hashCharactersMax);
}
