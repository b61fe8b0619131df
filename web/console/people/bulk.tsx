/**
 * Acts on many: the server makes a plan and changes nothing, the reader confirms it with the number of people, and the page
 * then asks the server for one part after the other. What was left half done can be gone on with, or discarded.
 */
import { Alert, Button, Progress } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect, useRef, useState } from 'react';
import type {
  BulkAct,
  BulkPlan,
  BulkRequest,
  BulkRunRequest,
  BulkSelection,
} from '../../../src/contracts/console/shapes/bulk.ts';
import { PageLink } from '../address.tsx';
import { ApiProblem, call } from '../api.ts';
import { ActDialog } from '../parts/dialog.tsx';
import { DialogFrame } from '../parts/dialog-frame.tsx';
import { useFreshFactor } from '../parts/fresh-factor.tsx';
import { Problem } from '../parts/problem.tsx';
import { fillText, useFormats, useTexts } from '../texts/texts.tsx';
import { type BulkValue, BulkValueDialog, needsValue, ValueLine } from './bulk-value.tsx';
import { usePeopleTexts } from './people-texts.ts';

export const bulkKey = ['people', 'bulk'] as const;

export interface BulkWork {
  readonly act: BulkAct;
  readonly selection: BulkSelection;
}

/** The acts that take power from a person, or the person. */
const dangerous: ReadonlySet<BulkAct> = new Set(['cancel', 'delete']);

/** From the plan to its end. `found`: a plan that was made before. */
export function BulkDialog({
  work,
  found,
  onClose,
}: {
  readonly work: BulkWork | null;
  readonly found: BulkPlan | null;
  readonly onClose: (isChanged: boolean) => void;
}) {
  const texts = usePeopleTexts();
  const formats = useFormats();
  const withFreshFactor = useFreshFactor();
  const { cancel } = useTexts();
  const [plan, setPlan] = useState<BulkPlan | null>(found);
  const [value, setValue] = useState<BulkValue | null>(null);
  const [error, setError] = useState<unknown>(null);
  const hasAsked = useRef(false);
  const act = work?.act ?? plan?.act;

  useEffect(() => {
    if (work === null || hasAsked.current || (needsValue(work.act) && value === null)) return;
    hasAsked.current = true;
    const body: BulkRequest = { act: work.act, selection: work.selection, ...value };
    withFreshFactor(() => call<BulkPlan>('POST', '/bulk-acts', { body })).then(setPlan, setError);
  }, [work, value, withFreshFactor]);

  if (act === undefined) return null;
  const title = texts.act[act];
  if (plan === null && needsValue(act) && value === null) {
    return <BulkValueDialog act={act} onChosen={setValue} onClose={() => onClose(false)} />;
  }
  if (plan === null || error !== null) {
    return (
      <DialogFrame onClose={() => onClose(false)} title={title}>
        {error === null ? <p role="status">{texts.plan.making}</p> : <PlanProblem error={error} />}
        <div className="dialog-buttons">
          <Button variant="default" onClick={() => onClose(false)}>
            {cancel}
          </Button>
        </div>
      </DialogFrame>
    );
  }
  if (plan.state === 'planned') {
    return (
      <ActDialog
        title={title}
        text={
          <>
            <p>
              {formats.count(texts.plan.for, plan.total)} {texts.actDoes[act]}
            </p>
            <ValueLine plan={plan} />
            <Refusals of={plan.refusals} isPlan />
          </>
        }
        doIt={texts.plan.start}
        isDangerous={dangerous.has(act)}
        confirmation={plan.confirmation}
        onDo={async () => {
          const body: BulkRunRequest = { confirmation: plan.confirmation };
          setPlan(await call<BulkPlan>('POST', `/bulk-acts/${plan.id}/run`, { body }));
        }}
        onDone={() => {}}
        onClose={() => {
          void discard(plan.id);
          onClose(false);
        }}
      />
    );
  }
  return <BulkRun plan={plan} onClose={() => onClose(true)} />;
}

/** Why there is no plan. The server tells how many people one act takes. */
function PlanProblem({ error }: { readonly error: unknown }) {
  const texts = usePeopleTexts();
  const formats = useFormats();
  const { fault, max = 0 } = (error instanceof ApiProblem ? error.fields['selection'] : undefined) ?? {};
  if (fault !== 'out_of_range') return <Problem error={error} />;
  return (
    <Alert color="yellow" variant="light" role="alert">
      {fillText(texts.tooMany, { count: formats.number(max) })}
    </Alert>
  );
}

