/** Short notes in a corner of the page about what was done. Screen readers hear them; they leave by themselves. */
import { CloseButton } from '@mantine/core';
import { createContext, type ReactNode, useCallback, useContext, useMemo, useState } from 'react';
import { useTexts } from '../texts/texts.tsx';
import { Icon } from './icon.tsx';
import { useProblemText } from './problem.tsx';

interface Toast {
  readonly id: number;
  readonly text: string;
  readonly isProblem: boolean;
}

interface Toasts {
  /** Says what was done. */
  tell(text: string): void;
  /** Says why it was not done. */
  tellProblem(error: unknown): void;
}

const ToastContext = createContext<Toasts>({ tell: () => {}, tellProblem: () => {} });
const shownMs = 6000;
const problemShownMs = 14_000;

let lastId = 0;

export function ToastProvider({ children }: { readonly children: ReactNode }) {
  const texts = useTexts();
  const textOf = useProblemText();
  const [toasts, setToasts] = useState<readonly Toast[]>([]);
  const remove = useCallback((id: number) => {
    setToasts((present) => present.filter((toast) => toast.id !== id));
  }, []);
  const add = useCallback(
    (text: string, isProblem: boolean) => {
      lastId += 1;
      const id = lastId;
      setToasts((present) => [...present.slice(-3), { id, text, isProblem }]);
      window.setTimeout(() => remove(id), isProblem ? problemShownMs : shownMs);
    },
    [remove],
  );
  const value = useMemo<Toasts>(
    () => ({ tell: (text) => add(text, false), tellProblem: (error) => add(textOf(error), true) }),
    [add, textOf],
  );
  return (
    <ToastContext value={value}>
      {children}
      <div className="toasts" aria-live="polite" role="status">
        {toasts.map(({ id, text, isProblem }) => (
          <div key={id} className={isProblem ? 'toast toast-problem' : 'toast'}>
            <Icon name={isProblem ? 'warning' : 'check'} />
            <span>{text}</span>
            <CloseButton size="sm" aria-label={texts.close} onClick={() => remove(id)} />
          </div>
        ))}
      </div>
    </ToastContext>
  );
}

export function useToasts(): Toasts {
  return useContext(ToastContext);
}
