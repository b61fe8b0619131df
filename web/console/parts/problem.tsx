/** A failed call, in words: what happened, and what to do. */
import { Alert, Button } from '@mantine/core';
import { ApiProblem } from '../api.ts';
import type { Texts } from '../texts/en.ts';
import { type Formats, fillText, useFormats, useTexts } from '../texts/texts.tsx';
import { Icon } from './icon.tsx';

/** A sentence for the reader. A code without a text of its own shows the sentence of the server. */
export function problemText(error: unknown, texts: Texts, formats: Formats): string {
  if (!(error instanceof ApiProblem)) return texts.problems.internal;
  const { code, retryAfterSeconds } = error;
  const known: Readonly<Record<string, string>> = texts.problems;
  const text = known[code];
  if (text === undefined) return error.message === code ? texts.problems.internal : error.message;
  return fillText(text, {
    time: retryAfterSeconds === null ? texts.wait : formats.duration(retryAfterSeconds * 1000),
  });
}

export function useProblemText(): (error: unknown) => string {
  const texts = useTexts();
  const formats = useFormats();
  return (error) => problemText(error, texts, formats);
}

export interface ProblemProps {
  /** Nothing is shown for null. */
  readonly error: unknown;
  /** Offers another try. */
  readonly onRetry?: () => void;
}

export function Problem({ error, onRetry }: ProblemProps) {
  const texts = useTexts();
  const textOf = useProblemText();
  if (error === null || error === undefined) return null;
  return (
    <Alert color="red" variant="light" role="alert" className="problem" icon={<Icon name="warning" />}>
      <p>{textOf(error)}</p>
      {onRetry !== undefined && (
        <Button size="xs" variant="default" onClick={onRetry}>
          {texts.retry}
        </Button>
      )}
    </Alert>
  );
}

/** What is wrong with one field, for the `error` of an input; undefined for nothing. */
export function useFieldProblems(error: unknown): (field: string) => string | undefined {
  const { faults } = useTexts();
  const known: Readonly<Record<string, string>> = faults;
  return (field) => {
    const refusal = error instanceof ApiProblem ? error.fields[field] : undefined;
    if (refusal === undefined) return undefined;
    const text = known[refusal.fault] ?? refusal.message;
    return fillText(text, { min: String(refusal.min ?? ''), max: String(refusal.max ?? '') });
  };
}
