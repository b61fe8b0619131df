/** The overview: how many people there are, what happened on each day, and what needs a person. */
import type { Core } from '../../core/core.ts';
import { daysOfFigures } from '../../core/figures/figure-days.ts';
import { figureDaysDefault, figureDaysMax, readFigures } from '../../core/figures/figures.ts';
import { toMillisecondText, utcDate } from '../../core/time.ts';
import type { Answer, Call, Route } from '../../http/contract.ts';
import { instant, named, Type } from '../../http/shape.ts';
import type { OverviewAnswer } from './shapes/overview.ts';
import { staffOf } from './staff-caller.ts';

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
            default: figureDaysDefault,
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
  const { days = String(figureDaysDefault) } = call.query;
  const number = typeof days === 'string' && /^\d{1,3}$/.test(days) ? Number(days) : Number.NaN;
  const figures = await readFigures(core, staffOf(call), { days: number });
  const body: OverviewAnswer = {
    users: figures.users,
    erasures: figures.erasures,
    days: daysOfFigures(figures).map(({ day, ...counts }) => ({ day: utcDate(day), ...counts })),
    messagesSince: toMillisecondText(figures.messagesSince),
  };
  return { status: 200, body };
}
