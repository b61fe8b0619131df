/**
 * Rows on their way from one thread to another, column by column: to copy a few long arrays costs a third of what
 * copying an object for each user does, which names every field again.
 */
import type { NewUser } from '../../core/directory/user.ts';
import type { ImportRows } from '../../core/transfer/import-row.ts';

/** What every user of an import begins with, or has in common with the others of it. */
type Common = Pick<NewUser, 'appId' | 'isClinicalApproved' | 'isTemplate' | 'isNativeSignup'>;
type Own = Omit<NewUser, keyof Common>;

export interface PackedRows extends Omit<ImportRows, 'users'> {
  /** Null where there are no users. */
  readonly common: Common | null;
  readonly columns: { readonly [K in keyof Own]: readonly Own[K][] };
}

export function packRows({ users, ...rest }: ImportRows): PackedRows {
  const column = <K extends keyof Own>(name: K): Own[K][] => users.map((user) => user[name]);
  const [first] = users;
  return {
    ...rest,
    common: first === undefined ? null : commonOf(first),
    columns: {
      id: column('id'),
      number: column('number'),
      externalId: column('externalId'),
      email: column('email'),
      firstName: column('firstName'),
      lastName: column('lastName'),
      phone: column('phone'),
      phoneE164: column('phoneE164'),
      dateOfBirth: column('dateOfBirth'),
      language: column('language'),
      timezone: column('timezone'),
      role: column('role'),
      status: column('status'),
      isClinical: column('isClinical'),
      confirmedAt: column('confirmedAt'),
      passwordHash: column('passwordHash'),
      createdAt: column('createdAt'),
    },
  };
}

export function unpackRows({ common, columns, ...rest }: PackedRows): ImportRows {
  if (common === null) return { ...rest, users: [] };
  const { appId, isClinicalApproved, isTemplate, isNativeSignup } = common;
  // Written out: every row passes through here, and an object that is put together by names costs several times as much.
  const users = columns.id.map(
    (id, at): NewUser => ({
      id,
      number: itemOf(columns.number, at),
      appId,
      externalId: itemOf(columns.externalId, at),
      email: itemOf(columns.email, at),
      firstName: itemOf(columns.firstName, at),
      lastName: itemOf(columns.lastName, at),
      phone: itemOf(columns.phone, at),
      phoneE164: itemOf(columns.phoneE164, at),
      dateOfBirth: itemOf(columns.dateOfBirth, at),
      language: itemOf(columns.language, at),
      timezone: itemOf(columns.timezone, at),
      role: itemOf(columns.role, at),
      status: itemOf(columns.status, at),
      isClinical: itemOf(columns.isClinical, at),
      isClinicalApproved,
      isTemplate,
      isNativeSignup,
      confirmedAt: itemOf(columns.confirmedAt, at),
      passwordHash: itemOf(columns.passwordHash, at),
      createdAt: itemOf(columns.createdAt, at),
    }),
  );
  return { ...rest, users };
}

function commonOf({ appId, isClinicalApproved, isTemplate, isNativeSignup }: NewUser): Common {
  return { appId, isClinicalApproved, isTemplate, isNativeSignup };
}

function itemOf<T>(column: readonly T[], at: number): T {
  const item = column[at];
  if (item === undefined) throw new Error('a column of rows is shorter than the others');
  return item;
}
