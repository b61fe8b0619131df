/** Saved views: a name for what an address shows. They are stored in this browser alone. */
import { ActionIcon, Button, Popover, TextInput } from '@mantine/core';
import { useState } from 'react';
import { type AddressValues, PageLink } from '../address.tsx';
import { Icon } from '../parts/icon.tsx';
import { useToasts } from '../parts/toasts.tsx';
import { fillText, recall, remember, useTexts } from '../texts/texts.tsx';
import { usePeopleTexts } from './people-texts.ts';

interface SavedView {
  readonly name: string;
  readonly values: AddressValues;
}

const storageName = 'roster-console-people-views';
const viewsMax = 30;
const nameMax = 60;

function readViews(): readonly SavedView[] {
  try {
    const stored: unknown = JSON.parse(recall(storageName) ?? '[]');
    return Array.isArray(stored) ? stored.filter(isView) : [];
  } catch {
    return [];
  }
}

function isView(value: unknown): value is SavedView {
  if (typeof value !== 'object' || value === null) return false;
  const { name, values } = value as Partial<SavedView>;
  return (
    typeof name === 'string' &&
    typeof values === 'object' &&
    values !== null &&
    Object.values(values).every((each) => typeof each === 'string')
  );
}

export function ViewsMenu({ values }: { readonly values: AddressValues }) {
  const texts = usePeopleTexts();
  const { save } = useTexts();
  const { tell } = useToasts();
  const [views, setViews] = useState(readViews);
  const [name, setName] = useState('');
  const [isOpen, setIsOpen] = useState(false);
  const store = (next: readonly SavedView[]): void => {
    setViews(next);
    remember(storageName, JSON.stringify(next));
  };
  const add = (): void => {
    const wanted = name.trim();
    if (wanted === '') return;
    const { page: _, after: __, ...kept } = values;
    const others = views.filter((view) => view.name !== wanted);
    store([...others, { name: wanted, values: kept }].slice(-viewsMax));
    setName('');
    setIsOpen(false);
    tell(texts.viewSaved);
  };
  return (
    <Popover opened={isOpen} onChange={setIsOpen} width={280} position="bottom-end" trapFocus withRoles>
      <Popover.Target>
        <Button
          variant="default"
          leftSection={<Icon name="bookmark" />}
          onClick={() => setIsOpen((before) => !before)}
        >
          {texts.views}
        </Button>
      </Popover.Target>
      <Popover.Dropdown aria-label={texts.views}>
        <ul className="view-list">
          <li>
            <PageLink to="/people">{texts.everyone}</PageLink>
          </li>
          {views.map((view) => (
            <li key={view.name}>
              <PageLink to="/people" values={view.values}>
                {view.name}
              </PageLink>
              <ActionIcon
                variant="subtle"
                color="gray"
                size="sm"
                aria-label={fillText(texts.removeView, { name: view.name })}
                onClick={() => store(views.filter((each) => each !== view))}
              >
                <Icon name="close" size={12} />
              </ActionIcon>
            </li>
          ))}
        </ul>
        <form
          className="view-form"
          onSubmit={(event) => {
            event.preventDefault();
            add();
          }}
        >
          <TextInput
            size="xs"
            aria-label={texts.viewName}
            placeholder={texts.viewName}
            value={name}
            maxLength={nameMax}
            onChange={(event) => setName(event.currentTarget.value)}
          />
          <Button type="submit" size="xs" disabled={name.trim() === ''} title={texts.saveView}>
            {save}
          </Button>
        </form>
      </Popover.Dropdown>
    </Popover>
  );
}
