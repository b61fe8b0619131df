/**
 * What text messages cost: the spending of each organization and day, what was counted of its texts, the texts to ranges of
 * numbers in the last hour, and the ranges that are closed. Ranges are keyed digests.
 */
import type { Migration } from '../migrate.ts';

export const smsLimits: Migration = {
  version: 24,
  name: 'sms-limits',
  statements: ({ types: { integer, flag, text }, keyTable }) => [
    `create table sms_days (
      org_key ${integer} not null,
      day ${integer} not null,
      spent ${integer} not null,
      is_exhausted ${flag} not null check (is_exhausted in (0, 1)),
      told ${text} check (told in ('near', 'spent')),
      primary key (org_key, day)
    ) ${keyTable}`,
    'create index sms_days_day on sms_days (day)',

    `create table sms_counts (
      org_key ${integer} not null,
      day ${integer} not null,
      outcome ${text} not null,
      country ${text} not null,
      texts ${integer} not null,
      spent ${integer} not null,
      primary key (org_key, day, outcome, country)
    ) ${keyTable}`,
    'create index sms_counts_day on sms_counts (day)',

    `create table sms_ranges (
      org_key ${integer} not null,
      phone_range ${text} not null,
      slot ${integer} not null,
      texts ${integer} not null,
      returned ${integer} not null,
      primary key (org_key, phone_range, slot)
    ) ${keyTable}`,
    'create index sms_ranges_slot on sms_ranges (slot)',

    `create table sms_closings (
      org_key ${integer} not null,
      phone_range ${text} not null,
      country ${text} not null,
      closed_until ${integer} not null,
      is_told ${flag} not null check (is_told in (0, 1)),
      primary key (org_key, phone_range)
    ) ${keyTable}`,
    'create index sms_closings_end on sms_closings (closed_until)',
  ],
};
