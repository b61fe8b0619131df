/** The columns that the table can show. */
import type { ReactNode } from 'react';
import type { PersonRow } from '../../../src/contracts/console/shapes/people.ts';
import { Icon } from '../parts/icon.tsx';
import { Moment } from '../parts/moment.tsx';
import { State } from '../parts/panel.tsx';
import { recall, remember } from '../texts/texts.tsx';
import type { PeopleTexts } from './people-texts.ts';

export type ColumnName = keyof PeopleTexts['column'];

export interface Column {
  readonly name: ColumnName;
  /** The least width in pixels. */
  readonly min: number;
  /** Whether it takes a share of the room that is left. */
  readonly doesGrow: boolean;
  readonly draw: (person: PersonRow, texts: PeopleTexts) => ReactNode;
}

const none = <span className="dim">–</span>;
const code = (text: string | null): ReactNode =>
  text === null ? none : <span className="mono">{text}</span>;

export const statusTones = { pending: 'warn', active: 'good', inactive: 'plain' } as const;

/** What a row calls its person. */
export function nameOf({ name, email, externalId, phone, id }: PersonRow): string {
  return name ?? email ?? externalId ?? phone ?? id;
}

export const columns: readonly Column[] = [
  { name: 'name', min: 144, doesGrow: true, draw: (person) => nameOf(person) },
  { name: 'email', min: 160, doesGrow: true, draw: ({ email }) => email ?? none },
  { name: 'phone', min: 138, doesGrow: false, draw: ({ phone }) => phone ?? none },
  { name: 'externalId', min: 116, doesGrow: false, draw: ({ externalId }) => code(externalId) },
  { name: 'number', min: 110, doesGrow: false, draw: ({ number }) => code(String(number)) },
  { name: 'id', min: 310, doesGrow: false, draw: ({ id }) => code(id) },
  {
    ...{ name: 'status', min: 120, doesGrow: false },
    draw: ({ status }, texts) => <State tone={statusTones[status]}>{texts.status[status]}</State>,
  },
  { name: 'role', min: 104, doesGrow: false, draw: ({ role }, texts) => texts.role[role] },
  {
    ...{ name: 'clinical', min: 84, doesGrow: false },
    draw: ({ isClinicalApproved }, texts) =>
      isClinicalApproved ? <Mark label={texts.column.clinical} /> : none,
  },
  { name: 'confirmed', min: 118, doesGrow: false, draw: ({ confirmedAt }) => day(confirmedAt) },
  {
    ...{ name: 'proved', min: 118, doesGrow: false },
    draw: ({ emailProvedAt, phoneProvedAt }, texts) =>
      [
        ...(emailProvedAt === null ? [] : [texts.provedEmail]),
        ...(phoneProvedAt === null ? [] : [texts.provedPhone]),
      ].join(', ') || none,
  },
  { name: 'createdAt', min: 108, doesGrow: false, draw: ({ createdAt }) => day(createdAt) },
  {
    ...{ name: 'lastLoginAt', min: 108, doesGrow: false },
    draw: ({ lastLoginAt }) => (lastLoginAt === null ? none : <Moment at={lastLoginAt} />),
  },
];

function day(at: string | null): ReactNode {
  return at === null ? none : <Moment at={at} as="date" />;
}

function Mark({ label }: { readonly label: string }) {
  return (
    <span className="mark" role="img" aria-label={label}>
      <Icon name="check" />
    </span>
  );
}

/** The width of the column with the boxes. */
export const selectWidth = 52;

/** The least width of a row. */
export function widthOf(shown: readonly Column[]): number {
  return shown.reduce((sum, { min }) => sum + min, selectWidth);
}

const usual: readonly ColumnName[] = [
  'name',
  'email',
  'phone',
  'externalId',
  'status',
  'role',
  'createdAt',
  'lastLoginAt',
];
/** A phone has room for these: the first takes two lines. */
export const narrowColumns: readonly ColumnName[] = ['name', 'status'];
const storageName = 'roster-console-people-columns';

/** The columns of the address, else those of this browser, else the usual ones; always with the name. */
export function chosenColumns(fromAddress: string | undefined): readonly ColumnName[] {
  const text = fromAddress ?? recall(storageName) ?? '';
  const named = text.split(',');
  const chosen = columns.map(({ name }) => name).filter((name) => named.includes(name));
  if (chosen.length === 0) return usual;
  return chosen.includes('name') ? chosen : ['name', ...chosen];
}

export function rememberColumns(chosen: readonly ColumnName[]): void {
  remember(storageName, chosen.join(','));
}
