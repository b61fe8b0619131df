/** How many are selected, and what can be done with them. */
import { Button, CloseButton } from '@mantine/core';
import type { BulkAct } from '../../../src/contracts/console/shapes/people.ts';
import { fillText, useFormats } from '../texts/texts.tsx';
import { usePeopleTexts } from './people-texts.ts';

const acts: readonly BulkAct[] = ['resend', 'send-reset', 'end-sessions', 'unlock', 'cancel', 'reinstate'];

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
        {acts.map((act) => (
          <Button key={act} size="xs" variant="default" onClick={() => onAct(act)}>
            {texts.act[act]}
          </Button>
        ))}
      </span>
      <CloseButton size="sm" aria-label={texts.clearSelection} onClick={onClear} />
    </section>
  );
}
