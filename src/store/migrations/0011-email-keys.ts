/** Emails are compared by the A-label of their domain. */
import type { Migration } from '../migrate.ts';
import { renewEmailKeys } from './email-keys.ts';

export const emailKeys: Migration = {
  version: 11,
  name: 'email-keys',
  prepare: renewEmailKeys,
  statements: () => [],
};
