/** The figures by day, as the overview of the console and `roster overview` show them: sums of what the stores have counted. */
import { dayMs } from '../time.ts';
import type { DayTotalKind } from './day-totals.ts';
import type { DailyEvent, Figures } from './figures.ts';

/** What happened on one day. Money is in millionths of the currency of the prices. */
export interface FigureDay extends Readonly<Record<DailyEvent, number>> {
  /** The first instant of the day, in UTC. */
  readonly day: number;
  /** Messages that were given up. */
  readonly failedSms: number;
  readonly failedEmails: number;
  /** What the failed texts cost; a part of what was spent. */
  readonly failedSpent: number;
  /** Text messages that were queued, those that were not sent, and what the first cost. */
  readonly texts: number;
  readonly textsNotSent: number;
  readonly spent: number;
  /** Calls that a limit refused, that a role does not allow, and wrong passwords. */
  readonly throttled: number;
  readonly forbidden: number;
  readonly wrongPasswords: number;
  /** Requests that the whole deployment refused unread. */
  readonly shed: number;
}

/** Each day of the figures, oldest first. */
export function daysOfFigures(figures: Figures): readonly FigureDay[] {
  const { firstDay, days, events, failed, texts, refused, shed } = figures;
  const totals = [...refused, ...shed];
  return Array.from({ length: days }, (_, at): FigureDay => {
    const day = firstDay + at * dayMs;
    const ofDay = <T extends { readonly day: number }>(rows: readonly T[]) =>
      rows.filter((row) => row.day === day);
    const sum = <T>(rows: readonly T[], of: (row: T) => number) =>
      rows.reduce((all, row) => all + of(row), 0);
    const failedBy = (channel: 'sms' | 'email') =>
      sum(
        ofDay(failed).filter((row) => row.channel === channel),
        ({ messages }) => messages,
      );
    const total = (what: DayTotalKind) =>
      sum(
        ofDay(totals).filter((row) => row.what === what),
        ({ times }) => times,
      );
    const sent = ofDay(texts).filter(({ outcome }) => outcome === 'sent');
    return {
      day,
      created: events.created[at] ?? 0,
      confirmed: events.confirmed[at] ?? 0,
      connected: events.connected[at] ?? 0,
      deleted: events.deleted[at] ?? 0,
      failedSms: failedBy('sms'),
      failedEmails: failedBy('email'),
      failedSpent: sum(ofDay(failed), (row) => row.spent),
      texts: sum(sent, (row) => row.texts),
      textsNotSent: sum(ofDay(texts), (row) => row.texts) - sum(sent, (row) => row.texts),
      spent: sum(sent, (row) => row.spent),
      throttled: total('access.throttled'),
      forbidden: total('access.forbidden'),
      wrongPasswords: total('session.refused'),
      shed: total('shed'),
    };
  });
}
