/**
 * The page: the request of the app, the sources with a search field, and the buttons to close. The sources keep the
 * order of the first answer, connected ones first, so that no row moves while a person uses the page.
 */
import { Alert, Button, CloseButton, Loader, TextInput } from '@mantine/core';
import { useEffect, useRef, useState } from 'react';
import type { LanguageShape, SourceShape } from '../../src/pages/connect/connect-shapes.ts';
import { fillText } from '../../src/pages/fill-text.ts';
import type { Api } from './api.ts';
import { DisconnectDialog } from './disconnect-dialog.tsx';
import type { Embedder } from './embedder.ts';
import type { NamedSource, SessionResults } from './session-results.ts';
import { SourceRow } from './source-row.tsx';
import { fillCount, localeOf } from './texts.ts';
import { useSources } from './use-sources.ts';

export interface ConnectPageProps {
  readonly api: Api;
  readonly embedder: Embedder;
  readonly results: SessionResults;
  /** The address of the app's logo; null for none. */
  readonly logo: string | null;
  readonly languages: readonly LanguageShape[];
  readonly language: LanguageShape;
  /** Takes the tag of a language. */
  readonly onLanguage: (tag: string) => void;
}

export function ConnectPage(props: ConnectPageProps) {
  const { api, embedder, results, logo, languages, language, onLanguage } = props;
  const { tag, direction, texts: t } = language;
  const [announcement, setAnnouncement] = useState('');
  const [wanted, setWanted] = useState('');
  const [leaving, setLeaving] = useState<NamedSource | null>(null);
  const [isClosed, setIsClosed] = useState(false);
  const order = useRef<readonly string[]>([]);
  const state = useSources(
    { api, embedder, results },
    {
      onConnected: ({ name }) => setAnnouncement(fillText(t.nowConnected, { provider: name })),
      onDisconnected: ({ name }) => setAnnouncement(fillText(t.nowDisconnected, { provider: name })),
    },
  );

  const close = (): void => {
    embedder.notify('close', results.report());
    // If the embedding page does not remove this page, it shows that the person is done.
    setIsClosed(true);
  };

  useEffect(() => {
    document.documentElement.lang = tag;
    document.documentElement.dir = direction;
    document.title = t.title;
  }, [tag, direction, t]);

  // Escape closes the page wherever the focus is, as in a dialog.
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
  const found = sources.filter(({ title }) => matches(title, wanted, tag));
  const connected = sources.filter(({ connection }) => connection?.status === 'active').length;
  const others = languages.filter((each) => each.tag !== tag);

  const countText = connected === 0 ? t.noneConnected : fillCount(t.connectedCount, connected, tag);

  return (
    <div className="page">
      <header>
        <div className="heading">
          {logo !== null && <img className="logo" src={logo} alt="" />}
          <div>
            {session !== undefined && <p className="app">{appName}</p>}
            <h1>{t.title}</h1>
          </div>
        </div>
        {embedder.isThere && <CloseButton size="lg" aria-label={t.close} onClick={close} />}
      </header>
      <main>
        {session !== undefined && <p>{fillText(t.intro, { app: appName })}</p>}
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
              {wanted === '' ? '' : fillCount(t.found, found.length, tag)}
            </p>
            {found.length === 0 && <p>{fillText(t.nothingFound, { wanted })}</p>}
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
        <div className="languages">
          {others.map((other) => (
            <Button
              key={other.tag}
              variant="subtle"
              className="language"
              lang={other.tag}
              onClick={() => {
                setAnnouncement('');
                onLanguage(other.tag);
              }}
            >
              {other.name}
            </Button>
          ))}
        </div>
        <span className="count">{session !== undefined && countText}</span>
        {embedder.isThere && <Button onClick={close}>{t.done}</Button>}
      </footer>
      <p className="hidden" role="status">
        {announcement}
      </p>
      {leaving !== null && (
        <DisconnectDialog
          source={leaving}
          appName={appName}
          texts={t}
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

/** The sources in the order of the first answer; later ones at the end. */
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

/** Whether the title contains the wanted text; ignores case and accents. */
function matches(title: string, wanted: string, tag: string): boolean {
  const plain = (text: string): string =>
    text.normalize('NFD').replaceAll(/\p{M}/gu, '').toLocaleLowerCase(localeOf(tag)).trim();
  return plain(title).includes(plain(wanted));
}
