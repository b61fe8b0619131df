/** The commands that read the audit log; `catalogue.ts` includes them. */
import { pageSizeMax } from '../core/directory/paging.ts';
import { auditActions } from '../core/record/audit-event.ts';
import type { Command, Option } from './command.ts';

const filters: Readonly<Record<string, Option>> = {
  org: { value: 'ID', meaning: 'Of this organization; needed where there are several' },
  user: { value: 'ID|EMAIL', meaning: 'About this user only: an id in any format, a number, or an email' },
  actor: {
    value: 'ID',
    meaning: 'By this key, app, user or account of the operating system (uid:1000) only',
  },
  action: { value: 'ACTION', meaning: 'Of this action only', choices: auditActions },
  since: { value: 'TIME', meaning: 'From this time or date on' },
  until: { value: 'TIME', meaning: 'Before this time or date' },
};

export const auditCommands: readonly Command[] = [
  {
    name: 'audit list',
    summary: 'List events of the audit log, newest first',
    options: {
      ...filters,
      limit: {
        value: 'N',
        meaning: 'Events per page; default: 50',
        range: { min: 1, max: pageSizeMax },
      },
      page: { value: 'N', meaning: 'The page, from 1', range: { min: 1, max: 1_000_000_000 } },
    },
    load: async () => (await import('./commands/audit.ts')).list,
  },
  {
    name: 'audit export',
    summary: 'Write events of the audit log as NDJSON, oldest first',
    options: {
      ...filters,
      out: {
        value: 'FILE',
        meaning: 'The file to write, or - for standard output; default: standard output',
        takesDash: true,
      },
      force: { meaning: 'Replace a file that exists' },
    },
    load: async () => (await import('./commands/audit.ts')).exportAll,
  },
];
