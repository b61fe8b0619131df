/** What an act on many people gives to each: a role, or clinical approval. */
import type { Migration } from '../migrate.ts';

export const bulkValues: Migration = {
  version: 39,
  name: 'bulk-values',
  statements: ({ types: { text } }) => [`alter table bulk_acts add column act_value ${text}`],
};
