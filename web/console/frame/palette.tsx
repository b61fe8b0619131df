/** The command palette: pages, and people found as one types. Its program is loaded when it is opened for the first time. */
import {
  createSpotlight,
  Spotlight,
  type SpotlightActionData,
  type SpotlightActionGroupData,
} from '@mantine/spotlight';
import { useQuery } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { useGo } from '../address.tsx';
import { call } from '../api.ts';
import { Icon } from '../parts/icon.tsx';
import { useMay } from '../session.tsx';
import { fillText, useTexts } from '../texts/texts.tsx';
import { useMyPages } from './page-of-address.ts';

const peopleMax = 6;
const settleMs = 160;

const [store, palette] = createSpotlight();

/** Chooses the first line: an answer that comes later must not leave the choice on a line further down. */
function chooseFirst(): void {
  const lines = document.getElementById(store.getState().listId)?.querySelectorAll('[data-action]') ?? [];
  for (const [index, line] of lines.entries()) {
    if (index === 0) line.setAttribute('data-selected', 'true');
    else line.removeAttribute('data-selected');
  }
  store.updateState((state) => ({ ...state, selected: lines.length === 0 ? -1 : 0 }));
}

/** What the palette reads of a page of people. */
interface PeoplePage {
  readonly items: readonly {
    readonly id: string;
    readonly name: string | null;
    readonly email: string | null;
    readonly externalId: string | null;
    readonly phone: string | null;
  }[];
}

/** The text once it has stood for a moment: a search stands in the record, so not every letter is one. */
function useSettled(text: string): string {
  const [settled, setSettled] = useState(text);
  useEffect(() => {
    const timer = window.setTimeout(() => setSettled(text), settleMs);
    return () => window.clearTimeout(timer);
  }, [text]);
  return settled;
}

export function Palette({ openedTimes }: { readonly openedTimes: number }) {
  const texts = useTexts();
  const go = useGo();
  const pages = useMyPages();
  const maySeePeople = useMay()('console.people.read');
  const [text, setText] = useState('');
  const typed = text.trim();
  const wanted = useSettled(typed);
  const isSettled = typed === wanted;

  useEffect(() => {
    if (openedTimes > 0) palette.open();
  }, [openedTimes]);

  const { data: found } = useQuery({
    queryKey: ['palette', wanted],
    queryFn: ({ signal }) =>
      call<PeoplePage>('GET', '/people', { query: { q: wanted, pageSize: peopleMax }, signal }),
    enabled: wanted !== '' && maySeePeople,
  });

  const isNamed = (name: string): boolean => name.toLowerCase().includes(typed.toLowerCase());
  const goTo: SpotlightActionData[] = pages
    .filter(({ name }) => isNamed(texts.pages[name]))
    .map(({ path, name, icon, key }) => ({
      id: path,
      label: texts.pages[name],
      leftSection: icon === undefined ? null : <Icon name={icon} />,
      rightSection: key === undefined ? null : <span className="dim">g {key}</span>,
      onClick: () => go(path),
    }));
  const people: SpotlightActionData[] =
    wanted === '' || found === undefined || !isSettled
      ? []
      : found.items.map(({ id, name, email, externalId, phone }) => ({
          id,
          label: name ?? email ?? externalId ?? id,
          description: [email, phone, externalId]
            .filter((each) => each !== null && each !== name)
            .join(' · '),
          leftSection: <Icon name="person" />,
          onClick: () => go(`/people/${id}`),
        }));
  const all: SpotlightActionData[] =
    typed === '' || !maySeePeople
      ? []
      : [
          {
            id: 'all-results',
            label: fillText(texts.palette.allResults, { text: typed }),
            leftSection: <Icon name="search" />,
            onClick: () => go('/people', { values: { q: typed } }),
          },
        ];
  const groups: SpotlightActionGroupData[] = [
    { group: texts.palette.people, actions: [...people, ...all] },
    { group: texts.palette.goTo, actions: goTo },
  ].filter(({ actions }) => actions.length > 0);

  // biome-ignore lint/correctness/useExhaustiveDependencies: another answer begins with its first line
  useEffect(() => {
    if (typed !== '') chooseFirst();
  }, [found, typed, isSettled]);

  return (
    <Spotlight
      store={store}
      actions={groups}
      filter={(_, actions) => actions}
      query={text}
      onQueryChange={setText}
      nothingFound={texts.palette.nothing}
      shortcut={null}
      lockScroll={false}
      scrollable
      maxHeight={420}
      attributes={{ content: { 'aria-label': texts.frame.palette } }}
      searchProps={{
        leftSection: <Icon name="search" />,
        placeholder: texts.palette.hint,
        'aria-label': texts.palette.hint,
      }}
    />
  );
}
