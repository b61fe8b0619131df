/** How many are selected, and what can be done with them. */
import { Button, CloseButton } from '@mantine/core';
import type { BulkAct } from '../../../src/contracts/console/shapes/bulk.ts';
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

export interface BulkBarProps {
  readonly count: number;
  readonly total: number;
  readonly isAllSelected: boolean;
  readonly onSelectAll: () => void;
  readonly onClear: () => void;
  readonly onAct: (act: BulkAct) => void;
}

export function BulkBar({ count, total, isAllSelected, onSelectAll, onClear, onAct }: BulkBarProps) {
  const texts = usePeopleTexts();
  const formats = useFormats();
  const may = useMay();
  const offered = acts.flatMap(([act, ability]) => (may(ability) ? [act] : []));
  return (
    <section className="bulk-bar" aria-label={texts.column.name}>
      <strong role="status">
        {isAllSelected ? texts.allSelected : formats.count(texts.selected, count)}
      </strong>
      {!isAllSelected && count < total && (
        <Button size="xs" variant="subtle" onClick={onSelectAll}>
          {fillText(texts.selectAll, { count: formats.number(total) })}
        </Button>
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
