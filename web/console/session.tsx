/** Who the reader is, for every page: read once, and again after each sign-in. */
import { type QueryClient, useQuery } from '@tanstack/react-query';
import { createContext, useContext } from 'react';
import type { SessionAnswer } from '../../src/contracts/console/shapes/session.ts';
import { type Ability, mayRole } from './abilities.ts';
import { ApiProblem, call } from './api.ts';

export const sessionKey = ['session'] as const;

/** Null for a reader who is not signed in. A page that looks by itself makes the session last no longer. */
async function readSession(options: { readonly isRepeated?: boolean }): Promise<SessionAnswer | null> {
  try {
    const isRepeated = options.isRepeated === true;
    return await call<SessionAnswer>('GET', '/session', { isRepeated });
  } catch (error) {
    if (error instanceof ApiProblem && error.status === 401) return null;
    throw error;
  }
}

/** The account and what it may see: what one reader was shown is not for another one, or for another role. */
export function accountOf({ staff }: SessionAnswer): string {
  return `${staff.id} ${staff.role}`;
}

/** Forgets everything but the session. */
export function forgetPages(queries: QueryClient): void {
  queries.removeQueries({ predicate: ({ queryKey }) => queryKey[0] !== sessionKey[0] });
}

/** The question who the reader is. If it is another account than before, the page forgets what it has read, before it shows anything. */
export function sessionQuery(options: { readonly isRepeated?: boolean } = {}) {
  return {
    queryKey: sessionKey,
    async queryFn({ client }: { readonly client: QueryClient }): Promise<SessionAnswer | null> {
      const session = await readSession(options);
      const before = client.getQueryData<SessionAnswer | null>(sessionKey);
      const isSame = session !== null && before != null && accountOf(session) === accountOf(before);
      if (before !== undefined && !isSame) forgetPages(client);
      return session;
    },
  };
}

export function useSessionQuery() {
  return useQuery({ ...sessionQuery(), staleTime: 60_000 });
}

export const SessionContext = createContext<SessionAnswer | null>(null);

/** For the pages inside the frame, which only readers with a session see. */
export function useSession(): SessionAnswer {
  const session = useContext(SessionContext);
  if (session === null) throw new Error('there is no session here');
  return session;
}

export function useMay(): (ability: Ability) => boolean {
  const { staff } = useSession();
  return (ability) => mayRole(staff.role, ability);
}
