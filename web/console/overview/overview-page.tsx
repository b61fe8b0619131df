/** The overview: how many people there are, what happened on each day, and what needs a person. */
import '../styles/lists.css';
import { NativeSelect } from '@mantine/core';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { lazy, type ReactNode, Suspense, useMemo } from 'react';
import type { OverviewAnswer, OverviewDay } from '../../../src/contracts/console/shapes/overview.ts';
import { PageLink, useAddressValues, useSetValues } from '../address.tsx';
import { call } from '../api.ts';
import { Loading } from '../parts/loading.tsx';
import { PageHead } from '../parts/page-head.tsx';
import { Panel } from '../parts/panel.tsx';
import { Problem } from '../parts/problem.tsx';
import { useMay } from '../session.tsx';
import { fillText, useFormats, useTexts } from '../texts/texts.tsx';
import type { ChartLine } from './chart.tsx';
import { FirstSteps } from './first-steps.tsx';
import { useOverviewTexts } from './overview-texts.ts';

const Chart = lazy(async () => ({ default: (await import('./chart.tsx')).Chart }));

const daysDefault = '30';
const lookAgainMs = 60_000;
const millionths = 1_000_000;

export function Page() {
  const texts = useOverviewTexts();
  const { pages } = useTexts();
  const values = useAddressValues();
  const setValues = useSetValues();
  const days = values['days'] ?? daysDefault;
  const { data, error, refetch } = useQuery({
    queryKey: ['overview', days],
    queryFn: ({ signal }) =>
      call<OverviewAnswer>('GET', '/overview', { query: { days }, signal, isRepeated: true }),
    placeholderData: keepPreviousData,
    refetchInterval: lookAgainMs,
  });
  return (
    <div className="list-page">
      <PageHead title={pages.overview} note={texts.utc}>
        <NativeSelect
          aria-label={texts.range}
          value={days}
          data={Object.entries(texts.ranges).map(([value, label]) => ({ value, label }))}
          onChange={(event) => {
            const chosen = event.currentTarget.value;
            setValues({ days: chosen === daysDefault ? undefined : chosen });
          }}
        />
      </PageHead>
      <Problem error={error} onRetry={() => void refetch()} />
      {data === undefined && error === null && <Loading />}
      {data !== undefined && <Figures answer={data} />}
    </div>
  );
}

function Figures({ answer }: { readonly answer: OverviewAnswer }) {
  const texts = useOverviewTexts();
  const formats = useFormats();
  const may = useMay();
  const { users, erasures, days, messagesSince } = answer;
  const sum = (of: (day: OverviewDay) => number): number => days.reduce((all, day) => all + of(day), 0);
  const failed = sum(failedOf);
  const people = (status: string) => (may('console.people.read') ? `/people${status}` : null);
  const erasuresPage = may('console.erasures.manage') ? '/erasures' : null;
  const growth = useMemo<ChartLine[]>(
    () => [
      { label: texts.created, values: days.map(({ created }) => created), colour: '--accent' },
      { label: texts.confirmed, values: days.map(({ confirmed }) => confirmed), colour: '--calm' },
      { label: texts.connected, values: days.map(({ connected }) => connected), colour: '--warn' },
    ],
    [days, texts],
  );
  const trouble = useMemo<ChartLine[]>(
    () => [
      { label: texts.throttled, values: days.map(({ throttled }) => throttled), colour: '--warn' },
      { label: texts.shed, values: days.map(({ shed }) => shed), colour: '--bad' },
      {
        label: texts.wrongPasswords,
        values: days.map(({ wrongPasswords }) => wrongPasswords),
        colour: '--calm',
      },
      { label: texts.failed, values: days.map(failedOf), colour: '--accent' },
    ],
    [days, texts],
  );
  const dayNames = useMemo(() => days.map(({ day }) => day), [days]);
  const chart = (label: string, lines: ChartLine[]) => (
    <Suspense fallback={<div className="chart" />}>
      <Chart
        label={label}
        dayLabel={texts.day}
        days={dayNames}
        lines={lines}
        formatDay={formats.day}
        formatNumber={formats.number}
      />
    </Suspense>
  );
  return (
    <>
      {users.total === 0 && <FirstSteps />}
      <ul className="tiles">
        <Tile name={texts.people} to={people('')} value={formats.number(users.total)} />
        <Tile
          name={texts.pending}
          to={people('')}
          values={{ status: 'pending' }}
          value={formats.number(users.pending)}
        />
        <Tile
          name={texts.active}
          to={people('')}
          values={{ status: 'active' }}
          value={formats.number(users.active)}
        />
        <Tile
          name={texts.inactive}
          to={people('')}
          values={{ status: 'inactive' }}
          value={formats.number(users.inactive)}
        />
        <Tile
          name={texts.overdue}
          to={erasuresPage}
          values={{ state: 'overdue' }}
          value={formats.number(erasures.overdue)}
          isBad={erasures.overdue > 0}
        />
        <Tile
          name={texts.running}
          to={erasuresPage}
          values={{ state: 'running' }}
          value={formats.number(erasures.running)}
        />
        <Tile name={texts.failed} value={formats.number(failed)} isBad={failed > 0} />
        <Tile
          name={texts.failedSpent}
          value={formats.number(sum(({ failedSpent }) => failedSpent) / millionths)}
        />
        <Tile name={texts.spent} value={formats.number(sum(({ spent }) => spent) / millionths)} />
        <Tile name={texts.throttled} value={formats.number(sum(({ throttled }) => throttled))} />
        <Tile name={texts.shed} value={formats.number(sum(({ shed }) => shed))} />
      </ul>
      <Panel title={texts.growth}>
        {chart(texts.growthChart, growth)}
        <Numbers days={days} columns={growthColumns} />
      </Panel>
      <Panel title={texts.funnel} note={texts.funnelHint}>
        <Funnel days={days} />
      </Panel>
      <Panel title={texts.trouble}>
        {chart(texts.troubleChart, trouble)}
        <p className="dim small">{fillText(texts.shedNote, { since: formats.date(messagesSince) })}</p>
        <Numbers days={days} columns={troubleColumns} />
      </Panel>
    </>
  );
}

