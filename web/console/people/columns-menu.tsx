/** Chooses the columns of the table. */
import { Button, Checkbox, Popover } from '@mantine/core';
import { useState } from 'react';
import { Icon } from '../parts/icon.tsx';
import { type ColumnName, columns } from './columns.tsx';
import { usePeopleTexts } from './people-texts.ts';

export interface ColumnsMenuProps {
  readonly chosen: readonly ColumnName[];
  readonly onChange: (chosen: readonly ColumnName[]) => void;
}

export function ColumnsMenu({ chosen, onChange }: ColumnsMenuProps) {
  const texts = usePeopleTexts();
  const [isOpen, setIsOpen] = useState(false);
  return (
    <Popover opened={isOpen} onChange={setIsOpen} position="bottom-end" trapFocus withRoles>
      <Popover.Target>
        <Button
          variant="default"
          leftSection={<Icon name="columns" />}
          onClick={() => setIsOpen((before) => !before)}
        >
          {texts.columns}
        </Button>
      </Popover.Target>
      <Popover.Dropdown aria-label={texts.columns}>
        <div className="columns-form">
          {columns.map(({ name }) => (
            <Checkbox
              key={name}
              label={texts.column[name]}
              checked={chosen.includes(name)}
              disabled={name === 'name'}
              onChange={(event) =>
                onChange(
                  event.currentTarget.checked ? [...chosen, name] : chosen.filter((each) => each !== name),
                )
              }
            />
          ))}
        </div>
        <p className="dim small">{texts.columnsHint}</p>
      </Popover.Dropdown>
    </Popover>
  );
}
