/** The overview: how many people there are, what happened on each day, and what needs a person. */
import type { Core } from '../../core/core.ts';
import type { DayTotalKind } from '../../core/figures/day-totals.ts';
import { type Figures, figureDaysMax, readFigures } from '../../core/figures/figures.ts';
import { messageRetentionMs } from '../../core/messaging/message.ts';
import { dayMs, toMillisecondText, utcDate } from '../../core/time.ts';
import type { Answer, Call, Route } from '../../http/contract.ts';
import { instant, named, Type } from '../../http/shape.ts';
import type { OverviewAnswer, OverviewDay } from './shapes/overview.ts';
import { staffOf } from './staff-caller.ts';

const daysDefault = 30;
const count = Type.Integer({ minimum: 0 });

const overview = named(
  'Overview',
  Type.Object({
    users: Type.Object({ total: count, pending: count, active: count, inactive: count }),
    erasures: Type.Object({ running: count, overdue: count, complete: count }),
    days: Type.Array(
      Type.Object({
        day: Type.String({ format: 'date', description: 'In UTC.' }),
        created: count,
        confirmed: count,
        connected: count,
        deleted: count,
        failedSms: count,
        failedEmails: count,
        failedSpent: Type.Integer({
          minimum: 0,
          description:
            'Of `failedSms`, in millionths of the currency of the prices; a part of what was spent.',
        }),
        texts: count,
        textsNotSent: count,
        spent: Type.Integer({
          minimum: 0,
          description: 'Of texts, in millionths of the currency of the prices.',
        }),
        throttled: count,
        forbidden: count,
        wrongPasswords: count,
        shed: Type.Integer({ minimum: 0, description: 'Of the whole deployment.' }),
      }),
    ),
    messagesSince: instant('Since when messages and spending are known.'),
  }),
);

export function overviewRoutes(core: Core): readonly Route[] {
  return [
    {
      method: 'GET',
      path: '/overview',
      operationId: 'getOverview',
      tag: 'Overview',
      summary: 'The figures of the organization',
      access: 'console.overview.read',
      query: Type.Object({
        days: Type.Optional(
          Type.Integer({
            minimum: 1,
            maximum: figureDaysMax,
            default: daysDefault,
            description: 'How many days.',
          }),
        ),
      }),
      responses: { 200: { description: 'The figures', schema: overview } },
      refusals: ['invalid_fields'],
      sampleFaults: [{ field: 'days', fault: 'out_of_range', min: 1, max: figureDaysMax }],
      handle: (call) => read(core, call),
    },
  ];
}

async function read(core: Core, call: Call): Promise<Answer> {
  const { days = String(daysDefault) } = call.query;
  const number = typeof days === 'string' && /^\d{1,3}$/.test(days) ? Number(days) : Number.NaN;
  const figures = await readFigures(core, staffOf(call), { days: number });
  const since = Math.max(figures.firstDay, core.clock.now() - messageRetentionMs);
  const body: OverviewAnswer = {
    users: figures.users,
    erasures: figures.erasures,
    days: daysOf(figures),
    messagesSince: toMillisecondText(since),
  };
  return { status: 200, body };
}

function daysOf({ firstDay, days, events, failed, texts, refused, shed }: Figures): OverviewDay[] {
  const totals = [...refused, ...shed];
  return Array.from({ length: days }, (_, at): OverviewDay => {
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
      day: utcDate(day),
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
