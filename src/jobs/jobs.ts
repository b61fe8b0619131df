/**
 * Every job that a server runs. A job is a file in this folder and a line in the list below; the job itself says its
 * name, which committed rows wake it, and how long it pauses.
 */
import type { Core } from '../core/core.ts';
import type { Channel } from '../core/messaging/message.ts';
import type { MessageSender } from '../core/messaging/sender.ts';
import { createAnswerPasswordRequestsJob } from './answer-password-requests.ts';
import { createArchiveEventsJob } from './archive-events.ts';
import { createCompleteErasuresJob } from './complete-erasures.ts';
import { createEndEmailRequestsJob } from './end-email-requests.ts';
import { createHousekeepingJob } from './housekeeping.ts';
import { createIndexUsersJob } from './index-users.ts';
import type { Journal } from './journal.ts';
import { createMeasureHashesJob } from './measure-hashes.ts';
import { createNoteKeyUsesJob } from './note-key-uses.ts';
import { createRefreshTokensJob } from './refresh-tokens.ts';
import { createReportSmsLimitsJob } from './report-sms-limits.ts';
import { createRevokeGrantsJob } from './revoke-grants.ts';
import type { Job } from './runner.ts';
import { createSendMessagesJob } from './send-messages.ts';
import { createWriteCountsJob } from './write-counts.ts';

export interface JobParts {
  readonly core: Core;
  readonly journal: Journal;
  readonly senders: Readonly<Record<Channel, MessageSender>>;
  /** Gets the messages that no real sender may get. */
  readonly outbox: MessageSender;
  readonly concurrency: Readonly<Record<Channel, number>>;
}

/** The list of jobs, in the order in which they start. */
export function createJobs({ core, journal, ...sending }: JobParts): readonly Job[] {
  return [
    createSendMessagesJob({ ...core, ...sending, journal }),
    createAnswerPasswordRequestsJob(core, journal),
    createRevokeGrantsJob(core, journal),
    createRefreshTokensJob(core, journal),
    createCompleteErasuresJob(core, journal),
    createEndEmailRequestsJob(core),
    createMeasureHashesJob(core),
    ...(core.sms === null ? [] : [createReportSmsLimitsJob(core, core.sms, journal)]),
    createHousekeepingJob(core, journal),
    createWriteCountsJob(core),
    createNoteKeyUsesJob(core),
    createArchiveEventsJob(core),
    createIndexUsersJob(core),
  ];
}
