/** Leads through a list whose pages have no numbers: on, back the way the reader came, and to its begin. */
import { ActionIcon } from '@mantine/core';
import { fillText, useFormats, useTexts } from '../texts/texts.tsx';
import { Icon, type IconName } from './icon.tsx';

export interface OnwardPagerProps {
  /** Items of the list that come before those shown, and how many are shown. */
  readonly offset: number;
  readonly shown: number;
  /** Null where there is no way. */
  readonly onFirst: (() => void) | null;
  readonly onPrevious: (() => void) | null;
  readonly onNext: (() => void) | null;
}

export function OnwardPager({ offset, shown, onFirst, onPrevious, onNext }: OnwardPagerProps) {
  const { pager } = useTexts();
  const formats = useFormats();
  const range = { from: formats.number(offset + 1), to: formats.number(offset + shown) };
  const step = (name: IconName, label: string, onClick: (() => void) | null) => (
    <ActionIcon
      variant="subtle"
      color="gray"
      aria-label={label}
      title={label}
      disabled={onClick === null}
      onClick={() => onClick?.()}
    >
      <Icon name={name} />
    </ActionIcon>
  );
  return (
    <nav className="pager" aria-label={pager.label}>
      {step('first', pager.first, onFirst)}
      {step('chevronLeft', pager.previous, onPrevious)}
      {shown > 0 && <span className="pager-of">{fillText(pager.range, range)}</span>}
      {step('chevronRight', pager.next, onNext)}
    </nav>
  );
}
