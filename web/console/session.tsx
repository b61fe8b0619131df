/** Who the reader is, for every page: read once, and again after each sign-in. */
import { useQuery } from '@tanstack/react-query';
import { createContext, useContext } from 'react';
import type { SessionAnswer } from '../../src/contracts/console/shapes/session.ts';
import { type Ability, mayRole } from './abilities.ts';
import { ApiProblem, call } from './api.ts';

export const sessionKey = ['session'] as const;

/** Null for a reader who is not signed in. A page that looks by itself makes the session last no longer. */
export async function readSession(
  options: { readonly isRepeated?: boolean } = {},
): Promise<SessionAnswer | null> {
  try {
    const isRepeated = options.isRepeated === true;
    return await call<SessionAnswer>('GET', '/session', { isRepeated });
  } catch (error) {
    if (error instanceof ApiProblem && error.status === 401) return null;
    throw error;
  }
}

export function useSessionQuery() {
  return useQuery({ queryKey: sessionKey, queryFn: () => readSession(), staleTime: 60_000 });
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
