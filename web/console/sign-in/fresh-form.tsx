/** Asks for a factor that the account has, within a session. */
import { useQuery } from '@tanstack/react-query';
import { Problem } from '../parts/problem.tsx';
import { FactorForm } from './factor-form.tsx';
import { freshKinds } from './factors.ts';

export function FreshForm({ onDone }: { readonly onDone: () => void }) {
  const { data, error, refetch } = useQuery({ queryKey: ['factors', 'fresh'], queryFn: freshKinds });
  if (error !== null) return <Problem error={error} onRetry={() => void refetch()} />;
  return data === undefined ? null : <FactorForm factors={data} isFresh onDone={onDone} />;
}
