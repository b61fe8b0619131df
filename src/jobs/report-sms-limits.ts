/**
 * Tells the operator of budgets of text messages that are spent or nearly so, and of ranges of numbers that were closed: a
 * line each, in one process. A line has no part of a number: the country and a digest name the range.
 */
import { formatAmount } from '../core/amount.ts';
import type { Core } from '../core/core.ts';
import { claimSmsNotices } from '../core/messaging/sms-report.ts';
import type { SmsRules } from '../core/messaging/sms-rules.ts';
import { secondMs } from '../core/time.ts';
import type { Journal } from './journal.ts';
import type { Job } from './runner.ts';

const digestCharacters = 10;

export function createReportSmsLimitsJob(core: Core, sms: SmsRules, journal: Journal): Job {
  return {
    name: 'report_sms_limits',
    topic: null,
    pauseMs: 5 * secondMs,
    async run() {
      const { budgets, closings } = await claimSmsNotices(core, sms);
      for (const { organization, state, spent } of budgets) {
        journal.warn(budgetLines[state], { organization, spent: formatAmount(spent) });
      }
      for (const { organization, range, country, until } of closings) {
        journal.warn('a range of phone numbers is closed: its codes do not come back, and go by mail', {
          organization,
          country,
          range: range.slice(0, digestCharacters),
          until: new Date(until).toISOString(),
        });
      }
      return false;
    },
  };
}

const budgetLines = {
  near: "four fifths of the day's budget for text messages are spent",
  spent: "the day's budget for text messages is spent: codes go by mail until midnight (UTC)",
} as const;
