/**
 * The table of people: search, filters, columns, any page by its number, and acts on those who are selected. What it shows
 * stands in the address, so that it can be shared and the way back leads to the same rows.
 */
import '../styles/people.css';
import { Alert, Button, CloseButton, NativeSelect, TextInput } from '@mantine/core';
import { useMediaQuery } from '@mantine/hooks';
import { keepPreviousData, useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect, useMemo, useRef, useState } from 'react';
import type { BulkAct, BulkPlan, BulkSelection } from '../../../src/contracts/console/shapes/bulk.ts';
import type { PeoplePage } from '../../../src/contracts/console/shapes/people.ts';
import { type AddressValues, useAddressValues, useSetValues, useWayBack } from '../address.tsx';
import { ApiProblem, call } from '../api.ts';
import { Icon } from '../parts/icon.tsx';
import { isTyping } from '../parts/keys.ts';
import { Loading } from '../parts/loading.tsx';
import { OnwardPager } from '../parts/onward-pager.tsx';
import { PageHead } from '../parts/page-head.tsx';
import { Pager, useLastPage } from '../parts/pager.tsx';
import { useToasts } from '../parts/toasts.tsx';
import { useMay } from '../session.tsx';
import { fillText, useFormats, useTexts } from '../texts/texts.tsx';
import { BulkDialog, type BulkWork, bulkKey, LeftActs } from './bulk.tsx';
import { BulkBar, selectedMax } from './bulk-bar.tsx';
import { chosenColumns, columns, narrowColumns, rememberColumns } from './columns.tsx';
import { ColumnsMenu } from './columns-menu.tsx';
import { ExportDialog } from './export-dialog.tsx';
import { FilterButton, FilterMarks, withoutFilters } from './filters.tsx';
import {
  afterOf,
  filtersOf,
  isOldestFirst,
  isSortable,
  pageOf,
  pageSizeOf,
  pageSizes,
  searchOf,
} from './people-query.ts';
import { PeopleTable } from './people-table.tsx';
import { usePeopleTexts } from './people-texts.ts';
import { SearchProblem } from './search-problem.tsx';
import { ViewsMenu } from './views.tsx';

const searchDelayMs = 120;

/** Asks for the page that is shown, and for no other ahead: each page stands in the record as a look at its people. */
function askPage(values: AddressValues, page: number) {
  const order = isOldestFirst(values) ? { sort: 'oldest' } : {};
  const after = afterOf(values);
  const place = after === undefined ? { page } : { after };
  const query = { ...searchOf(values), ...order, ...place, pageSize: pageSizeOf(values) };
  return {
    queryKey: ['people', 'page', query] as const,
    queryFn: ({ signal }: { signal: AbortSignal }) => call<PeoplePage>('GET', '/people', { query, signal }),
  };
}

