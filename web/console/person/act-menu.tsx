/** All acts of the page in one menu. An act that is refused stays there, with the reason. */
import { Button, Menu } from '@mantine/core';
import type { Person } from '../../../src/contracts/console/shapes/people.ts';
import { Icon, type IconName } from '../parts/icon.tsx';
import { useFormats } from '../texts/texts.tsx';
import { type OpenAct, refusalText } from './acts.ts';
import { usePersonTexts } from './person-texts.ts';

type MenuAct = Exclude<OpenAct['act'], 'reveal'>;

const groups: readonly (readonly { readonly act: MenuAct; readonly icon: IconName }[])[] = [
  [
    { act: 'edit', icon: 'edit' },
    { act: 'rename', icon: 'link' },
    { act: 'role', icon: 'shield' },
    { act: 'clinical', icon: 'check' },
  ],
  [
    { act: 'resend', icon: 'mail' },
    { act: 'send-reset', icon: 'key' },
    { act: 'confirm', icon: 'staff' },
    { act: 'unlock', icon: 'unlock' },
    { act: 'end-sessions', icon: 'signOut' },
  ],
  [
    { act: 'cancel', icon: 'stop' },
    { act: 'reinstate', icon: 'refresh' },
    { act: 'export', icon: 'download' },
    { act: 'delete', icon: 'trash' },
  ],
];

export interface ActMenuProps {
  readonly person: Person;
  readonly onOpen: (open: OpenAct) => void;
}

export function ActMenu({ person, onOpen }: ActMenuProps) {
  const texts = usePersonTexts();
  const formats = useFormats();
  return (
    <Menu width={300} withinPortal={false} withInitialFocusPlaceholder={false}>
      <Menu.Target>
        <Button variant="default" rightSection={<Icon name="chevronDown" size={14} />}>
          {texts.acts}
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        {groups.map((group, index) => (
          <div key={group[0]?.act} role="none">
            {index > 0 && <Menu.Divider />}
            {group.map(({ act, icon }) => {
              const refusal = refusalText(person.acts[act], texts, formats);
              return (
                <Menu.Item
                  key={act}
                  leftSection={<Icon name={icon} />}
                  aria-disabled={refusal !== null}
                  {...(refusal === null ? {} : { 'data-refused': true, closeMenuOnClick: false })}
                  {...(act === 'delete' && refusal === null ? { color: 'red' } : {})}
                  onClick={() => {
                    if (refusal === null) onOpen({ act });
                  }}
                >
                  {texts.act[act]}
                  {refusal !== null && <span className="menu-refusal">{refusal}</span>}
                </Menu.Item>
              );
            })}
          </div>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}

/** A button for one act inside a part of the page; where it is refused, only the menu has it, with the reason. */
export function ActButton({
  act,
  person,
  onOpen,
  isPrimary = false,
  size = 'xs',
}: ActMenuProps & { readonly act: MenuAct; readonly isPrimary?: boolean; readonly size?: 'xs' | 'sm' }) {
  const texts = usePersonTexts();
  const formats = useFormats();
  const refusal = refusalText(person.acts[act], texts, formats);
  if (refusal !== null) return null;
  return (
    <Button size={size} variant={isPrimary ? 'filled' : 'default'} onClick={() => onOpen({ act })}>
      {texts.act[act]}
    </Button>
  );
}
