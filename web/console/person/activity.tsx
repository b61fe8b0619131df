/** What happens around a person: connections, sessions, messages, failed tries. */
import type { ReactNode } from 'react';
import type { Person } from '../../../src/contracts/console/shapes/people.ts';
import { CopyButton } from '../parts/copy-button.tsx';
import { Icon } from '../parts/icon.tsx';
import { Panel, State } from '../parts/panel.tsx';
import { fillText, useFormats } from '../texts/texts.tsx';
import { useWords, wordOf } from '../texts/words.ts';
import { ActButton } from './act-menu.tsx';
import type { OpenAct } from './acts.ts';
import { usePersonTexts } from './person-texts.ts';

interface ActivityProps {
  readonly person: Person;
  readonly onOpen: (open: OpenAct) => void;
}

const connectionTones = {
  pending: 'plain',
  active: 'good',
  needs_user: 'warn',
  revoking: 'calm',
  revoked: 'plain',
  overdue: 'bad',
} as const;
const messageTones = { queued: 'calm', sent: 'good', kept: 'plain', failed: 'bad' } as const;

/** A line of a list: a name, a state, and details below. */
function Line({
  name,
  state,
  details,
  children,
}: {
  readonly name: ReactNode;
  readonly state?: ReactNode;
  readonly details: readonly (string | null)[];
  readonly children?: ReactNode;
}) {
  return (
    <li className="line">
      <div className="line-head">
        <strong>{name}</strong>
        {state}
      </div>
      <div className="dim small">{details.filter((each) => each !== null && each !== '').join(' · ')}</div>
      {children}
    </li>
  );
}

function None({ text }: { readonly text: string }) {
  return <p className="dim small">{text}</p>;
}

export function Connections({ person }: ActivityProps) {
  const { connections: texts } = usePersonTexts();
  const formats = useFormats();
  return (
    <Panel title={texts.title} note={formats.number(person.connections.length)}>
      {person.connections.length === 0 && <None text={texts.none} />}
      <ul className="lines">
        {person.connections.map((each) => (
          <Line
            key={each.id}
            name={each.title}
            state={<State tone={connectionTones[each.status]}>{texts.status[each.status]}</State>}
            details={[
              each.connectedAt === null
                ? null
                : fillText(texts.since, { date: formats.date(each.connectedAt) }),
              each.lastSyncAt === null
                ? null
                : fillText(texts.lastSync, { time: formats.distance(each.lastSyncAt) }),
              each.refreshFailures === 0
                ? null
                : formats.count(texts.failures, each.refreshFailures, {
                    why: each.refreshOutcome ?? texts.unknown,
                  }),
            ]}
          />
        ))}
      </ul>
    </Panel>
  );
}

export function Sessions({ person, onOpen }: ActivityProps) {
  const { sessions: texts } = usePersonTexts();
  const formats = useFormats();
  return (
    <Panel
      title={texts.title}
      note={formats.number(person.sessions.length)}
      actions={<ActButton act="end-sessions" person={person} onOpen={onOpen} />}
    >
      {person.sessions.length === 0 && <None text={texts.none} />}
      <ul className="lines">
        {person.sessions.map(({ id, startedAt, lastUsedAt, expiresAt }) => (
          <Line
            key={id}
            name={<code className="small">{id.slice(0, 12)}…</code>}
            details={[
              fillText(texts.started, { time: formats.distance(startedAt) }),
              fillText(texts.used, { time: formats.distance(lastUsedAt) }),
              fillText(texts.ends, { time: formats.distance(expiresAt) }),
            ]}
          />
        ))}
      </ul>
      {person.networks.length > 0 && (
        <p className="dim small lines-foot">{formats.count(texts.networks, person.networks.length)}</p>
      )}
    </Panel>
  );
}

export function Messages({ person }: ActivityProps) {
  const { messages: texts } = usePersonTexts();
  const formats = useFormats();
  const words = useWords();
  return (
    <Panel title={texts.title} note={formats.number(person.messages.length)}>
      {person.messages.length === 0 && <None text={texts.none} />}
      <ul className="lines">
        {person.messages.map((each) => (
          <Line
            key={each.id}
            name={wordOf(words.message, each.template)}
            state={<State tone={messageTones[each.state]}>{texts.state[each.state]}</State>}
            details={[
              texts.channel[each.channel],
              formats.distance(each.createdAt),
              each.attempts > 1 || each.state === 'failed'
                ? formats.count(texts.attempts, each.attempts)
                : null,
              each.nextAttemptAt === null
                ? null
                : fillText(texts.nextTry, { time: formats.distance(each.nextAttemptAt) }),
            ]}
          >
            {each.content !== null && (
              <details className="message-content">
                <summary>
                  <Icon name="outbox" size={14} />
                  {texts.show}
                </summary>
                {each.content.code !== null && (
                  <p>
                    {texts.code} <code className="message-code">{each.content.code}</code>
                    <CopyButton text={each.content.code} label={texts.code} />
                  </p>
                )}
                <p className="dim">{each.content.subject}</p>
                <pre>{each.content.body}</pre>
              </details>
            )}
          </Line>
        ))}
      </ul>
    </Panel>
  );
}

export function Failures({ person, onOpen }: ActivityProps) {
  const { failures: texts } = usePersonTexts();
  const formats = useFormats();
  const subjects: Readonly<Record<string, string>> = texts.of;
  const { passwords, code, links, limits } = person.failures;
  const isEmpty = passwords.length + links.length + limits.length === 0 && code === null;
  return (
    <Panel title={texts.title} actions={<ActButton act="unlock" person={person} onOpen={onOpen} />}>
      {isEmpty && <None text={texts.none} />}
      <ul className="lines">
        {passwords.map(({ from, count, lastAt, lockedUntil }) => (
          <Line
            key={`${from} ${lastAt}`}
            name={texts.from[from]}
            details={[
              count === null ? null : formats.count(texts.inARow, count),
              fillText(texts.last, { time: formats.distance(lastAt) }),
              lockedUntil === null ? null : fillText(texts.locked, { time: formats.moment(lockedUntil) }),
            ]}
          />
        ))}
        {code !== null && (
          <Line
            name={texts.code}
            details={[
              formats.count(texts.triesLeft, code.triesLeft),
              fillText(texts.validUntil, { time: formats.moment(code.expiresAt) }),
            ]}
          />
        )}
        {links.map(({ purpose, expiresAt }) => (
          <Line
            key={`${purpose} ${expiresAt}`}
            name={texts.link[purpose]}
            details={[fillText(texts.validUntil, { time: formats.moment(expiresAt) })]}
          />
        ))}
        {limits.map(({ limit, of, used, most, until }) => (
          <Line
            key={`${limit} ${of}`}
            name={fillText(texts.limit, { limit })}
            details={[
              subjects[of] ?? of,
              most === null
                ? formats.count(texts.hits, used)
                : fillText(texts.used, { used: formats.number(used), most: formats.number(most) }),
              until === null ? null : fillText(texts.refusedUntil, { time: formats.moment(until) }),
            ]}
          />
        ))}
      </ul>
    </Panel>
  );
}
