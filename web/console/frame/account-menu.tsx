/** Who the reader is, the theme, the language, and the way out. */
import { Button, Popover, SegmentedControl, UnstyledButton, useMantineColorScheme } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { PageLink, useGo } from '../address.tsx';
import { call } from '../api.ts';
import { tellOtherTabs } from '../other-tabs.ts';
import { Icon } from '../parts/icon.tsx';
import { useToasts } from '../parts/toasts.tsx';
import { sessionKey, useSession } from '../session.tsx';
import { type Language, languages, useSpeech, useTexts } from '../texts/texts.tsx';

export function AccountMenu() {
  const texts = useTexts();
  const { staff } = useSession();
  const queries = useQueryClient();
  const go = useGo();
  const { tellProblem } = useToasts();
  const signOut = async (): Promise<void> => {
    try {
      await call('DELETE', '/session');
    } catch (error) {
      tellProblem(error);
      return;
    }
    tellOtherTabs();
    queries.clear();
    queries.setQueryData(sessionKey, null);
    go('/sign-in');
  };
  return (
    <div className="account">
      <Popover position="top-start" width={248} trapFocus withRoles>
        <Popover.Target>
          <UnstyledButton className="account-button" title={texts.frame.account}>
            <span className="avatar" aria-hidden="true">
              {(staff.name || staff.email).slice(0, 1).toUpperCase()}
            </span>
            <span className="account-names">
              <strong>{staff.name || staff.email}</strong>
              <span>{texts.roles[staff.role]}</span>
            </span>
            <Icon name="chevronDown" size={14} />
          </UnstyledButton>
        </Popover.Target>
        <Popover.Dropdown aria-label={texts.frame.account}>
          <div className="account-panel">
            <p className="dim small">{staff.email}</p>
            <PageLink to="/account">{texts.pages.account}</PageLink>
            <Appearance />
            <Button
              variant="default"
              size="xs"
              leftSection={<Icon name="signOut" />}
              onClick={() => void signOut()}
            >
              {texts.frame.signOut}
            </Button>
          </div>
        </Popover.Dropdown>
      </Popover>
    </div>
  );
}

const themeIcons = { light: 'light', dark: 'dark', auto: 'system' } as const;

/** The theme and the language. */
export function Appearance() {
  const { frame } = useTexts();
  const { language, setLanguage } = useSpeech();
  // Without this, Mantine stops the transitions with a style tag, which the content security policy refuses.
  const { colorScheme, setColorScheme } = useMantineColorScheme({ keepTransitions: true });
  return (
    <div className="appearance">
      <SegmentedControl
        size="xs"
        fullWidth
        aria-label={frame.theme}
        value={colorScheme}
        onChange={(value) => setColorScheme(value as keyof typeof themeIcons)}
        data={(['light', 'dark', 'auto'] as const).map((value) => ({
          value,
          label: (
            <span className="appearance-choice" title={frame.themes[value]}>
              <Icon name={themeIcons[value]} size={14} />
              <span className="hidden">{frame.themes[value]}</span>
            </span>
          ),
        }))}
      />
      <SegmentedControl
        size="xs"
        fullWidth
        aria-label={frame.language}
        value={language}
        onChange={(value) => setLanguage(value as Language)}
        data={Object.entries(languages).map(([value, label]) => ({
          value,
          label: <span lang={value}>{label}</span>,
        }))}
      />
    </div>
  );
}
