/** One person: who they are, what they can do, what happened to them, and what a member of staff can do for them. */
import '../styles/person.css';
import { Alert, Button, Tabs } from '@mantine/core';
import { useState } from 'react';
import type { Person, RevealAnswer } from '../../../src/contracts/console/shapes/people.ts';
import { PageLink, useAddressPart, useAddressValues, useSetValues } from '../address.tsx';
import { ApiProblem } from '../api.ts';
import { CopyButton } from '../parts/copy-button.tsx';
import { Icon } from '../parts/icon.tsx';
import { Loading } from '../parts/loading.tsx';
import { PageHead } from '../parts/page-head.tsx';
import { State } from '../parts/panel.tsx';
import { Problem } from '../parts/problem.tsx';
import { statusTones } from '../people/columns.tsx';
import { usePeopleTexts } from '../people/people-texts.ts';
import { useMay } from '../session.tsx';
import { useTexts } from '../texts/texts.tsx';
import { ActDialogs } from './act-dialogs.tsx';
import { ActButton, ActMenu } from './act-menu.tsx';
import type { OpenAct } from './acts.ts';
import { Contracts } from './contracts.tsx';
import { Overview } from './overview.tsx';
import { usePerson, useReadAgain } from './person-query.ts';
import { usePersonTexts } from './person-texts.ts';
import { Timeline } from './timeline.tsx';

const tabs = ['overview', 'contracts', 'timeline'] as const;

export function Page() {
  const id = useAddressPart('id');
  // Another person begins without the state of this one.
  return <PersonPage key={id} id={id} />;
}

function PersonPage({ id }: { readonly id: string }) {
  const texts = usePersonTexts();
  const { loading } = useTexts();
  const { data: person, error, refetch } = usePerson(id);
  if (person !== undefined) return <Shown person={person} />;
  if (error instanceof ApiProblem && error.code === 'not_found') {
    return (
      <div className="notice">
        <h1>{texts.gone}</h1>
        <p>{texts.goneHint}</p>
        <PageLink to="/people">{texts.back}</PageLink>
      </div>
    );
  }
  if (error !== null) return <Problem error={error} onRetry={() => void refetch()} />;
  return <Loading label={loading} />;
}

function Shown({ person }: { readonly person: Person }) {
  const texts = usePersonTexts();
  const words = usePeopleTexts();
  const { tab = 'overview' } = useAddressValues();
  const setValues = useSetValues();
  const readAgain = useReadAgain(useAddressPart('id'));
  const [open, setOpen] = useState<OpenAct | null>(null);
  const [revealed, setRevealed] = useState<RevealAnswer['values']>({});
  const { fields } = person;
  const mayRecord = useMay()('console.record.read');
  const myTabs = tabs.filter((each) => each !== 'timeline' || mayRecord);
  const shown = myTabs.find((each) => each === tab) ?? 'overview';
  const title =
    revealed.name ?? fields.name ?? revealed.email ?? fields.email ?? fields.externalId ?? person.id;

  return (
    <div className="person">
      <PageHead
        title={title}
        above={
          <PageLink to="/people" className="way-back">
            <Icon name="chevronLeft" size={14} />
            {texts.back}
          </PageLink>
        }
        note={
          <span className="person-states">
            <State tone={statusTones[fields.status]}>{words.status[fields.status]}</State>
            <State tone="plain">{words.role[fields.role]}</State>
            {fields.isClinicalApproved && <State tone="calm">{texts.clinical}</State>}
            {person.isDemo && <State tone="calm">{texts.demo}</State>}
            {fields.isTemplate && <State tone="plain">{texts.template}</State>}
          </span>
        }
      >
        <ActButton act="edit" size="sm" person={person} onOpen={setOpen} />
        <ActMenu person={person} onOpen={setOpen} />
      </PageHead>
      <p className="person-ids dim small">
        <code>{person.id}</code>
        <CopyButton text={person.id} label={texts.copyId} />
        <span>
          {texts.field.number} <code>{person.number}</code>
        </span>
        <span>
          {texts.app} {person.app.name}
        </span>
      </p>
      {person.isMasked && (
        <Alert color="gray" variant="light" icon={<Icon name="eye" />} className="masked-note">
          <p>{texts.masked}</p>
          {person.acts.reveal.isAllowed && (
            <Button size="xs" variant="default" onClick={() => setOpen({ act: 'reveal', field: 'all' })}>
              {texts.reveal.all}
            </Button>
          )}
        </Alert>
      )}
      <Tabs
        value={shown}
        onChange={(value) =>
          setValues({ tab: value === 'overview' ? undefined : (value ?? ''), page: undefined })
        }
      >
        <Tabs.List>
          {myTabs.map((each) => (
            <Tabs.Tab key={each} value={each}>
              {texts.tabs[each]}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        <Tabs.Panel value="overview">
          {shown === 'overview' && <Overview person={person} revealed={revealed} onOpen={setOpen} />}
        </Tabs.Panel>
        <Tabs.Panel value="contracts">{shown === 'contracts' && <Contracts id={person.id} />}</Tabs.Panel>
        {mayRecord && (
          <Tabs.Panel value="timeline">{shown === 'timeline' && <Timeline id={person.id} />}</Tabs.Panel>
        )}
      </Tabs>
      <ActDialogs
        person={person}
        open={open}
        onClose={() => setOpen(null)}
        onDone={readAgain}
        onRevealed={(values) => setRevealed((before) => ({ ...before, ...values }))}
      />
    </div>
  );
}
