/**
 * The rows of one page, of which only those in sight are drawn. One row has the focus: arrows move it, Enter opens the person,
 * Space selects, the left and right arrow turn the page.
 */
import { Checkbox } from '@mantine/core';
import { useVirtualizer } from '@tanstack/react-virtual';
import { type KeyboardEvent, useEffect, useRef, useState } from 'react';
import type { PersonRow } from '../../../src/contracts/console/shapes/people.ts';
import { PageLink, useGo } from '../address.tsx';
import { fillText } from '../texts/texts.tsx';
import { type Column, nameOf, selectWidth, widthOf } from './columns.tsx';
import { usePeopleTexts } from './people-texts.ts';

export type PeopleOrder = 'newest' | 'oldest';

export interface PeopleTableProps {
  readonly people: readonly PersonRow[];
  readonly columns: readonly Column[];
  /** The position of the first row in the whole list, from 0, and how many rows the list has; -1 where that is not known. */
  readonly offset: number;
  readonly total: number;
  /** Whether the rows are those of the former question, while the new ones are on their way. */
  readonly isOld: boolean;
  readonly isNarrow: boolean;
  readonly canSelect: boolean;
  /** The order by the time of creation; null where the list has no other one. */
  readonly order: PeopleOrder | null;
  readonly onOrder: (order: PeopleOrder) => void;
  readonly isSelected: (id: string) => boolean;
  readonly onSelect: (ids: readonly string[], isSelected: boolean) => void;
  /** Turns to another page. */
  readonly onTurn: (pages: 1 | -1) => void;
}

const rowHeight = 38;
const narrowRowHeight = 60;

