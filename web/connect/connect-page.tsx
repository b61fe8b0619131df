/**
 * The page: what the app asks for, the sources with a search among them, and the way out. The order of the sources is
 * that of the first answer, the connected ones first, so that nothing moves under anybody's hand.
 */
import { Alert, Button, CloseButton, Loader, TextInput } from '@mantine/core';
import { useEffect, useRef, useState } from 'react';
import type { SourceShape } from '../../src/pages/connect/connect-shapes.ts';
import type { Api } from './api.ts';
import { DisconnectDialog } from './disconnect-dialog.tsx';
import type { Embedder } from './embedder.ts';
import type { NamedSource, SessionResults } from './session-results.ts';
import { SourceRow } from './source-row.tsx';
import { type Language, languages, texts } from './texts.ts';
import { useSources } from './use-sources.ts';

export interface ConnectPageProps {
  readonly api: Api;
  readonly embedder: Embedder;
  readonly results: SessionResults;
  readonly language: Language;
  readonly onLanguage: (language: Language) => void;
}

export function ConnectPage({ api, embedder, results, language, onLanguage }: ConnectPageProps) {
  const t = texts[language];
  const [said, setSaid] = useState('');
  const [wanted, setWanted] = useState('');
  const [leaving, setLeaving] = useState<NamedSource | null>(null);
  const [isClosed, setIsClosed] = useState(false);
  const order = useRef<readonly string[]>([]);
  const state = useSources(
    { api, embedder, results },
    {
      onConnected: ({ name }) => setSaid(t.nowConnected(name)),
      onDisconnected: ({ name }) => setSaid(t.nowDisconnected(name)),
    },
  );

  const close = (): void => {
    embedder.tell('close', results.report());
    // Where nobody takes the page away, it says that it is done.
    setIsClosed(true);
  };

  useEffect(() => {
    document.documentElement.lang = language;
    document.title = t.title;
  }, [language, t]);

  // Escape closes the page from wherever the focus is, as it does with a dialog.
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent): void => {
      if (event.key !== 'Escape' || event.defaultPrevented || leaving !== null) return;
      if (wanted === '') close();
      else setWanted('');
    };
    document.addEventListener('keydown', onKeyDown);
    return () => document.removeEventListener('keydown', onKeyDown);
  });

  if (isClosed) return <Notice {...t.closed} />;
  if (state.isExpired) {
    return <Notice {...t.expired}>{embedder.isThere && <Button onClick={close}>{t.close}</Button>}</Notice>;
  }

  const { session } = state;
  const appName = session?.app.name ?? '';
  const sources = ordered(session?.sources ?? [], order);
  const found = sources.filter(({ title }) => matches(title, wanted, language));
  const connected = sources.filter(({ connection }) => connection?.status === 'active').length;
  const other = languages.find((each) => each !== language) ?? language;

  return (
    <div className="page">
      <header>
        <h1>{t.title}</h1>
        {embedder.isThere && <CloseButton size="lg" aria-label={t.close} onClick={close} />}
      </header>
      <main>
        {session !== undefined && <p>{t.intro(appName)}</p>}
        {state.problem !== null && (
          <Alert color="red" role="alert" variant="outline" className="problem">
            <p>{t.problems[state.problem]}</p>
            {session === undefined && (
              <Button size="xs" variant="default" onClick={state.retry}>
                {t.tryAgain}
              </Button>
            )}
          </Alert>
        )}
        {session === undefined && state.problem === null && (
          <div className="loading">
            <Loader aria-hidden />
            <span role="status">{t.loading}</span>
          </div>
        )}
        {session !== undefined && sources.length === 0 && <p>{t.none}</p>}
        {sources.length > 0 && (
          <>
            <TextInput
              type="search"
              label={t.search}
              placeholder={t.searchHint}
              value={wanted}
              onChange={(event) => setWanted(event.currentTarget.value)}
              size="md"
            />
            <p className="hidden" role="status">
              {wanted === '' ? '' : t.found(found.length)}
            </p>
            {found.length === 0 && <p>{t.nothingFound(wanted)}</p>}
            <ul aria-label={t.sources}>
              {found.map((source) => (
                <SourceRow
                  key={source.provider}
                  source={source}
                  language={language}
                  visit={state.visit?.provider === source.provider ? state.visit : null}
                  isEnding={source.connection?.id === state.endingId}
                  onConnect={() => state.connect(source, t.opening)}
                  onDisconnect={(id) => setLeaving({ id, name: source.title })}
                />
              ))}
            </ul>
          </>
        )}
      </main>
      <footer>
        <Button
          variant="subtle"
          className="language"
          lang={other}
          onClick={() => {
            setSaid('');
            onLanguage(other);
          }}
        >
          {texts[other].languageName}
        </Button>
        <span className="count">{session !== undefined && t.connectedCount(connected)}</span>
        {embedder.isThere && <Button onClick={close}>{t.done}</Button>}
      </footer>
      <p className="hidden" role="status">
        {said}
      </p>
      {leaving !== null && (
        <DisconnectDialog
          source={leaving}
          appName={appName}
          language={language}
          onKeep={() => setLeaving(null)}
          onDisconnect={() => {
            setLeaving(null);
            void state.disconnect(leaving);
          }}
        />
      )}
    </div>
  );
}

function Notice({
  heading,
  body,
  children,
}: {
  readonly heading: string;
  readonly body: string;
  readonly children?: React.ReactNode;
}) {
  return (
    <main className="notice">
      <h1>{heading}</h1>
      <p role="status">{body}</p>
      {children}
    </main>
  );
}

/** In the order of the first answer; what came later, last. */
function ordered(
  sources: readonly SourceShape[],
  order: { current: readonly string[] },
): readonly SourceShape[] {
  const isConnected = ({ connection }: SourceShape): boolean => connection?.status === 'active';
  const known = order.current;
  const fresh = sources.filter(({ provider }) => !known.includes(provider));
  order.current = [
    ...known,
    ...fresh.filter(isConnected).map(({ provider }) => provider),
    ...fresh.filter((each) => !isConnected(each)).map(({ provider }) => provider),
  ];
  return order.current.flatMap((name) => sources.filter(({ provider }) => provider === name));
}

/** Whether the title has the wanted text in it, without case and accents. */
function matches(title: string, wanted: string, language: Language): boolean {
  const plain = (text: string): string =>
    text.normalize('NFD').replaceAll(/\p{M}/gu, '').toLocaleLowerCase(language).trim();
  return plain(title).includes(plain(wanted));
}
