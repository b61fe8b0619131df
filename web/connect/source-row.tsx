/** One source: its name, its state, and the one or two actions on it. */
import { Badge, Button } from '@mantine/core';
import type { LanguageShape, SourceShape } from '../../src/pages/connect/connect-shapes.ts';
import { fillText } from '../../src/pages/fill-text.ts';
import { ProviderMark } from './provider-mark.tsx';
import { localeOf } from './texts.ts';
import type { Visit } from './use-sources.ts';

export interface SourceRowProps {
  readonly source: SourceShape;
  readonly language: LanguageShape;
  /** The visit at this provider; null if there is none. */
  readonly visit: Visit | null;
  /** Whether it is being disconnected. */
  readonly isEnding: boolean;
  readonly onConnect: () => void;
  readonly onDisconnect: (connectionId: string) => void;
}

export function SourceRow({ source, language, visit, isEnding, onConnect, onDisconnect }: SourceRowProps) {
  const { texts: t } = language;
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
      <ProviderMark source={source} locale={localeOf(language.tag)} />
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
        <p className="state">{isEnding ? t.opening : stateText(source, visit, language)}</p>
        {visit?.state === 'blocked' && visit.start !== null && (
          // The start page looks at this one, so the link between the two windows must stay (`opener`).
          <a href={visit.start.authUrl} target="roster-connect" rel="opener">
            {fillText(t.goTo, { provider: title })}
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
  { tag, texts: t }: LanguageShape,
): string {
  const provider = title;
  if (connection?.status === 'active' && connection.connectedAt !== null) {
    const day = new Intl.DateTimeFormat(localeOf(tag), { dateStyle: 'long' });
    return fillText(t.since, { date: day.format(new Date(connection.connectedAt)) });
  }
  switch (visit?.state) {
    case 'opening':
      return t.opening;
    case 'open':
      return fillText(t.waiting, { provider });
    case 'blocked':
      return t.blocked;
    case 'closed':
      return t.notFinished;
    case 'denied':
      return t.denied;
    case 'failed':
      return fillText(t.failed, { provider });
    case 'account_taken':
      return fillText(t.accountTaken, { provider });
    case undefined:
      break;
  }
  switch (connection?.status) {
    case 'needs_user':
      return isOffered ? fillText(t.needsUser, { provider }) : fillText(t.ended, { provider });
    case 'revoking':
    case 'overdue':
      return fillText(t.ending, { provider });
    default:
      return '';
  }
}