export function PeopleTable(props: PeopleTableProps) {
  const { people, columns, offset, total, isOld, isNarrow, canSelect, isSelected, onSelect, onTurn } = props;
  const { order, onOrder } = props;
  const texts = usePeopleTexts();
  const go = useGo();
  const scroller = useRef<HTMLDivElement>(null);
  const [active, setActive] = useState(0);
  const wantsFocus = useRef(false);
  const anchor = useRef<number | null>(null);

  const rows = useVirtualizer({
    count: people.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => (isNarrow ? narrowRowHeight : rowHeight),
    overscan: 8,
  });

  // biome-ignore lint/correctness/useExhaustiveDependencies: another page begins at its first row
  useEffect(() => {
    setActive(0);
    anchor.current = null;
    scroller.current?.scrollTo(0, 0);
  }, [offset, people]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: the height of every row has changed
  useEffect(() => rows.measure(), [isNarrow]);

  // The row may be drawn only after the scroll.
  useEffect(() => {
    if (!wantsFocus.current) return;
    const row = scroller.current?.querySelector<HTMLElement>(`[data-index="${active}"]`);
    if (row === null || row === undefined) return;
    wantsFocus.current = false;
    row.focus({ preventScroll: true });
  });

  const moveTo = (index: number): void => {
    const within = Math.min(Math.max(0, index), people.length - 1);
    wantsFocus.current = true;
    setActive(within);
    rows.scrollToIndex(within);
  };

  const select = (index: number, isExtended: boolean): void => {
    const person = people[index];
    if (person === undefined || !canSelect) return;
    const wanted = !isSelected(person.id);
    const from = isExtended ? (anchor.current ?? index) : index;
    const range = people.slice(Math.min(from, index), Math.max(from, index) + 1);
    anchor.current = index;
    onSelect(
      range.map(({ id }) => id),
      wanted,
    );
  };

  const onKeyDown = (event: KeyboardEvent, index: number): void => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const page = Math.max(1, Math.floor((scroller.current?.clientHeight ?? 400) / rowHeight) - 2);
    const moves: Readonly<Record<string, number>> = {
      ArrowDown: index + 1,
      ArrowUp: index - 1,
      PageDown: index + page,
      PageUp: index - page,
      Home: 0,
      End: people.length - 1,
    };
    const target = moves[event.key];
    const person = people[index];
    if (target !== undefined) moveTo(target);
    else if (event.key === 'Enter' && person !== undefined && event.target === event.currentTarget) {
      go(`/people/${person.id}`);
    } else if (event.key === ' ' && event.target === event.currentTarget) select(index, event.shiftKey);
    else if (event.key === 'ArrowRight') onTurn(1);
    else if (event.key === 'ArrowLeft') onTurn(-1);
    else return;
    event.preventDefault();
  };

  const selectedHere = people.filter(({ id }) => isSelected(id)).length;
  const virtual = rows.getVirtualItems();
  const above = virtual[0]?.start ?? 0;
  const below = rows.getTotalSize() - (virtual.at(-1)?.end ?? 0);
  const minWidth = isNarrow ? 0 : widthOf(columns);

  return (
    <div className={isOld ? 'table-scroll is-old' : 'table-scroll'} ref={scroller} aria-busy={isOld}>
      <table
        // biome-ignore lint/a11y/noNoninteractiveElementToInteractiveRole: the rows of a grid take the focus
        role="grid"
        aria-label={texts.table}
        aria-multiselectable
        aria-rowcount={total < 0 ? -1 : total + 1}
        className="table"
        style={{ minWidth }}
      >
        <colgroup>
          <col style={{ width: selectWidth }} />
          {columns.map(({ name, min, doesGrow }) => (
            <col key={name} {...(doesGrow || isNarrow ? {} : { style: { width: min } })} />
          ))}
        </colgroup>
        <thead>
          <tr aria-rowindex={1}>
            <th scope="col" className="cell-select">
              <Checkbox
                size="xs"
                disabled={!canSelect}
                aria-label={texts.selectPage}
                checked={people.length > 0 && selectedHere === people.length}
                indeterminate={selectedHere > 0 && selectedHere < people.length}
                onChange={(event) =>
                  onSelect(
                    people.map(({ id }) => id),
                    event.currentTarget.checked,
                  )
                }
              />
            </th>
            {columns.map(({ name }) =>
              name === 'createdAt' && order !== null ? (
                <th key={name} scope="col" aria-sort={order === 'oldest' ? 'ascending' : 'descending'}>
                  <button
                    type="button"
                    className="sort"
                    title={order === 'oldest' ? texts.newestFirst : texts.oldestFirst}
                    onClick={() => onOrder(order === 'oldest' ? 'newest' : 'oldest')}
                  >
                    {texts.column[name]} <span aria-hidden="true">{order === 'oldest' ? '↑' : '↓'}</span>
                  </button>
                </th>
              ) : (
                <th key={name} scope="col">
                  {texts.column[name]}
                </th>
              ),
            )}
          </tr>
        </thead>
        <tbody>
          {above > 0 && <Gap height={above} />}
          {virtual.map(({ index, size }) => {
            const person = people[index];
            if (person === undefined) return null;
            const name = nameOf(person);
            const isChosen = isSelected(person.id);
            return (
              <tr
                key={person.id}
                data-index={index}
                aria-rowindex={offset + index + 2}
                aria-selected={isChosen}
                tabIndex={index === active ? 0 : -1}
                className={isChosen ? 'is-selected' : ''}
                style={{ height: size }}
                onFocus={() => setActive(index)}
                onKeyDown={(event) => onKeyDown(event, index)}
                onClick={(event) => {
                  if (isControl(event.target) || window.getSelection()?.isCollapsed === false) return;
                  if (event.shiftKey) select(index, true);
                  else go(`/people/${person.id}`);
                }}
              >
                <td className="cell-select">
                  <Checkbox
                    size="xs"
                    tabIndex={-1}
                    disabled={!canSelect}
                    aria-label={fillText(texts.selectRow, { name })}
                    checked={isChosen}
                    onChange={() => select(index, false)}
                  />
                </td>
                {columns.map((column) => (
                  <td key={column.name}>
                    {column.name === 'name' ? (
                      <NameCell person={person} isNarrow={isNarrow} />
                    ) : (
                      column.draw(person, texts)
                    )}
                  </td>
                ))}
              </tr>
            );
          })}
          {below > 0 && <Gap height={below} />}
        </tbody>
      </table>
    </div>
  );
}

/** Stands for the rows that are not drawn. */
function Gap({ height }: { readonly height: number }) {
  // biome-ignore lint/a11y/noAriaHiddenOnFocusable: this row takes no focus
  return <tr aria-hidden="true" className="gap" style={{ height }} />;
}

function NameCell({ person, isNarrow }: { readonly person: PersonRow; readonly isNarrow: boolean }) {
  const name = nameOf(person);
  const second = [person.email, person.phone, person.externalId].find(
    (each) => each !== null && each !== name,
  );
  return (
    <span className="name-cell">
      <PageLink to={`/people/${person.id}`} className="name-link" tabIndex={-1}>
        {name}
      </PageLink>
      {isNarrow && <span className="dim">{second ?? person.id}</span>}
    </span>
  );
}

function isControl(target: EventTarget): boolean {
  return target instanceof Element && target.closest('a, button, input, label') !== null;
}