function failedOf({ failedSms, failedEmails }: OverviewDay): number {
  return failedSms + failedEmails;
}

interface TileProps {
  readonly name: string;
  readonly value: string;
  readonly to?: string | null;
  readonly values?: Readonly<Record<string, string>>;
  readonly isBad?: boolean;
}

function Tile({ name, value, to = null, values = {}, isBad = false }: TileProps) {
  const content: ReactNode = (
    <>
      <span className="tile-name">{name}</span>
      <span className="tile-value">{value}</span>
    </>
  );
  const className = isBad ? 'tile tile-bad' : 'tile';
  return (
    <li>
      {to === null ? (
        <div className={className}>{content}</div>
      ) : (
        <PageLink to={to} values={values} className={className}>
          {content}
        </PageLink>
      )}
    </li>
  );
}

function Funnel({ days }: { readonly days: readonly OverviewDay[] }) {
  const texts = useOverviewTexts();
  const formats = useFormats();
  const steps = (['created', 'confirmed', 'connected'] as const).map((name) => ({
    name,
    value: days.reduce((all, day) => all + day[name], 0),
  }));
  const most = Math.max(1, ...steps.map(({ value }) => value));
  return (
    <ol className="funnel">
      {steps.map(({ name, value }) => (
        <li key={name}>
          <span>{texts[name]}</span>
          <progress max={most} value={value} aria-label={texts[name]} />
          <strong>{formats.number(value)}</strong>
        </li>
      ))}
    </ol>
  );
}

const growthColumns = ['created', 'confirmed', 'connected', 'deleted'] as const;
const troubleColumns = [
  'throttled',
  'shed',
  'forbidden',
  'wrongPasswords',
  'failed',
  'failedSpent',
  'texts',
  'textsNotSent',
  'spent',
] as const;

function Numbers({
  days,
  columns,
}: {
  readonly days: readonly OverviewDay[];
  readonly columns: readonly ((typeof growthColumns)[number] | (typeof troubleColumns)[number])[];
}) {
  const texts = useOverviewTexts();
  const formats = useFormats();
  const numberOf = (day: OverviewDay, column: (typeof columns)[number]): number => {
    if (column === 'failed') return failedOf(day);
    return column === 'spent' || column === 'failedSpent' ? day[column] / millionths : day[column];
  };
  return (
    <details>
      <summary>{texts.table}</summary>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: the keyboard scrolls a wide table. */}
      <section className="scrolls" tabIndex={0} aria-label={texts.table}>
        <table className="list-table stays">
          <thead>
            <tr>
              <th scope="col">{texts.day}</th>
              {columns.map((column) => (
                <th key={column} scope="col" className="number">
                  {texts[column]}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {[...days].reverse().map((day) => (
              <tr key={day.day}>
                <th scope="row">{formats.day(day.day)}</th>
                {columns.map((column) => (
                  <td key={column} className="number">
                    {formats.number(numberOf(day, column))}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </section>
    </details>
  );
}
