/** One erasure: its steps, its providers, and its receipt to download, to verify and to print for the person. */
import '../styles/lists.css';
import { Button } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import type { ErasureAnswer } from '../../../src/contracts/console/shapes/erasures.ts';
import { PageLink, useAddressPart } from '../address.tsx';
import { call, download } from '../api.ts';
import { CopyButton } from '../parts/copy-button.tsx';
import { Icon } from '../parts/icon.tsx';
import { Loading } from '../parts/loading.tsx';
import { Moment } from '../parts/moment.tsx';
import { PageHead } from '../parts/page-head.tsx';
import { Fact, Facts, Panel, State } from '../parts/panel.tsx';
import { Problem } from '../parts/problem.tsx';
import { saveFile } from '../parts/save-file.ts';
import { useToasts } from '../parts/toasts.tsx';
import { useFormats, useTexts } from '../texts/texts.tsx';
import { useWords, wordOf } from '../texts/words.ts';
import { tones } from './erasure-state.ts';
import { useErasureTexts } from './erasures-texts.ts';
import { ReceiptSheet } from './receipt-sheet.tsx';
import { CheckResult, useReceiptCheck } from './verify-panel.tsx';

const lookAgainMs = 2_000;

export function Page() {
  const texts = useErasureTexts();
  const { pages } = useTexts();
  const id = useAddressPart('id');
  const { data, error, refetch } = useQuery({
    queryKey: ['erasure', id],
    queryFn: ({ signal }) =>
      call<ErasureAnswer>('GET', `/erasures/${encodeURIComponent(id)}`, { signal, isRepeated: true }),
    refetchInterval: ({ state }) => (state.data?.state === 'complete' ? false : lookAgainMs),
  });
  return (
    <div className="list-page">
      <PageHead
        title={pages.erasure}
        above={
          <PageLink to="/erasures" className="above-link">
            {texts.backToList}
          </PageLink>
        }
        note={<span className="mono">{id}</span>}
      >
        {data !== undefined && <State tone={tones[data.state]}>{texts.states[data.state]}</State>}
      </PageHead>
      <Problem error={error} onRetry={() => void refetch()} />
      {data === undefined && error === null && <Loading />}
      {data !== undefined && <Erasure erasure={data} />}
    </div>
  );
}

function Erasure({ erasure }: { readonly erasure: ErasureAnswer }) {
  const texts = useErasureTexts();
  const words = useWords();
  const formats = useFormats();
  const isComplete = erasure.state === 'complete';
  const rows = Object.entries(erasure.removed);
  const step = (isDone: boolean, text: string) => (
    <li className={isDone ? 'is-done' : ''}>
      <Icon name={isDone ? 'check' : 'clock'} />
      {text}
    </li>
  );
  return (
    <div className="panels">
      <Panel title={texts.steps}>
        <ol className="steps" aria-live="polite">
          {step(true, texts.stepDeleted)}
          {step(isComplete, texts.stepTraces)}
          {step(isComplete, texts.stepReceipt)}
        </ol>
      </Panel>
      <Receipt erasure={erasure} />
      <Panel title={texts.facts}>
        <Facts>
          <Fact name={texts.requested}>
            <Moment at={erasure.requestedAt} as="moment" />
          </Fact>
          <Fact name={texts.by}>
            {wordOf(words.actor, erasure.requestedBy)} · {wordOf(words.door, erasure.door)}
          </Fact>
          {erasure.completedAt === null ? (
            <Fact name={texts.due}>
              <Moment at={erasure.dueBy} as="moment" />
            </Fact>
          ) : (
            <Fact name={texts.completed}>
              <Moment at={erasure.completedAt} as="moment" />
            </Fact>
          )}
          <Fact name={texts.digest}>
            <span className="mono small">{erasure.userIdSha256}</span>
          </Fact>
          <Fact name={texts.removed}>
            {rows.map(([table, count]) => `${table} ${formats.number(count)}`).join(', ')}
          </Fact>
          {erasure.abandonedBecause !== null && (
            <Fact name={texts.abandoned}>{erasure.abandonedBecause}</Fact>
          )}
          {erasure.replayedAt !== null && (
            <Fact name={texts.replayed}>
              <Moment at={erasure.replayedAt} as="moment" />
            </Fact>
          )}
        </Facts>
      </Panel>
      <Providers erasure={erasure} />
    </div>
  );
}

const providerTones = { pending: 'calm', confirmed: 'good', overdue: 'bad', abandoned: 'warn' } as const;

function Providers({ erasure: { providers } }: { readonly erasure: ErasureAnswer }) {
  const texts = useErasureTexts();
  const formats = useFormats();
  return (
    <Panel title={texts.providers}>
      {providers.length === 0 && <p className="dim">{texts.noProviders}</p>}
      <Facts>
        {providers.map(({ provider, state, attempts, outcome, since, endedAt }) => (
          <Fact
            key={`${provider} ${since}`}
            name={provider}
            aside={<State tone={providerTones[state]}>{texts.providerStates[state]}</State>}
          >
            {endedAt === null ? texts.since : ''} <Moment at={endedAt ?? since} /> ·{' '}
            {formats.count(texts.attempts, attempts)}
            {outcome !== null && ` · ${texts.lastAnswer.replace('{{answer}}', outcome)}`}
          </Fact>
        ))}
      </Facts>
    </Panel>
  );
}

function Receipt({ erasure: { id, receipt } }: { readonly erasure: ErasureAnswer }) {
  const texts = useErasureTexts();
  const { tellProblem } = useToasts();
  const { checked, error, check } = useReceiptCheck();
  if (receipt === null) {
    return (
      <Panel title={texts.receipt}>
        <p className="dim">{texts.noReceipt}</p>
      </Panel>
    );
  }
  const save = async (): Promise<void> => {
    try {
      saveFile(await download(`/erasures/${id}/receipt`));
    } catch (problem) {
      tellProblem(problem);
    }
  };
  return (
    <Panel title={texts.receipt} className="receipt">
      <p className="dim">{texts.receiptHint}</p>
      <div className="line-buttons">
        <Button variant="default" leftSection={<Icon name="download" />} onClick={() => void save()}>
          {texts.downloadReceipt}
        </Button>
        <Button variant="default" leftSection={<Icon name="shield" />} onClick={() => void check(receipt)}>
          {texts.verifyThis}
        </Button>
        <Button variant="default" leftSection={<Icon name="record" />} onClick={() => window.print()}>
          {texts.print}
        </Button>
        <CopyButton text={receipt} label={texts.copyReceipt} isWide />
      </div>
      <Problem error={error} />
      <CheckResult checked={checked} />
      <ReceiptSheet receipt={receipt} />
    </Panel>
  );
}