function discard(id: string): Promise<void> {
  // A plan that was not confirmed ends by itself too.
  return call('DELETE', `/bulk-acts/${id}`).catch(() => undefined);
}

function BulkRun({ plan: begun, onClose }: { readonly plan: BulkPlan; readonly onClose: () => void }) {
  const texts = usePeopleTexts();
  const formats = useFormats();
  const { close } = useTexts();
  const queries = useQueryClient();
  const withFreshFactor = useFreshFactor();
  const [plan, setPlan] = useState(begun);
  const [isRunning, setIsRunning] = useState(true);
  const [error, setError] = useState<unknown>(null);
  const isComplete = plan.state === 'complete' || plan.state === 'discarded';

  useEffect(() => {
    if (!isRunning || isComplete) return;
    let isLeft = false;
    const body: BulkRunRequest = {};
    withFreshFactor(() => call<BulkPlan>('POST', `/bulk-acts/${plan.id}/run`, { body })).then(
      (next) => {
        if (!isLeft) setPlan(next);
      },
      (problem: unknown) => {
        if (isLeft) return;
        setError(problem);
        setIsRunning(false);
      },
    );
    return () => {
      isLeft = true;
    };
  }, [plan, isRunning, isComplete, withFreshFactor]);

  useEffect(() => {
    if (isComplete) void queries.invalidateQueries({ queryKey: ['people'] });
  }, [isComplete, queries]);

  const counts = { done: formats.number(plan.done), total: formats.number(plan.total) };
  return (
    <DialogFrame onClose={onClose} title={texts.act[plan.act]} closesOutside={false}>
      <div className="dialog-form">
        <Problem error={error} />
        <Progress
          value={plan.total === 0 ? 100 : (plan.done / plan.total) * 100}
          animated={isRunning && !isComplete}
          aria-label={texts.act[plan.act]}
        />
        <p role="status">
          {isComplete
            ? formats.count(plan.act === 'delete' ? texts.plan.deleted : texts.plan.finished, plan.changed)
            : isRunning
              ? fillText(texts.plan.progress, counts)
              : `${fillText(texts.plan.progress, counts)}. ${texts.plan.stopped}`}
        </p>
        <Refusals of={plan.failed} isPlan={false} />
        {isComplete && plan.act === 'delete' && (
          <p>
            <PageLink to="/erasures">{texts.plan.erasures}</PageLink>
          </p>
        )}
        <div className="dialog-buttons">
          {!isComplete && (
            <Button
              variant="default"
              onClick={() => {
                setError(null);
                setIsRunning((before) => !before);
              }}
            >
              {isRunning ? texts.plan.stop : texts.plan.goOn}
            </Button>
          )}
          {(isComplete || !isRunning) && <Button onClick={onClose}>{close}</Button>}
        </div>
      </div>
    </DialogFrame>
  );
}

function Refusals({ of, isPlan }: { readonly of: BulkPlan['refusals']; readonly isPlan: boolean }) {
  const texts = usePeopleTexts();
  const formats = useFormats();
  const words: Readonly<Record<string, string>> = texts.refusal;
  if (of.length === 0) return isPlan ? <p>{texts.plan.allPossible}</p> : null;
  return (
    <ul className="refusals">
      {of.map(({ why, count }) => (
        <li key={why}>{formats.count(texts.plan.refused, count, { why: words[why] ?? why })}</li>
      ))}
    </ul>
  );
}

/** Says which acts on many were left, and offers to go on. */
export function LeftActs({ onGoOn }: { readonly onGoOn: (plan: BulkPlan) => void }) {
  const texts = usePeopleTexts();
  const formats = useFormats();
  const queries = useQueryClient();
  const { data } = useQuery({
    queryKey: bulkKey,
    queryFn: () => call<{ readonly items: readonly BulkPlan[] }>('GET', '/bulk-acts'),
    retry: false,
  });
  const left = (data?.items ?? []).filter(({ state }) => state === 'running');
  if (left.length === 0) return null;
  return (
    <ul className="left-acts">
      {left.map((plan) => (
        <li key={plan.id}>
          <span>
            {fillText(texts.plan.left, {
              act: texts.act[plan.act],
              done: formats.number(plan.done),
              total: formats.number(plan.total),
            })}
          </span>
          <Button size="xs" variant="default" onClick={() => onGoOn(plan)}>
            {texts.plan.goOn}
          </Button>
          <Button
            size="xs"
            variant="subtle"
            color="gray"
            onClick={() => void discard(plan.id).then(() => queries.invalidateQueries({ queryKey: bulkKey }))}
          >
            {texts.plan.discard}
          </Button>
        </li>
      ))}
    </ul>
  );
}
