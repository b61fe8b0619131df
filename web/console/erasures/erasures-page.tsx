/** The list of erasures: what is overdue on top, found by the id of the person, and the check of a receipt. */
import '../styles/lists.css';
import { Alert, NativeSelect, TextInput } from '@mantine/core';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import type { ErasureItem, ErasuresAnswer } from '../../../src/contracts/console/shapes/erasures.ts';
import { PageLink, useAddressValues, useSetValues } from '../address.tsx';
import { call } from '../api.ts';
import { Icon } from '../parts/icon.tsx';
import { Loading } from '../parts/loading.tsx';
import { Moment } from '../parts/moment.tsx';
import { PageHead } from '../parts/page-head.tsx';
import { Pager, useLastPage } from '../parts/pager.tsx';
import { State } from '../parts/panel.tsx';
import { Problem, useFieldProblems } from '../parts/problem.tsx';
import { pageOf } from '../people/people-query.ts';
import { fillText, useFormats, useTexts } from '../texts/texts.tsx';
import { useWords, wordOf } from '../texts/words.ts';
import { tones } from './erasure-state.ts';
import { useErasureTexts } from './erasures-texts.ts';
import { VerifyPanel } from './verify-panel.tsx';

const stateNames = ['overdue', 'running', 'complete'] as const;
/** Open erasures change by themselves. */
const lookAgainMs = 15_000;

export function Page() {
  const texts = useErasureTexts();
  const { pages, all } = useTexts();
  const formats = useFormats();
  const values = useAddressValues();
  const setValues = useSetValues();
  const page = pageOf(values);
  const query = { page, state: values['state'], userId: values['q'] };
  const { data, error, refetch } = useQuery({
    queryKey: ['erasures', query],
    queryFn: ({ signal }) =>
      call<ErasuresAnswer>('GET', '/erasures', {
        ...{ query: { ...query, pageSize: 25 }, signal, isRepeated: true },
      }),
    placeholderData: keepPreviousData,
    refetchInterval: lookAgainMs,
  });
  const isBehind = useLastPage(data, page, (last) => setValues({ page: String(last) }, { isReplaced: true }));
  const faultOf = useFieldProblems(error);
  const total =
    data === undefined ? '' : formats.count(data.isExact ? texts.total : texts.atLeast, data.total);
  const isFiltered = (query.state ?? '') !== '' || (query.userId ?? '') !== '';
  const overdue = data?.counts.overdue ?? 0;
  return (
    <div className="list-page">
      <PageHead title={pages.erasures} note={<span role="status">{total}</span>} />
      <p className="dim list-intro">{texts.intro}</p>
      {overdue > 0 && query.state !== 'overdue' && (
        <Alert color="red" variant="light" icon={<Icon name="warning" />} className="problem">
          {formats.count(texts.overdue, overdue)}
        </Alert>
      )}
      <div className="list-tools">
        <TextInput
          aria-label={texts.find}
          placeholder={texts.find}
          leftSection={<Icon name="search" />}
          defaultValue={values['q'] ?? ''}
          key={values['q'] ?? ''}
          error={faultOf('userId')}
          className="grow"
          spellCheck={false}
          onKeyDown={(event) => {
            if (event.key === 'Enter') setValues({ q: event.currentTarget.value.trim(), page: undefined });
          }}
          onBlur={(event) => {
            const text = event.currentTarget.value.trim();
            if (text !== (values['q'] ?? '')) setValues({ q: text, page: undefined });
          }}
        />
        <NativeSelect
          aria-label={texts.state}
          value={values['state'] ?? ''}
          data={[
            { value: '', label: all },
            ...stateNames.map((state) => ({
              value: state,
              label: `${texts.states[state]}${data === undefined ? '' : ` (${formats.number(data.counts[state])})`}`,
            })),
          ]}
          onChange={(event) => setValues({ state: event.currentTarget.value, page: undefined })}
        />
      </div>
      {faultOf('userId') === undefined && <Problem error={error} onRetry={() => void refetch()} />}
      {data === undefined && error === null && <Loading />}
      {data !== undefined && error === null && data.items.length === 0 && !isBehind && (
        <p className="empty-note">{isFiltered ? texts.noMatch : texts.empty}</p>
      )}
      {data !== undefined && error === null && data.items.length > 0 && (
        <>
          <Table items={data.items} />
          <div className="list-foot">
            <Pager
              page={data.page}
              pages={data.pages}
              onPage={(wanted) => setValues({ page: wanted === 1 ? undefined : String(wanted) })}
            />
          </div>
        </>
      )}
      <VerifyPanel />
    </div>
  );
}

function Table({ items }: { readonly items: readonly ErasureItem[] }) {
  const texts = useErasureTexts();
  const words = useWords();
  return (
    <table className="list-table" aria-label={texts.list}>
      <thead>
        <tr>
          <th scope="col">{texts.erasure}</th>
          <th scope="col">{texts.state}</th>
          <th scope="col">{texts.requested}</th>
          <th scope="col">{texts.by}</th>
          <th scope="col">{texts.completed}</th>
        </tr>
      </thead>
      <tbody>
        {items.map((item) => (
          <tr key={item.id}>
            <td>
              <PageLink to={`/erasures/${item.id}`} className="mono">
                {item.id.slice(0, 20)}…
              </PageLink>
            </td>
            <td>
              <State tone={tones[item.state]}>{texts.states[item.state]}</State>
            </td>
            <td data-name={texts.requested}>
              <Moment at={item.requestedAt} />
            </td>
            <td data-name={texts.by}>
              {wordOf(words.actor, item.requestedBy)}{' '}
              <span className="dim">{fillText(texts.through, { door: wordOf(words.door, item.door) })}</span>
            </td>
            <td data-name={texts.completed}>
              {item.completedAt === null ? (
                <span className="dim">
                  {texts.due} <Moment at={item.dueBy} />
                </span>
              ) : (
                <Moment at={item.completedAt} />
              )}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
