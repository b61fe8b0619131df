/** Why a list was refused: what of the search and the filters is not accepted, and what to do; any other problem as it is. */
import { Alert, Button } from '@mantine/core';
import { ApiProblem } from '../api.ts';
import { Problem, useFieldProblems } from '../parts/problem.tsx';
import { useMay } from '../session.tsx';
import { wordOf } from '../texts/words.ts';
import { usePeopleTexts } from './people-texts.ts';

export interface SearchProblemProps {
  /** Nothing is shown for null. */
  readonly error: unknown;
  readonly onRetry: () => void;
  readonly onRemoveFilters: () => void;
}

export function SearchProblem({ error, onRetry, onRemoveFilters }: SearchProblemProps) {
  const texts = usePeopleTexts();
  const may = useMay();
  const faultOf = useFieldProblems(error);
  const fields = error instanceof ApiProblem ? Object.keys(error.fields) : [];
  // A place in the list is nothing that the reader typed.
  if (fields.length === 0 || fields.includes('after')) return <Problem error={error} onRetry={onRetry} />;
  const isOfText = fields.includes('q');
  const filters = fields.filter((field) => field !== 'q');
  const isInvalid = error instanceof ApiProblem && error.fields['q']?.fault === 'invalid';
  return (
    <Alert color="yellow" variant="light" role="alert" className="masked-note">
      {isOfText && (
        <p>
          {!may('console.people.unmasked')
            ? texts.unsearchable
            : isInvalid
              ? texts.unreadable
              : `${texts.search}: ${faultOf('q')}`}
        </p>
      )}
      {filters.map((field) => (
        <p key={field}>
          {wordOf(texts.filter, field)}: {faultOf(field)}
        </p>
      ))}
      {filters.length > 0 && (
        <Button size="xs" variant="default" onClick={onRemoveFilters}>
          {texts.removeFilters}
        </Button>
      )}
    </Alert>
  );
}
