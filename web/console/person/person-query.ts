/** Reads one person. A look at a person stands in the record, so the page asks only when it is opened or something changed. */
import { useQuery, useQueryClient } from '@tanstack/react-query';
import type { Person } from '../../../src/contracts/console/shapes/people.ts';
import { call } from '../api.ts';

export const personKey = (id: string) => ['person', id] as const;

export function usePerson(id: string) {
  return useQuery({
    queryKey: personKey(id),
    queryFn: ({ signal }) => call<Person>('GET', `/people/${encodeURIComponent(id)}`, { signal }),
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 0,
    refetchOnWindowFocus: false,
    refetchOnReconnect: false,
  });
}

/** Reads the person again, and everything that the page shows of them. */
export function useReadAgain(id: string): () => Promise<void> {
  const queries = useQueryClient();
  return async () => {
    void queries.invalidateQueries({ queryKey: ['people'] });
    await queries.invalidateQueries({ queryKey: personKey(id) });
  };
}
