/** How many are selected, how all who match are, and what can be done with them. */
import { Button, CloseButton } from '@mantine/core';
import type { BulkAct } from '../../../src/contracts/console/shapes/bulk.ts';
import type { PeoplePage } from '../../../src/contracts/console/shapes/people.ts';
import type { Ability } from '../abilities.ts';
import { useMay } from '../session.tsx';
import { fillText, useFormats } from '../texts/texts.tsx';
import { usePeopleTexts } from './people-texts.ts';

/** The acts in the order of the bar, each with what the role must be able to do. */
const acts: readonly (readonly [BulkAct, Ability])[] = [
  ['resend', 'console.people.manage'],
  ['send-reset', 'console.people.manage'],
  ['end-sessions', 'console.people.manage'],
  ['unlock', 'console.people.manage'],
  ['cancel', 'console.people.manage'],
  ['reinstate', 'console.people.manage'],
  ['role', 'console.people.rights'],
  ['clinical', 'console.people.rights'],
  ['delete', 'console.erasures.manage'],
];

/** The server takes no more people in one act. */
export const selectedMax = 500;

export interface BulkBarProps {
  readonly count: number;
  /** Those who match; null while they are not known. */
  readonly found: Pick<PeoplePage, 'total' | 'isExact' | 'items'> | null;
  readonly isAllSelected: boolean;
  readonly onSelectAll: () => void;
  readonly onClear: () => void;
  readonly onAct: (act: BulkAct) => void;
}

export function BulkBar({ count, found, isAllSelected, onSelectAll, onClear, onAct }: BulkBarProps) {
  const texts = usePeopleTexts();
  const formats = useFormats();
  const may = useMay();
  const isWhole = found?.isExact === true && found.total <= selectedMax;
  const hasMore = !isAllSelected && found !== null && count < found.total;
  const offered = acts.flatMap(([act, ability]) => (may(ability) ? [act] : []));
  return (
    <section className="bulk-bar" aria-label={texts.column.name}>
      <strong role="status">
        {isAllSelected ? texts.allSelected : formats.count(texts.selected, count)}
      </strong>
      {hasMore && isWhole && (
        <Button size="xs" variant="subtle" onClick={onSelectAll}>
          {fillText(texts.selectAll, { count: formats.number(found.total) })}
        </Button>
      )}
      {hasMore && !isWhole && count >= found.items.length && (
        <span className="dim small">{fillText(texts.tooMany, { count: formats.number(selectedMax) })}</span>
      )}
      <span className="bulk-acts">
        {offered.map((act) => (
          <Button
            key={act}
            size="xs"
            variant="default"
            {...(act === 'delete' ? { c: 'red' } : {})}
            onClick={() => onAct(act)}
          >
            {texts.act[act]}
          </Button>
        ))}
      </span>
      <CloseButton size="sm" aria-label={texts.clearSelection} onClick={onClear} />
    </section>
  );
}
