/** The figures of an organization, as the overview of the console shows them. */
import { formatAmount } from '../../../core/amount.ts';
import { daysOfFigures } from '../../../core/figures/figure-days.ts';
import { figureDaysDefault, readFigures } from '../../../core/figures/figures.ts';
import { toMillisecondText, utcDate } from '../../../core/time.ts';
import { pairs, table } from '../../layout.ts';
import { getOnlyOrganization, onOrganizations, operatorOf } from '../../operator.ts';

export const overview = onOrganizations(async (directory, invocation) => {
  const { key, id, name } = await getOnlyOrganization(directory, invocation);
  const asked = Number(invocation.find('days') ?? figureDaysDefault);
  const figures = await readFigures(directory.core, operatorOf(key), { days: asked });
  const { users, erasures } = figures;
  const days = daysOfFigures(figures).map(({ day, ...counts }) => ({ day: utcDate(day), ...counts }));
  const messagesSince = toMillisecondText(figures.messagesSince);
  return {
    json: { organization: { id, name }, users, erasures, days, messagesSince },
    text: [
      pairs([
        ['Organization', name],
        ['Users', String(users.total)],
        ['  pending', String(users.pending)],
        ['  active', String(users.active)],
        ['  inactive', String(users.inactive)],
        ['Erasures overdue', String(erasures.overdue)],
        ['Erasures running', String(erasures.running)],
        ['Erasures complete', String(erasures.complete)],
        ['Messages known since', messagesSince],
      ]),
      table(
        ['day', ...columns.map(([title]) => title)],
        days.map((of) => [of.day, ...columns.map(([, show]) => show(of))]),
        '',
      ),
    ].join('\n\n'),
  };
});

type Day = Omit<ReturnType<typeof daysOfFigures>[number], 'day'>;
type Column = readonly [title: string, show: (day: Day) => string];

const columns: readonly Column[] = [
  ['created', ({ created }) => String(created)],
  ['confirmed', ({ confirmed }) => String(confirmed)],
  ['connected', ({ connected }) => String(connected)],
  ['deleted', ({ deleted }) => String(deleted)],
  ['texts', ({ texts }) => String(texts)],
  ['spent', ({ spent }) => formatAmount(spent)],
  ['not sent', ({ textsNotSent }) => String(textsNotSent)],
  ['failed texts', ({ failedSms }) => String(failedSms)],
  ['failed emails', ({ failedEmails }) => String(failedEmails)],
  ['throttled', ({ throttled }) => String(throttled)],
  ['forbidden', ({ forbidden }) => String(forbidden)],
  ['wrong passwords', ({ wrongPasswords }) => String(wrongPasswords)],
  ['shed', ({ shed }) => String(shed)],
];
