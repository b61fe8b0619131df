/**
 * The metrics of messages: those that were queued, those that a budget dropped, and the attempts to send them, by lane, with those that
 * a service refused because of this deployment.
 */
import { Counter, type Registry } from 'prom-client';
import type { MessageOutcome } from '../../core/messaging/budget-store.ts';
import { kindOf } from '../../core/messaging/lane.ts';
import { type MessageTemplate, messageTemplates } from '../../core/messaging/message.ts';

export interface MessageMetrics {
  /** Messages that a committed transaction queued or dropped. */
  counted(outcomes: readonly MessageOutcome[]): void;
  /** An entry of the sending job in its journal. */
  attempted(fields: Readonly<Record<string, string | number>>): void;
}

const isTemplate = (text: unknown): text is MessageTemplate =>
  messageTemplates.some((template) => template === text);

export function createMessageMetrics(registers: Registry[]): MessageMetrics {
  const queued = new Counter({
    name: 'roster_messages_queued_total',
    help: 'Messages that were queued, within all budgets.',
    labelNames: ['channel'],
    registers,
  });
  const dropped = new Counter({
    name: 'roster_messages_dropped_total',
    help: 'Messages that were dropped, by the budget that did not allow them.',
    labelNames: ['channel', 'budget'],
    registers,
  });
  const attempts = new Counter({
    name: 'roster_message_attempts_total',
    help: 'Attempts to send a message by what came of them: sent, kept in the outbox, queued again, failed for good, decoy.',
    labelNames: ['channel', 'result'],
    registers,
  });
  const byLane = new Counter({
    name: 'roster_message_lane_attempts_total',
    help: 'Attempts to send a message by its lane and by what came of them; expired ones were not sent, because their code or link has ended.',
    labelNames: ['channel', 'lane', 'result'],
    registers,
  });
  const refusals = new Counter({
    name: 'roster_message_sender_refusals_total',
    help: 'Attempts that a service refused because of our sender, account or login. They are retried.',
    labelNames: ['channel'],
    registers,
  });
  return {
    counted(outcomes) {
      for (const { channel, budget } of outcomes) {
        if (budget === null) queued.inc({ channel });
        else dropped.inc({ channel, budget });
      }
    },
    attempted({ channel = '', template, state = '', reason, side }) {
      attempts.inc({ channel, result: state });
      const lane = isTemplate(template) ? kindOf(template) : 'none';
      byLane.inc({ channel, lane, result: reason === 'expired' ? reason : state });
      if (side === 'ours') refusals.inc({ channel });
    },
  };
}