export function Page() {
  const texts = usePeopleTexts();
  const { pages, pager } = useTexts();
  const formats = useFormats();
  const queries = useQueryClient();
  const may = useMay();
  const mayAct = may('console.people.many');
  const { tell } = useToasts();
  const values = useAddressValues();
  const setValues = useSetValues();
  const isNarrow = useMediaQuery('(max-width: 800px)') ?? false;
  const page = pageOf(values);
  const { data, error, isPlaceholderData, refetch } = useQuery({
    ...askPage(values, page),
    placeholderData: keepPreviousData,
  });
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set());
  const [isAllSelected, setIsAllSelected] = useState(false);
  const [work, setWork] = useState<BulkWork | null>(null);
  const [found, setFound] = useState<BulkPlan | null>(null);
  const [isExporting, setIsExporting] = useState(false);

  // The selection is of what was found: another question begins without one.
  const searchText = JSON.stringify(searchOf(values));
  const [selectedIn, setSelectedIn] = useState(searchText);
  if (selectedIn !== searchText) {
    setSelectedIn(searchText);
    setSelected(new Set());
    setIsAllSelected(false);
  }

  const shownColumns = useMemo(() => {
    const names = isNarrow ? narrowColumns : chosenColumns(values['columns']);
    return columns.filter(({ name }) => names.includes(name));
  }, [isNarrow, values]);

  const change = (changes: Readonly<Record<string, string | undefined>>): void =>
    setValues({ ...changes, page: undefined, after: undefined });
  const turnTo = (wanted: number): void =>
    setValues({ page: wanted === 1 ? undefined : String(wanted), after: undefined });
  // A list that is not counted to its end goes on from place to place.
  const after = afterOf(values);
  const next = data?.next ?? null;
  const isOnward = after !== undefined || (next !== null && data?.isExact === false);
  const wayBack = useWayBack();
  const goOn =
    isOnward && next !== null && !isPlaceholderData
      ? () => setValues({ page: undefined, after: next }, { isOnward: true })
      : null;

  const isBehind = useLastPage(isPlaceholderData ? undefined : data, page, (last) =>
    setValues({ page: String(last) }, { isReplaced: true }),
  );

  const total =
    data === undefined
      ? error === null
        ? texts.counting
        : ''
      : formats.count(data.isExact ? texts.total : texts.atLeast, data.total);
  const isFiltered = filtersOf(values).length > 0 || (values['q'] ?? '') !== '';
  const isLost = error instanceof ApiProblem && error.fields['after'] !== undefined;
  const isEmpty = data !== undefined && data.items.length === 0 && !isPlaceholderData && !isBehind;
  const isPart = isOnward && (goOn !== null || (data?.total ?? 0) > 0);
  const selection: BulkSelection = isAllSelected ? { query: searchOf(values) } : { ids: [...selected] };

  return (
    <div className="people">
      <PageHead title={pages.people} note={<span role="status">{total}</span>}>
        {may('console.people.export') && (
          <Button
            variant="default"
            leftSection={<Icon name="download" />}
            disabled={data === undefined || isPlaceholderData || (data.total === 0 && data.isExact)}
            onClick={() => setIsExporting(true)}
          >
            {texts.export.button}
          </Button>
        )}
        <ViewsMenu values={values} />
        {!isNarrow && (
          <ColumnsMenu
            chosen={chosenColumns(values['columns'])}
            onChange={(chosen) => {
              rememberColumns(chosen);
              setValues({ columns: chosen.join(',') }, { isReplaced: true });
            }}
          />
        )}
      </PageHead>
      <div className="people-tools">
        <SearchField text={values['q'] ?? ''} onChange={(q) => change({ q })} />
        <FilterButton values={values} onChange={change} />
      </div>
      <FilterMarks values={values} onChange={change} />
      {data?.isMasked === true && (
        <Alert color="gray" variant="light" icon={<Icon name="eye" />} className="masked-note">
          {texts.masked}
        </Alert>
      )}
      {mayAct && <LeftActs onGoOn={setFound} />}
      <SearchProblem
        error={error}
        onRetry={() => (isLost ? turnTo(1) : void refetch())}
        onRemoveFilters={() => change({ ...withoutFilters, q: undefined })}
      />
      {((data === undefined && error === null) || isBehind) && <Loading />}
      {isEmpty && !isPart && (
        <EmptyNote
          isFiltered={isFiltered}
          onRemoveFilters={() => change({ ...withoutFilters, q: undefined })}
        />
      )}
      {isEmpty && isPart && (
        <div className="notice">
          <h2>{texts.noneSoFar}</h2>
        </div>
      )}
      {data !== undefined && !isEmpty && !isBehind && (
        <PeopleTable
          people={data.items}
          columns={shownColumns}
          offset={data.offset}
          total={data.isExact ? data.total : -1}
          isOld={isPlaceholderData}
          isNarrow={isNarrow}
          canSelect={mayAct}
          order={isSortable(values) ? (isOldestFirst(values) ? 'oldest' : 'newest') : null}
          onOrder={(order) => change({ sort: order === 'oldest' ? order : undefined })}
          isSelected={(id) => isAllSelected || selected.has(id)}
          onSelect={(ids, isChosen) => {
            const next = new Set(isAllSelected ? data.items.map(({ id }) => id) : selected);
            for (const id of ids) {
              if (isChosen) next.add(id);
              else next.delete(id);
            }
            if (next.size > selectedMax) {
              tell(fillText(texts.tooMany, { count: formats.number(selectedMax) }));
              return;
            }
            setSelected(next);
            setIsAllSelected(false);
          }}
          onTurn={(pagesOn) => {
            const wanted = page + pagesOn;
            if (isOnward) (pagesOn === 1 ? goOn : wayBack)?.();
            else if (wanted >= 1 && wanted <= data.pages) turnTo(wanted);
          }}
        />
      )}
      {data !== undefined && data.progress !== null && goOn !== null && (
        <p className="people-progress" role="status">
          {fillText(texts.looked, {
            looked: formats.number(data.progress.looked),
            all: formats.number(data.progress.all),
          })}
          <Button size="xs" variant="default" onClick={goOn}>
            {texts.goOn}
          </Button>
        </p>
      )}
      {data !== undefined && (!isEmpty || isOnward) && !isBehind && (
        <footer className="people-foot">
          {!isNarrow && <span className="dim small keys-hint">{texts.keys}</span>}
          <NativeSelect
            size="xs"
            aria-label={pager.size}
            value={String(pageSizeOf(values))}
            data={pageSizes.map((size) => ({ value: String(size), label: `${size}` }))}
            onChange={(event) => change({ size: event.currentTarget.value })}
          />
          {isOnward ? (
            <OnwardPager
              offset={data.offset}
              shown={data.items.length}
              onFirst={after === undefined && page === 1 ? null : () => turnTo(1)}
              onPrevious={wayBack}
              onNext={goOn}
            />
          ) : (
            <Pager page={page} pages={data.pages} onPage={turnTo} />
          )}
        </footer>
      )}
      {(selected.size > 0 || isAllSelected) && (
        <BulkBar
          count={isAllSelected ? (data?.total ?? 0) : selected.size}
          found={
            data === undefined || isPlaceholderData
              ? null
              : { ...data, isExact: data.isExact && after === undefined }
          }
          isAllSelected={isAllSelected}
          onSelectAll={() => setIsAllSelected(true)}
          onClear={() => {
            setSelected(new Set());
            setIsAllSelected(false);
          }}
          onAct={(act: BulkAct) => setWork({ act, selection })}
        />
      )}
      {isExporting && data !== undefined && (
        <ExportDialog query={searchOf(values)} found={data} onClose={() => setIsExporting(false)} />
      )}
      {(work !== null || found !== null) && (
        <BulkDialog
          work={work}
          found={found}
          onClose={(isChanged) => {
            setWork(null);
            setFound(null);
            void queries.invalidateQueries({ queryKey: bulkKey });
            if (!isChanged) return;
            setSelected(new Set());
            setIsAllSelected(false);
            void queries.invalidateQueries({ queryKey: ['people'] });
          }}
        />
      )}
    </div>
  );
}

