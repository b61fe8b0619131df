/** The first tab of a person: sign-in, fields, proofs, connections, sessions, messages, failed tries. */
import { ActionIcon } from '@mantine/core';
import type { ReactNode } from 'react';
import type { MaskedField, Person, RevealAnswer } from '../../../src/contracts/console/shapes/people.ts';
import { Icon } from '../parts/icon.tsx';
import { Moment } from '../parts/moment.tsx';
import { Fact, Facts, Panel, State } from '../parts/panel.tsx';
import { fillText, useFormats, useTexts } from '../texts/texts.tsx';
import { ActButton } from './act-menu.tsx';
import { Connections, Failures, Messages, Sessions } from './activity.tsx';
import type { OpenAct } from './acts.ts';
import { usePersonTexts } from './person-texts.ts';

export interface OverviewProps {
  readonly person: Person;
  /** What the reader has looked at, where fields are masked. */
  readonly revealed: RevealAnswer['values'];
  readonly onOpen: (open: OpenAct) => void;
}

export function Overview(props: OverviewProps) {
  return (
    <div className="person-grid">
      <SignIn {...props} />
      <div className="person-column">
        <Identity {...props} />
        <Proofs {...props} />
      </div>
      <div className="person-column">
        <Connections {...props} />
        <Sessions {...props} />
        <Messages {...props} />
        <Failures {...props} />
      </div>
    </div>
  );
}

function SignIn({ person, onOpen }: OverviewProps) {
  const texts = usePersonTexts();
  const formats = useFormats();
  const { can, reasons } = person.signIn;
  const blocking = reasons.filter(({ scope }) => scope !== 'nowhere');
  const others = reasons.filter(({ scope }) => scope === 'nowhere');
  const isEverywhere = reasons.some(({ scope }) => scope === 'everywhere');
  const tone = can ? 'can' : isEverywhere ? 'cannot' : 'some';
  const list = (which: typeof reasons): ReactNode => (
    <ul className="reasons">
      {which.map(({ code, until, act }) => (
        <li key={code}>
          <span>
            {texts.signIn.reason[code]}
            {until !== null && Date.parse(until) > Date.now() && (
              <>
                {' '}
                <time dateTime={until} title={formats.moment(until)}>
                  {fillText(texts.signIn.until, { time: formats.distance(until) })}
                </time>
              </>
            )}
          </span>
          {act !== null && act !== 'reveal' && (
            <ActButton act={act} person={person} onOpen={onOpen} isPrimary={act === 'unlock'} />
          )}
        </li>
      ))}
    </ul>
  );
  return (
    <section className={`sign-in-state ${tone}`} aria-label={texts.signIn.title}>
      <Icon name={can ? 'check' : 'lock'} size={20} />
      <div>
        <h2>{texts.signIn[tone]}</h2>
        {blocking.length > 0 && list(blocking)}
        {others.length > 0 && (
          <>
            <p className="dim small">{texts.signIn.notStopping}</p>
            {list(others)}
          </>
        )}
      </div>
      {!reasons.some(({ act }) => act === 'send-reset') && person.acts['send-reset'].isAllowed && (
        <div className="sign-in-acts">
          <ActButton act="send-reset" person={person} onOpen={onOpen} />
        </div>
      )}
    </section>
  );
}

/** What each masked value has in it; an external id that tells nothing is not masked. */
const mark = '•••';

/** A field that may be masked: its value, and a button that asks for a reason and shows it. */
function Guarded({
  field,
  value,
  person,
  revealed,
  onOpen,
  children,
}: OverviewProps & {
  readonly field: MaskedField;
  readonly value: string | null;
  readonly children?: ReactNode;
}) {
  const texts = usePersonTexts();
  const { none } = useTexts();
  const isRevealed = Object.hasOwn(revealed, field);
  const shown = isRevealed ? (revealed[field] ?? null) : value;
  const label = fillText(texts.reveal.show, { field: texts.field[field] });
  return (
    <Fact
      name={texts.field[field]}
      aside={
        <>
          {children}
          {isRevealed && <State tone="calm">{texts.reveal.shown}</State>}
          {person.isMasked &&
            !isRevealed &&
            value?.includes(mark) === true &&
            person.acts.reveal.isAllowed && (
              <ActionIcon
                size="sm"
                variant="subtle"
                color="gray"
                aria-label={label}
                title={label}
                onClick={() => onOpen({ act: 'reveal', field })}
              >
                <Icon name="eye" />
              </ActionIcon>
            )}
        </>
      }
    >
      {shown ?? <span className="dim">{none}</span>}
    </Fact>
  );
}

function Identity(props: OverviewProps) {
  const texts = usePersonTexts();
  const formats = useFormats();
  const { yes, no } = useTexts();
  const { fields, isMasked } = props.person;
  const birth = fields.dateOfBirth;
  const isDay = birth !== null && /^\d{4}-\d{2}-\d{2}$/.test(birth);
  const origin = fields.isNativeSignup ? 'native' : fields.isSelfRegistered ? 'self' : 'made';
  return (
    <Panel
      title={texts.fields}
      actions={<ActButton act="rename" person={props.person} onOpen={props.onOpen} />}
    >
      <Facts>
        <Guarded {...props} field="name" value={fields.name} />
        <Guarded {...props} field="email" value={fields.email} />
        {fields.requestedEmail !== null && (
          <Guarded {...props} field="requestedEmail" value={fields.requestedEmail} />
        )}
        <Guarded {...props} field="phone" value={fields.phone} />
        <Guarded {...props} field="externalId" value={fields.externalId} />
        <Guarded {...props} field="dateOfBirth" value={isDay && !isMasked ? formats.day(birth) : birth} />
        <Fact name={texts.field.language}>{fields.language}</Fact>
        <Fact name={texts.field.timezone}>{fields.timezone}</Fact>
        <Fact name={texts.field.origin}>{texts.origin[origin]}</Fact>
        <Fact name={texts.field.clinicalWish}>{fields.isClinical ? yes : no}</Fact>
        {(['createdAt', 'updatedAt', 'confirmedAt', 'lastLoginAt', 'lastSyncAt', 'lastScoreAt'] as const).map(
          (name) => (
            <Fact key={name} name={texts.field[name]}>
              <Moment
                at={fields[name]}
                as={name === 'createdAt' || name === 'confirmedAt' ? 'moment' : 'distance'}
              />
            </Fact>
          ),
        )}
      </Facts>
    </Panel>
  );
}

function Proofs({ person, revealed, onOpen }: OverviewProps) {
  const texts = usePersonTexts();
  const formats = useFormats();
  return (
    <Panel title={texts.proofs} actions={<ActButton act="resend" person={person} onOpen={onOpen} />}>
      <Facts>
        {(['email', 'phone'] as const).map((which) => {
          const { address, provedAt } = person.proofs[which];
          return (
            <Fact
              key={which}
              name={texts.field[which]}
              aside={
                address === null ? null : provedAt === null ? (
                  <State tone="warn">{texts.notProved}</State>
                ) : (
                  <State tone="good">{fillText(texts.provedSince, { date: formats.date(provedAt) })}</State>
                )
              }
            >
              {revealed[which] ?? address ?? <span className="dim">{texts.noAddress}</span>}
            </Fact>
          );
        })}
      </Facts>
    </Panel>
  );
}
