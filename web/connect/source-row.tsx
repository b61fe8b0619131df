/** One source: its name, its state, and the one or two actions on it. */
import { Badge, Button } from '@mantine/core';
import type { SourceShape } from '../../src/pages/connect/connect-shapes.ts';
import { type Language, type Texts, texts } from './texts.ts';
import type { Visit } from './use-sources.ts';

export interface SourceRowProps {
  readonly source: SourceShape;
  readonly language: Language;
  /** The visit at this provider; null if there is none. */
  readonly visit: Visit | null;
  /** Whether it is being disconnected. */
  readonly isEnding: boolean;
  readonly onConnect: () => void;
  readonly onDisconnect: (connectionId: string) => void;
}

export function SourceRow({ source, language, visit, isEnding, onConnect, onDisconnect }: SourceRowProps) {
  const t = texts[language];
  const { title, connection, isDemo, isOffered } = source;
  const status = connection?.status;
  const isBusy = isEnding || visit?.state === 'opening';
  const connectText =
    status === 'needs_user' ? t.connectAgain : visit?.state === 'open' ? t.openAgain : t.connect;
  const connecting = { text: connectText, isStrong: visit === null, act: onConnect };
  const ending = { text: t.disconnect, isStrong: false, act: () => onDisconnect(connection?.id ?? '') };
  const actions = [
    ...(status !== 'active' && isOffered ? [connecting] : []),
    ...(status === 'active' || status === 'needs_user' ? [ending] : []),
  ];
  return (
    <li className="source" data-provider={source.provider} data-status={status ?? 'none'}>
      <span className="initial" aria-hidden>
        {title.slice(0, 1)}
      </span>
      <div className="about">
        <h2>
          {title}
          {isDemo && (
            <Badge color="grape" variant="filled" className="badge">
              {t.demo}
            </Badge>
          )}
        </h2>
        {isDemo && <p className="hint">{t.demoHint}</p>}
        <p className="state">{isEnding ? t.opening : stateText(source, visit, t, language)}</p>
        {visit?.state === 'blocked' && visit.start !== null && (
          // The start page looks at this one, so the link between the two windows must stay (`opener`).
          <a href={visit.start.authUrl} target="roster-connect" rel="opener">
            {t.goTo(title)}
          </a>
        )}
      </div>
      <div className="actions">
        {actions.map(({ text, isStrong, act }, index) => (
          // Keyed by its index, the button stays the same element while its action changes, and keeps the focus. A disabled
          // button would lose the focus.
          <Button
            // biome-ignore lint/suspicious/noArrayIndexKey: the index identifies the button
            key={index}
            variant={isStrong ? 'filled' : 'default'}
            aria-label={`${text} ${title}`}
            aria-disabled={isBusy}
            onClick={isBusy ? undefined : act}
          >
            {text}
          </Button>
        ))}
      </div>
    </li>
  );
}

function stateText(
  { title, connection, isOffered }: SourceShape,
  visit: Visit | null,
  t: Texts,
  language: Language,
): string {
  if (connection?.status === 'active' && connection.connectedAt !== null) {
    const day = new Intl.DateTimeFormat(language, { dateStyle: 'long' });
    return t.since(day.format(new Date(connection.connectedAt)));
  }
  switch (visit?.state) {
    case 'opening':
      return t.opening;
    case 'open':
      return t.waiting(title);
    case 'blocked':
      return t.blocked;
    case 'closed':
      return t.notFinished;
    case 'denied':
      return t.denied;
    case 'failed':
      return t.failed(title);
    case 'account_taken':
      return t.accountTaken(title);
    case undefined:
      break;
  }
  switch (connection?.status) {
    case 'needs_user':
      return isOffered ? t.needsUser(title) : t.ended(title);
    case 'revoking':
    case 'overdue':
      return t.ending(title);
    default:
      return '';
  }
}
