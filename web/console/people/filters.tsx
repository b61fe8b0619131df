/** The filters of the table: a form that opens from a button, and a mark for each filter that is set. */
import { Button, NativeSelect, Popover, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { call } from '../api.ts';
import { Icon } from '../parts/icon.tsx';
import { useMay } from '../session.tsx';
import { fillText, useFormats, useTexts } from '../texts/texts.tsx';
import { type FilterName, filterNames, filtersOf } from './people-query.ts';
import { usePeopleTexts } from './people-texts.ts';

export interface FiltersProps {
  readonly values: Readonly<Record<string, string>>;
  readonly onChange: (changes: Readonly<Record<string, string | undefined>>) => void;
}

interface Choice {
  readonly value: string;
  readonly label: string;
}

/** What each filter may be; a filter without choices is typed. */
function useChoices(): Readonly<Partial<Record<FilterName, readonly Choice[]>>> {
  const texts = usePeopleTexts();
  const { yes, no } = useTexts();
  const mayKeys = useMay()('console.keys.manage');
  const { data: apps } = useQuery({
    queryKey: ['apps', 'names'],
    queryFn: () =>
      call<{ readonly items: readonly { readonly id: string; readonly name: string }[] }>('GET', '/apps'),
    enabled: mayKeys,
    retry: false,
    staleTime: 300_000,
  });
  const yesOrNo = [
    { value: 'yes', label: yes },
    { value: 'no', label: no },
  ];
  const named = (names: Readonly<Record<string, string>>): readonly Choice[] =>
    Object.entries(names).map(([value, label]) => ({ value, label }));
  return {
    ...{ status: named(texts.status), role: named(texts.role) },
    ...{ confirmed: yesOrNo, proved: yesOrNo, clinical: yesOrNo },
    ...(apps === undefined ? {} : { appId: apps.items.map(({ id, name }) => ({ value: id, label: name })) }),
  };
}

const days: ReadonlySet<string> = new Set(['createdFrom', 'createdTo', 'seenFrom', 'seenTo']);

export function FilterButton({ values, onChange }: FiltersProps) {
  const texts = usePeopleTexts();
  const choices = useChoices();
  const [isOpen, setIsOpen] = useState(false);
  const count = filtersOf(values).length;
  return (
    <Popover opened={isOpen} onChange={setIsOpen} position="bottom-start" trapFocus withRoles>
      <Popover.Target>
        <Button
          variant="default"
          leftSection={<Icon name="filter" />}
          onClick={() => setIsOpen((before) => !before)}
          {...(count === 0 ? {} : { rightSection: <span className="count">{count}</span> })}
        >
          {texts.filters}
        </Button>
      </Popover.Target>
      <Popover.Dropdown aria-label={texts.filters}>
        <div className="filter-form">
          {filterNames.map((name) => {
            const options = choices[name];
            const common = { label: texts.filter[name], value: values[name] ?? '', size: 'xs' } as const;
            if (options !== undefined) {
              return (
                <NativeSelect
                  key={name}
                  {...common}
                  data={[{ value: '', label: texts.any }, ...options]}
                  onChange={(event) => onChange({ [name]: event.currentTarget.value })}
                />
              );
            }
            if (name === 'appId') return null;
            return (
              <TextInput
                key={name}
                {...common}
                type={days.has(name) ? 'date' : 'text'}
                {...(name === 'provider' ? { placeholder: texts.providerHint } : {})}
                onChange={(event) => onChange({ [name]: event.currentTarget.value })}
              />
            );
          })}
        </div>
        {count > 0 && (
          <Button variant="subtle" size="xs" onClick={() => onChange(withoutFilters)}>
            {texts.removeFilters}
          </Button>
        )}
      </Popover.Dropdown>
    </Popover>
  );
}

export const withoutFilters: Readonly<Record<FilterName, undefined>> = Object.fromEntries(
  filterNames.map((name) => [name, undefined]),
) as Record<FilterName, undefined>;

/** The filters that are set, each with a button to remove it. */
export function FilterMarks({ values, onChange }: FiltersProps) {
  const texts = usePeopleTexts();
  const formats = useFormats();
  const choices = useChoices();
  const set = filtersOf(values);
  if (set.length === 0) return null;
  return (
    <ul className="filter-marks">
      {set.map(({ name, value }) => {
        const label = choices[name]?.find((choice) => choice.value === value)?.label;
        const shown =
          label ?? (days.has(name) && /^\d{4}-\d\d-\d\d$/.test(value) ? formats.day(value) : value);
        return (
          <li key={name} className="filter-mark">
            <span className="dim">{texts.filter[name]}</span> {shown}
            <button
              type="button"
              aria-label={fillText(texts.removeFilter, { name: texts.filter[name] })}
              onClick={() => onChange({ [name]: undefined })}
            >
              <Icon name="close" size={12} />
            </button>
          </li>
        );
      })}
    </ul>
  );
}
