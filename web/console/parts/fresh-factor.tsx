/**
 * Acts that need a second factor of the last five minutes. The server refuses such a call with `fresh_factor_required`; then
 * a dialog asks for the factor, and the refused call is made once more.
 */
import { createContext, lazy, type ReactNode, Suspense, useContext, useMemo, useRef, useState } from 'react';
import { ApiProblem } from '../api.ts';
import { useTexts } from '../texts/texts.tsx';
import { DialogFrame } from './dialog-frame.tsx';

/** Runs the call, and runs it again after a fresh factor where the server asks for one. */
export type WithFreshFactor = <T>(run: () => Promise<T>) => Promise<T>;

const FreshFactorContext = createContext<WithFreshFactor>((run) => run());

const FreshForm = lazy(async () => ({ default: (await import('../sign-in/fresh-form.tsx')).FreshForm }));

export function FreshFactorProvider({ children }: { readonly children: ReactNode }) {
  const { fresh } = useTexts();
  const [isOpen, setIsOpen] = useState(false);
  const waiting = useRef<{ given(): void; refused(): void }[]>([]);

  const settle = (how: 'given' | 'refused'): void => {
    setIsOpen(false);
    for (const each of waiting.current.splice(0)) each[how]();
  };

  const withFreshFactor = useMemo<WithFreshFactor>(
    () => async (run) => {
      try {
        return await run();
      } catch (error) {
        if (!isFreshFactorRequired(error)) throw error;
        await new Promise<void>((resolve, reject) => {
          waiting.current.push({ given: resolve, refused: () => reject(error) });
          setIsOpen(true);
        });
        return run();
      }
    },
    [],
  );

  return (
    <FreshFactorContext value={withFreshFactor}>
      {children}
      <DialogFrame isOpen={isOpen} isAbove onClose={() => settle('refused')} title={fresh.title} size="sm">
        <p className="dialog-text">{fresh.why}</p>
        <Suspense fallback={null}>
          <FreshForm onDone={() => settle('given')} />
        </Suspense>
      </DialogFrame>
    </FreshFactorContext>
  );
}

export function useFreshFactor(): WithFreshFactor {
  return useContext(FreshFactorContext);
}

export function isFreshFactorRequired(error: unknown): boolean {
  return error instanceof ApiProblem && error.code === 'fresh_factor_required';
}
