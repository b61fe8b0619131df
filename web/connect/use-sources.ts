/**
 * The state of the page: the person's sources as the server knows them, and the actions on them. While a person is at a
 * provider, the page polls the server. Only the answers of the server say how it ended; the other window just wakes this one.
 */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect, useRef, useState } from 'react';
import type { PageProblem, SessionShape, SourceShape } from '../../src/pages/connect/connect-shapes.ts';
import { type Api, ApiError } from './api.ts';
import type { Embedder } from './embedder.ts';
import { onReturn, openProviderWindow, type ProviderWindow, vouchForFlow } from './provider-window.ts';
import type { NamedSource, SessionResults } from './session-results.ts';

/** How a visit ended without a connection. */
type VisitEnd = 'denied' | 'failed' | 'account_taken';

/** A visit of the person at a provider. */
export interface Visit {
  readonly provider: string;
  /** `opening`: the address is not known yet. `closed`: the window was closed, or the link to it was cut. */
  readonly state: 'opening' | 'open' | 'blocked' | 'closed' | VisitEnd;
  /** The address of the start page, and the token of the flow; null before they are known. */
  readonly start: { readonly authUrl: string; readonly flow: string } | null;
}

export interface SourcesState {
  readonly session: SessionShape | undefined;
  readonly isExpired: boolean;
  readonly problem: PageProblem | null;
  readonly visit: Visit | null;
  /** The connection that is being ended. */
  readonly endingId: string | null;
  connect(source: SourceShape, waitText: string): void;
  /** Resolves when the server has accepted it, or when `problem` shows why not. */
  disconnect(source: NamedSource): Promise<void>;
  retry(): void;
}

export interface SourcesEvents {
  onConnected(source: NamedSource): void;
  onDisconnected(source: NamedSource): void;
}

const key = ['session'];
const pollMs = { open: 1_500, closed: 5_000 };
/** The time that the server allows for a sign-in at a provider. */
const visitMaxMs = 10 * 60_000;

export function useSources(
  { api, embedder, results }: { api: Api; embedder: Embedder; results: SessionResults },
  events: SourcesEvents,
): SourcesState {
  const client = useQueryClient();
  const [visit, setVisit] = useState<Visit | null>(null);
  const [problem, setProblem] = useState<PageProblem | null>(null);
  const provider = useRef<ProviderWindow | null>(null);
  const isWaiting = visit !== null && !isEnd(visit.state);

  const query = useQuery({
    queryKey: key,
    queryFn: () => api.session(),
    retry: (count, error) => codeOf(error) !== 'expired' && count < 2,
    refetchInterval({ state: { data } }) {
      if (isWaiting) return visit.state === 'closed' ? pollMs.closed : pollMs.open;
      return data?.sources.some(({ connection }) => connection?.status === 'revoking')
        ? pollMs.closed
        : false;
    },
  });
  const refresh = (): Promise<void> => client.invalidateQueries({ queryKey: key });

  const flow = isWaiting ? (visit.start?.flow ?? null) : null;
  const { data: progress } = useQuery({
    queryKey: [...key, 'flow', flow],
    queryFn: () => api.progress(flow ?? ''),
    enabled: flow !== null,
    refetchInterval: visit?.state === 'closed' ? pollMs.closed : pollMs.open,
  });
  useEffect(() => {
    if (progress === undefined || flow === null) return;
    const isOver = progress === 'withdrawn' || progress === 'refused' || progress === 'expired';
    setVisit((present) => {
      if (present?.start?.flow !== flow) return present;
      return isEnd(progress) ? { ...present, state: progress } : isOver ? null : present;
    });
    if (progress === 'connected' || isOver) void client.invalidateQueries({ queryKey: key, exact: true });
  }, [progress, flow, client]);

  // Each new connection since the last answer is an event exactly once, also with two windows.
  const seen = useRef<SessionShape | null>(null);
  useEffect(() => {
    if (query.data === undefined || seen.current === query.data) return;
    seen.current = query.data;
    for (const source of results.update(query.data.sources)) {
      embedder.notify('connect-source', results.report());
      events.onConnected(source);
      const shape = query.data.sources.find(({ connection }) => connection?.id === source.id);
      if (visit === null || visit.provider !== shape?.provider) continue;
      provider.current?.close();
      setVisit(null);
    }
  });

  useEffect(() => onReturn(() => void client.invalidateQueries({ queryKey: key })), [client]);

  // A closed window looks the same as one whose provider has cut the link. So the page continues to poll the server.
  useEffect(() => {
    if (visit?.state !== 'open') return;
    const timer = setInterval(() => {
      if (provider.current?.isClosed !== true) return;
      void client.invalidateQueries({ queryKey: key }).then(() => {
        setVisit((present) => (present?.state === 'open' ? { ...present, state: 'closed' } : present));
      });
    }, 500);
    return () => clearInterval(timer);
  }, [visit?.state, client]);

  useEffect(() => {
    if (visit === null) return;
    const timer = setTimeout(() => setVisit(null), visitMaxMs);
    return () => clearTimeout(timer);
  }, [visit]);

  const fail = (error: unknown): void => {
    const code = codeOf(error);
    if (code !== 'expired') setProblem(code);
    void refresh();
  };

  const start = useMutation({
    mutationFn: (name: string) => api.start(name),
    onSuccess({ authUrl }, name) {
      const flow = vouchForFlow(authUrl);
      provider.current?.goTo(authUrl);
      const state = provider.current === null ? 'blocked' : 'open';
      setVisit({ provider: name, state, start: { authUrl, flow } });
    },
    onError(error) {
      provider.current?.close();
      setVisit(null);
      fail(error);
    },
  });

  const end = useMutation({ mutationFn: ({ id }: NamedSource) => api.disconnect(id) });

  return {
    session: query.data,
    isExpired: [query.error, start.error, end.error].some((error) => codeOf(error) === 'expired'),
    problem: query.data === undefined && query.error !== null ? toProblem(query.error) : problem,
    visit,
    endingId: end.isPending ? (end.variables?.id ?? null) : null,
    connect({ provider: name }, waitText) {
      setProblem(null);
      if (visit?.provider === name && visit.state === 'open' && provider.current?.isClosed === false) {
        provider.current.focus();
        return;
      }
      provider.current = openProviderWindow(waitText);
      setVisit({ provider: name, state: 'opening', start: null });
      start.mutate(name);
    },
    async disconnect(source) {
      setProblem(null);
      try {
        await end.mutateAsync(source);
      } catch (error) {
        fail(error);
        return;
      }
      results.disconnect(source);
      embedder.notify('disconnect-source', results.report());
      events.onDisconnected(source);
      await refresh();
    },
    retry() {
      setProblem(null);
      void refresh();
    },
  };
}

function isEnd(state: string): state is VisitEnd {
  return state === 'denied' || state === 'failed' || state === 'account_taken';
}

function codeOf(error: unknown): PageProblem | 'expired' {
  return error instanceof ApiError ? error.code : 'fault';
}

function toProblem(error: unknown): PageProblem | null {
  const code = codeOf(error);
  return code === 'expired' ? null : code;
}
