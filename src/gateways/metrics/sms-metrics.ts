/** The texts of the day as Prometheus metrics. They are read from the database, which all processes share. */
import { Gauge, Registry } from 'prom-client';
import type { SmsSummary } from '../../core/messaging/sms-report.ts';
import type { Snapshot } from './snapshot.ts';

const millionths = 1_000_000;

export function smsSnapshot({ counts, budgets, closed }: SmsSummary): Promise<Snapshot> {
  const registry = new Registry();
  const gauge = (name: string, help: string, ...labelNames: string[]) =>
    new Gauge({ name, help, labelNames, aggregator: 'max', registers: [registry] });

  const texts = gauge(
    'roster_sms_texts_today',
    'Texts since midnight (UTC): sent, or not sent for a reason; their codes went by mail.',
    'outcome',
    'country',
  );
  const spent = gauge('roster_sms_spent_today', 'What the texts since midnight (UTC) cost.', 'country');
  for (const { outcome, country, ...count } of counts) {
    texts.set({ outcome, country: country === '' ? 'none' : country }, count.texts);
    if (outcome === 'sent') spent.set({ country }, count.spent / millionths);
  }
  const states = gauge(
    'roster_sms_budgets',
    "Organizations whose day's budget is nearly or wholly spent.",
    'state',
  );
  states.set({ state: 'near' }, budgets.near);
  states.set({ state: 'spent' }, budgets.spent);
  const ranges = gauge('roster_sms_ranges_closed', 'Ranges of numbers that are closed.', 'country');
  for (const { country, count } of closed) ranges.set({ country }, count);
  return registry.getMetricsAsJSON();
}