/** The field waits until the reader pauses, so that not every letter becomes a step of the history. */
function SearchField({
  text,
  onChange,
}: {
  readonly text: string;
  readonly onChange: (text: string) => void;
}) {
  const texts = usePeopleTexts();
  const [typed, setTyped] = useState(text);
  const field = useRef<HTMLInputElement>(null);
  const timer = useRef(0);
  const sent = useRef(text);

  useEffect(() => {
    if (text === sent.current) return;
    sent.current = text;
    setTyped(text);
  }, [text]);

  const send = (wanted: string): void => {
    window.clearTimeout(timer.current);
    if (wanted.trim() === sent.current) return;
    sent.current = wanted.trim();
    onChange(wanted.trim());
  };

  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent): void => {
      if (event.key !== '/' || event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target))
        return;
      event.preventDefault();
      field.current?.focus();
      field.current?.select();
    };
    document.addEventListener('keydown', onKeyDown);
    return () => document.removeEventListener('keydown', onKeyDown);
  }, []);

  return (
    <TextInput
      ref={field}
      type="search"
      className="people-search"
      aria-label={texts.search}
      placeholder={texts.searchHint}
      leftSection={<Icon name="search" />}
      spellCheck={false}
      autoComplete="off"
      value={typed}
      onChange={(event) => {
        const wanted = event.currentTarget.value;
        setTyped(wanted);
        window.clearTimeout(timer.current);
        timer.current = window.setTimeout(() => send(wanted), searchDelayMs);
      }}
      onKeyDown={(event) => {
        if (event.key === 'Enter') send(typed);
        if (event.key === 'Enter' || event.key === 'ArrowDown') {
          event.preventDefault();
          document.querySelector<HTMLElement>('.table tbody [tabindex="0"]')?.focus();
        }
        if (event.key === 'Escape' && typed !== '') {
          event.preventDefault();
          setTyped('');
          send('');
        }
      }}
      rightSection={
        typed === '' ? null : (
          <CloseButton
            size="sm"
            aria-label={texts.clearSearch}
            onClick={() => {
              setTyped('');
              send('');
              field.current?.focus();
            }}
          />
        )
      }
    />
  );
}

function EmptyNote({
  isFiltered,
  onRemoveFilters,
}: {
  readonly isFiltered: boolean;
  readonly onRemoveFilters: () => void;
}) {
  const texts = usePeopleTexts();
  if (!isFiltered) {
    return (
      <div className="notice">
        <h2>{texts.empty}</h2>
        <p>{texts.emptyHint}</p>
        <code className="line-to-copy">npx roster demo --users 1000</code>
      </div>
    );
  }
  return (
    <div className="notice">
      <h2>{texts.nothing}</h2>
      <p>{texts.nothingHint}</p>
      <Button variant="default" onClick={onRemoveFilters}>
        {texts.removeFilters}
      </Button>
    </div>
  );
}
