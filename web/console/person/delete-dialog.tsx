/**
 * The deletion of a person: says what will happen at which provider, asks for the typed confirmation and a fresh factor, and
 * then shows how the erasure goes on until its receipt is signed.
 */
import { Button } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import type { ErasureAnswer } from '../../../src/contracts/console/shapes/erasures.ts';
import type { DeleteAnswer, DeleteRequest, Person } from '../../../src/contracts/console/shapes/people.ts';
import { PageLink, useGo } from '../address.tsx';
import { call } from '../api.ts';
import { ActDialog } from '../parts/dialog.tsx';
import { DialogFrame } from '../parts/dialog-frame.tsx';
import { Icon } from '../parts/icon.tsx';
import { Problem } from '../parts/problem.tsx';
import { fillText } from '../texts/texts.tsx';
import { usePersonTexts } from './person-texts.ts';

const watchMs = 1500;

export function DeleteDialog({ person, onClose }: { readonly person: Person; readonly onClose: () => void }) {
  const texts = usePersonTexts();
  const [erasureId, setErasureId] = useState<string | null>(null);
  const { confirmation, providers } = person.deletion;
  if (confirmation === null) return null;
  if (erasureId !== null) return <WatchDialog person={person} erasureId={erasureId} />;
  return (
    <ActDialog
      title={texts.act.delete}
      text={
        <>
          <p>{texts.does.delete}</p>
          {providers.length === 0 ? (
            <p>{texts.erase.noProviders}</p>
          ) : (
            <>
              <p>{texts.erase.at}</p>
              <ul className="bullets">
                {providers.map(({ provider, title, what }) => (
                  <li key={`${provider} ${what}`}>{fillText(texts.erase.what[what], { provider: title })}</li>
                ))}
              </ul>
            </>
          )}
        </>
      }
      doIt={texts.act.delete}
      isDangerous
      confirmation={confirmation}
      onDo={async () => {
        const body: DeleteRequest = { confirmation };
        const answer = await call<DeleteAnswer>('POST', `/people/${encodeURIComponent(person.id)}/delete`, {
          body,
        });
        setErasureId(answer.erasureId);
      }}
      onDone={() => {}}
      onClose={onClose}
    />
  );
}

function WatchDialog({ person, erasureId }: { readonly person: Person; readonly erasureId: string }) {
  const texts = usePersonTexts();
  const go = useGo();
  const queries = useQueryClient();
  const { data, error, refetch } = useQuery({
    queryKey: ['erasures', erasureId],
    queryFn: ({ signal }) =>
      call<ErasureAnswer>('GET', `/erasures/${erasureId}`, { signal, isRepeated: true }),
    refetchInterval: ({ state: { data: known } }) => (known?.state === 'complete' ? false : watchMs),
  });
  const state = data?.state ?? 'running';
  const isComplete = state === 'complete';
  const grants = data?.providers ?? [];
  const isOpen = grants.some((grant) => grant.state === 'pending' || grant.state === 'overdue');
  const hasGrants = person.deletion.providers.some(({ what }) => what === 'revoke');
  const leave = (): void => {
    queries.removeQueries({ queryKey: ['person'] });
    void queries.invalidateQueries({ queryKey: ['people'] });
    go('/people');
  };
  const steps = [
    { text: texts.erase.steps.accepted, isDone: true },
    ...(hasGrants ? [{ text: texts.erase.steps.providers, isDone: data !== undefined && !isOpen }] : []),
    { text: texts.erase.steps.remains, isDone: isComplete },
    { text: texts.erase.steps.receipt, isDone: isComplete },
  ];
  return (
    <DialogFrame onClose={leave} title={texts.erase.watching} closesOutside={false}>
      <div className="dialog-form">
        <Problem error={error} onRetry={() => void refetch()} />
        <ol className="steps">
          {steps.map(({ text, isDone }) => (
            <li key={text} className={isDone ? 'is-done' : ''}>
              <Icon name={isDone ? 'check' : 'clock'} />
              {text}
            </li>
          ))}
        </ol>
        <p role="status">{texts.erase.state[state]}</p>
        {!isComplete && <p className="dim small">{texts.erase.leave}</p>}
        <div className="dialog-buttons">
          <PageLink to={`/erasures/${erasureId}`}>{texts.erase.open}</PageLink>
          <Button data-autofocus onClick={leave}>
            {texts.erase.toList}
          </Button>
        </div>
      </div>
    </DialogFrame>
  );
}
