/** The settings of what one staff account of the console may do in an hour. A part of the list in `settings.ts`. */
import { setting } from './setting.ts';
import * as read from './setting-parsers.ts';

const limitMax = 1_000_000;

export const staffSettings = {
  limitLooks: setting('ROSTER_LIMIT_LOOKS', {
    section: 'Limits',
    parser: read.wholeNumber(1, limitMax),
    fallback: '20',
    meaning:
      'Looks at masked fields that one staff account of the console takes per hour. Each further one needs a fresh second factor; above five times as many the answer is 429.',
  }),
  limitBulkPlans: setting('ROSTER_LIMIT_BULK_PLANS', {
    section: 'Limits',
    parser: read.wholeNumber(1, limitMax),
    fallback: '60',
    meaning:
      'Acts on many people that one staff account of the console plans per hour; above that the answer is 429.',
  }),
} as const;
