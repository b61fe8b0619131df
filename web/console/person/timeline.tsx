/** What the record says about a person, newest first. */
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import type {
  TimelineEvent,
  Timeline as TimelinePage,
} from '../../../src/contracts/console/shapes/people.ts';
import { useAddressValues, useSetValues } from '../address.tsx';
import { call } from '../api.ts';
import { Loading } from '../parts/loading.tsx';
import { Pager, useLastPage } from '../parts/pager.tsx';
import { Problem } from '../parts/problem.tsx';
import { pageOf } from '../people/people-query.ts';
import { fillText, useFormats } from '../texts/texts.tsx';
import { useWords, wordOf } from '../texts/words.ts';
import { personKey } from './person-query.ts';
import { usePersonTexts } from './person-texts.ts';

export function Timeline({ id }: { readonly id: string }) {
  const { timeline: texts } = usePersonTexts();
  const page = pageOf(useAddressValues());
  const setValues = useSetValues();
  const { data, error, refetch } = useQuery({
    queryKey: [...personKey(id), 'timeline', page],
    queryFn: ({ signal }) =>
      call<TimelinePage>('GET', `/people/${encodeURIComponent(id)}/timeline`, { query: { page }, signal }),
    placeholderData: keepPreviousData,
    gcTime: 0,
    refetchOnWindowFocus: false,
  });
  const isBehind = useLastPage(data, page, (last) => setValues({ page: String(last) }, { isReplaced: true }));
  if (error !== null) return <Problem error={error} onRetry={() => void refetch()} />;
  if (data === undefined || isBehind) {
    return <Loading />;
  }
  if (data.items.length === 0) return <p className="dim">{texts.none}</p>;
  return (
    <>
      <ol className="timeline">
        {data.items.map((event) => (
          <Event key={event.id} event={event} />
        ))}
      </ol>
      {data.pages > 1 && (
        <Pager page={page} pages={data.pages} onPage={(wanted) => setValues({ page: String(wanted) })} />
      )}
    </>
  );
}

function Event({ event }: { readonly event: TimelineEvent }) {
  const { timeline: texts } = usePersonTexts();
  const formats = useFormats();
  const { action, at, actor, door, fields, times, reason } = event;
  const words = useWords();
  const who = actor.name ?? wordOf(words.byActor, actor.kind);
  return (
    <li className={actor.kind === 'staff' ? 'event by-staff' : 'event'}>
      <div>
        <span className="event-action" title={action}>
          {wordOf(words.action, action)}
        </span>{' '}
        <span className="dim">
          {fillText(texts.by, { actor: who })} {fillText(texts.through, { door: wordOf(words.door, door) })}
          {times !== null && times > 1 && ` · ${formats.count(texts.times, times)}`}
        </span>
        {reason !== null && <div className="small">{fillText(texts.reason, { reason })}</div>}
        {fields.length > 0 && (
          <div className="dim small">{fillText(texts.fields, { fields: fields.join(', ') })}</div>
        )}
      </div>
      <time className="dim small" dateTime={at} title={formats.distance(at)}>
        {formats.moment(at)}
      </time>
    </li>
  );
}
