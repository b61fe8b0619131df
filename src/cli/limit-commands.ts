/** The commands that show and clear what the limits count; `catalogue.ts` includes them. */
import type { Command, Option } from './command.ts';

const of: Readonly<Record<string, Option>> = {
  account: { value: 'ID|EMAIL', meaning: 'Of this user: an id in any format, a number, or an email' },
  network: { value: 'IP', meaning: 'Of the network of this address, and of the wider networks around it' },
  org: { value: 'ID', meaning: 'The organization of the user; needed where several have one' },
};

export const limitCommands: readonly Command[] = [
  {
    name: 'limits show',
    summary: "Show what the limits count now, or the day's budgets of messages",
    options: of,
    load: async () => (await import('./commands/limits.ts')).show,
  },
  {
    name: 'limits clear',
    summary: 'Forget what the limits count for a user or a network',
    details:
      "A person who was refused can then go on at once, and so can everyone who tried for the account. The day's budgets stay: their limits are settings.\n" +
      'Calls of web pages are counted in the memory of each server, and are not cleared.',
    options: of,
    load: async () => (await import('./commands/limits.ts')).clear,
  },
];
