/** What an export shows of a row: values as a person reads them, without the columns that are held. Pure. */
import type { UserId } from '../ids.ts';
import { type MessageContent, messageContext } from '../messaging/message.ts';
import type { StoredEvent } from '../record/audit-event.ts';
import type { SecretBox } from '../secret.ts';
import { toMillisecondText } from '../time.ts';
import { toCsvLine } from '../transfer/csv.ts';
import type { HeldColumn } from './manifest.ts';
import type { Cell, Disclosure, PersonRow, PersonTable } from './person-data.ts';

export type ShownValue = string | number | boolean | null;
export type ShownRow = Readonly<Record<string, ShownValue>>;

/** The parts of a sealed message that are shown. */
const messageParts = ['to', 'subject'] as const;

export interface Reader {
  readonly secrets: SecretBox;
  readonly orgKey: number;
  readonly userId: UserId;
}

/** The columns of a table as an export names them. */
export function shownColumns({ columns }: PersonTable): readonly string[] {
  return Object.entries(columns).flatMap(([name, { as }]) => {
    if (as === 'held') return [];
    return as === 'opened' ? messageParts : [name];
  });
}

/** The columns that are held, whole or in part, with the reasons. */
export function heldColumns(tables: readonly PersonTable[]): readonly HeldColumn[] {
  return tables.flatMap(({ name: table, columns }) =>
    Object.entries(columns).flatMap(([column, disclosure]) =>
      'why' in disclosure ? [{ table, column, why: disclosure.why }] : [],
    ),
  );
}

export function showRow({ columns }: PersonTable, row: PersonRow, reader: Reader): ShownRow {
  const shown: Record<string, ShownValue> = {};
  for (const [name, disclosure] of Object.entries(columns)) {
    if (disclosure.as === 'opened') Object.assign(shown, openMessage(row, row[name] ?? null, reader));
    else if (disclosure.as !== 'held') shown[name] = showCell(row, name, disclosure, reader);
  }
  return shown;
}

function showCell(row: PersonRow, name: string, { as }: Disclosure, { userId }: Reader): ShownValue {
  const value = row[name] ?? null;
  if (value === null) return null;
  if (as === 'time') return toMillisecondText(Number(value));
  if (as === 'flag') return value === 1;
  if (as !== 'own') return value;
  const kind = row[name.replace(/_id$/, '_kind')];
  const isOfUser = kind === 'user' || kind === 'connect';
  return isOfUser && value !== userId ? null : value;
}

/** Nulls where the content was dropped, or no known secret opens it. */
function openMessage(row: PersonRow, sealed: Cell, { secrets, orgKey }: Reader): ShownRow {
  const content =
    sealed === null ? null : tryOpen(secrets, String(sealed), { orgKey, id: String(row['id']) });
  return Object.fromEntries(messageParts.map((part) => [part, content?.[part] ?? null]));
}

function tryOpen(
  secrets: SecretBox,
  sealed: string,
  message: { readonly orgKey: number; readonly id: string },
): Partial<MessageContent> | null {
  try {
    return Object(JSON.parse(secrets.open(sealed, messageContext(message))));
  } catch {
    return null;
  }
}

/** An audit event as a row of its table. */
export function eventRow({ seq: _, fields, ...event }: StoredEvent): PersonRow {
  const { id, at, actorKind, actorId, door, action, subjectKind, subjectId, users, times } = event;
  return {
    ...{ id, at, actor_kind: actorKind, actor_id: actorId, door, action },
    ...{ subject_kind: subjectKind, subject_id: subjectId, users, times },
    fields: fields.length === 0 ? null : fields.join(', '),
  };
}

/** A row as a line of CSV; the columns are those of `shownColumns`. */
export function csvLine(columns: readonly string[], row: ShownRow): string {
  return toCsvLine(columns.map((name) => textOf(row[name] ?? null)));
}

function textOf(value: ShownValue): string | null {
  return value === null ? null : String(value);
}
