/** The record of the organization: any page of it, filtered by actor, action, user and time. */
import '../styles/lists.css';
import { Button, NativeSelect, TextInput } from '@mantine/core';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import type { ListAnswer } from '../../../src/contracts/console/shapes/list.ts';
import type { RecordActionsAnswer, RecordItem } from '../../../src/contracts/console/shapes/record.ts';
import { PageLink, useAddressValues, useSetValues } from '../address.tsx';
import { call } from '../api.ts';
import { Loading } from '../parts/loading.tsx';
import { PageHead } from '../parts/page-head.tsx';
import { Pager, useLastPage } from '../parts/pager.tsx';
import { Problem, useFieldProblems } from '../parts/problem.tsx';
import { pageOf } from '../people/people-query.ts';
import { fillText, useFormats, useTexts } from '../texts/texts.tsx';
import { useWords, wordOf } from '../texts/words.ts';
import { useRecordTexts } from './record-texts.ts';

/** The id of a subject that is not of one app, but of the whole organization. */
const wholeId = 'organization';

const filterNames = ['actor', 'action', 'user', 'since', 'until'] as const;

export function Page() {
  const texts = useRecordTexts();
  const { pages } = useTexts();
  const words = useWords();
  const formats = useFormats();
  const values = useAddressValues();
  const setValues = useSetValues();
  const page = pageOf(values);
  const query = { ...Object.fromEntries(filterNames.map((name) => [name, values[name]])), page };
  const { data, error, refetch } = useQuery({
    queryKey: ['record', query],
    queryFn: ({ signal }) => call<ListAnswer<RecordItem>>('GET', '/record', { query, signal }),
    placeholderData: keepPreviousData,
  });
  const isBehind = useLastPage(data, page, (last) => setValues({ page: String(last) }, { isReplaced: true }));
  const actions = useQuery({
    queryKey: ['record', 'actions'],
    queryFn: ({ signal }) => call<RecordActionsAnswer>('GET', '/record/actions', { signal }),
    staleTime: Number.POSITIVE_INFINITY,
  });
  const faultOf = useFieldProblems(error);
  const isFaulty = filterNames.some((name) => faultOf(name) !== undefined);
  const change = (name: string, value: string): void => {
    if (value !== (values[name] ?? '')) setValues({ [name]: value, page: undefined });
  };
  const field = (name: 'actor' | 'user', label: string) => (
    <TextInput
      key={`${name} ${values[name] ?? ''}`}
      aria-label={label}
      placeholder={label}
      defaultValue={values[name] ?? ''}
      error={faultOf(name)}
      className="grow"
      spellCheck={false}
      onKeyDown={(event) => {
        if (event.key === 'Enter') change(name, event.currentTarget.value.trim());
      }}
      onBlur={(event) => change(name, event.currentTarget.value.trim())}
    />
  );
  const day = (name: 'since' | 'until', label: string) => (
    <TextInput
      type="date"
      aria-label={label}
      title={label}
      value={values[name] ?? ''}
      error={faultOf(name)}
      onChange={(event) => change(name, event.currentTarget.value)}
    />
  );
  const isFiltered = filterNames.some((name) => (values[name] ?? '') !== '');
  return (
    <div className="list-page">
      <PageHead
        title={pages.record}
        note={<span role="status">{data === undefined ? '' : formats.count(texts.total, data.total)}</span>}
      />
      <p className="dim list-intro">{texts.intro}</p>
      <div className="list-tools">
        {field('actor', texts.actorField)}
        {field('user', texts.userField)}
        <NativeSelect
          aria-label={texts.action}
          value={values['action'] ?? ''}
          data={[
            { value: '', label: texts.anyAction },
            ...(actions.data?.actions ?? []).map((action) => ({
              value: action,
              label: wordOf(words.action, action),
            })),
          ]}
          onChange={(event) => change('action', event.currentTarget.value)}
        />
        {day('since', texts.since)}
        {day('until', texts.until)}
        {isFiltered && (
          <Button
            variant="subtle"
            onClick={() =>
              setValues(Object.fromEntries(['page', ...filterNames].map((name) => [name, undefined])))
            }
          >
            {texts.remove}
          </Button>
        )}
      </div>
      {!isFaulty && <Problem error={error} onRetry={() => void refetch()} />}
      {data === undefined && error === null && <Loading />}
      {data !== undefined && error === null && data.items.length === 0 && !isBehind && (
        <p className="empty-note">{texts.none}</p>
      )}
      {data !== undefined && error === null && data.items.length > 0 && (
        <>
          <Events items={data.items} onActor={(id) => setValues({ actor: id, page: undefined })} />
          <div className="list-foot">
            <Pager
              page={data.page}
              pages={data.pages}
              onPage={(wanted) => setValues({ page: wanted === 1 ? undefined : String(wanted) })}
            />
          </div>
        </>
      )}
    </div>
  );
}

function Events({
  items,
  onActor,
}: {
  readonly items: readonly RecordItem[];
  readonly onActor: (id: string) => void;
}) {
  const texts = useRecordTexts();
  const formats = useFormats();
  const words = useWords();
  return (
    <table className="list-table" aria-label={texts.list}>
      <thead>
        <tr>
          <th scope="col">{texts.at}</th>
          <th scope="col">{texts.actor}</th>
          <th scope="col">{texts.action}</th>
          <th scope="col">{texts.subject}</th>
          <th scope="col">{texts.details}</th>
        </tr>
      </thead>
      <tbody>
        {items.map(({ id, at, actor, door, action, subject, fields, users, times }) => (
          <tr key={id}>
            <td>
              <time dateTime={at} title={formats.distance(at)}>
                {formats.moment(at)}
              </time>
            </td>
            <td data-name={texts.actor}>
              {actor.name ?? wordOf(words.actor, actor.kind)}{' '}
              <span className="dim">{fillText(texts.through, { door: wordOf(words.door, door) })}</span>
              {actor.id !== null && (
                <>
                  <br />
                  <button
                    type="button"
                    className="text-button mono"
                    title={texts.onlyActor}
                    onClick={() => onActor(actor.id ?? '')}
                  >
                    {actor.id}
                  </button>
                </>
              )}
            </td>
            <td data-name={texts.action}>
              {wordOf(words.action, action)}
              <br />
              <code className="dim">{action}</code>
            </td>
            <td data-name={texts.subject}>
              {subject.kind === 'user' ? (
                <PageLink to={`/people/${subject.id}`} className="mono" title={subject.id}>
                  {subject.id.slice(0, 16)}…
                </PageLink>
              ) : (
                <>
                  {wordOf(words.subject, subject.kind)}{' '}
                  {subject.id === wholeId ? (
                    <span className="dim">{texts.whole}</span>
                  ) : (
                    <span className="mono dim">{subject.id}</span>
                  )}
                </>
              )}
            </td>
            <td>
              {[
                ...(fields.length === 0 ? [] : [fillText(texts.fields, { fields: fields.join(', ') })]),
                ...(users === null ? [] : [formats.count(texts.users, users)]),
                ...(times === null ? [] : [formats.count(texts.times, times)]),
              ].join(' · ')}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
