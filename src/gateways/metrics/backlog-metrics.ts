/**
 * The backlog of a directory as Prometheus metrics. Every process reads the same backlog, so only one of several
 * reports it.
 */
import { Gauge, Registry } from 'prom-client';
import type { Backlog } from '../../core/deployment/backlog.ts';
import { laneFor, messageKinds } from '../../core/messaging/lane.ts';
import { channels } from '../../core/messaging/message.ts';
import type { Snapshot } from './snapshot.ts';

/** The metrics of a backlog that was read at `now`, in epoch milliseconds. */
export function backlogSnapshot(
  { messages, erasures, revocations }: Backlog,
  now: number,
): Promise<Snapshot> {
  const registry = new Registry();
  const gauge = (name: string, help: string, ...labelNames: string[]) =>
    new Gauge({ name, help, labelNames, aggregator: 'max', registers: [registry] });
  const ageOf = (since: number | null): number => (since === null ? 0 : Math.max(0, now - since) / 1000);

  gauge('roster_messages_waiting', 'Messages that wait to be sent.').set(messages.queued);
  gauge('roster_messages_waiting_oldest_seconds', 'How long the first of them has waited; 0 for none.').set(
    ageOf(messages.since),
  );
  const oldestDue = gauge(
    'roster_message_lane_oldest_seconds',
    'How long the oldest message of a lane that could be sent now has waited since it was written; 0 for none.',
    'channel',
    'lane',
  );
  for (const channel of channels) {
    for (const kind of messageKinds) {
      const oldest = messages.due.find(({ lane }) => lane === laneFor(channel, kind));
      oldestDue.set({ channel, lane: kind }, ageOf(oldest?.since ?? null));
    }
  }
  const open = gauge('roster_erasures_open', 'Erasures that are not complete.', 'state');
  open.set({ state: 'running' }, erasures.running);
  open.set({ state: 'overdue' }, erasures.overdue);
  gauge('roster_erasures_open_oldest_seconds', 'How long ago the oldest of them began; 0 for none.').set(
    ageOf(erasures.since),
  );
  const waiting = gauge('roster_revocations_waiting', 'Grants that are to end.', 'provider', 'state');
  const oldest = gauge(
    'roster_revocations_waiting_oldest_seconds',
    'How long ago the oldest of them was to end; 0 for none.',
    'provider',
  );
  for (const { provider, pending, overdue, since } of revocations) {
    waiting.set({ provider, state: 'pending' }, pending);
    waiting.set({ provider, state: 'overdue' }, overdue);
    oldest.set({ provider }, ageOf(since));
  }
  return registry.getMetricsAsJSON();
}
