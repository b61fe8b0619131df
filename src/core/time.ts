/**
 * Instants are epoch milliseconds inside the program, and texts only in what clients send and get. Times that come in
 * are RFC 3339 (section 5.6); times that go out are UTC with `Z`, in whole seconds or in milliseconds.
 */

export interface Clock {
  /** The present instant in epoch milliseconds. The clock of a machine can be set, so this may jump forward and back. */
  now(): number;
  /** Milliseconds since any start, of a clock that cannot be set. Durations inside a process are measured by it. */
  elapsed(): number;
}

export const systemClock: Clock = { now: () => Date.now(), elapsed: () => performance.now() };

export const secondMs = 1_000;
export const minuteMs = 60 * secondMs;
export const hourMs = 60 * minuteMs;
export const dayMs = 24 * hourMs;

/** How far the clocks of the processes of one deployment may differ. A time is not too far ahead by less. */
export const skewMs = minuteMs;

/**
 * A time that something waits for, at most `longestMs` ahead of now. A time further ahead was written while the clock was
 * wrong. The table of such times is `src/store/schema/times.ts`.
 */
export function notBeyond(time: number, longestMs: number, now: number): number {
  return Math.min(time, now + longestMs);
}

const rfc3339 = /^\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(\.\d+)?([Zz]|[+-]\d{2}:\d{2})$/;
const isoDate = /^(\d{4})-(\d{2})-(\d{2})$/;

/** `2025-01-20T08:30:00Z`: the instant in UTC, rounded down to whole seconds. */
export function toSecondText(instant: number): string {
  const day = Math.floor(instant / dayMs);
  const second = Math.floor((instant - day * dayMs) / secondMs);
  const minute = Math.floor(second / 60);
  return `${dateText(day)}${minuteTexts[minute]}${wholeSeconds[second - minute * 60]}`;
}

/** `2025-01-20T08:30:00.000Z`: the instant in UTC with milliseconds. */
export function toMillisecondText(instant: number): string {
  const day = Math.floor(instant / dayMs);
  const inDay = instant - day * dayMs;
  const second = Math.floor(inDay / secondMs);
  const minute = Math.floor(second / 60);
  const end = thousandths[inDay - second * secondMs];
  return `${dateText(day)}${minuteTexts[minute]}${twoDigits[second - minute * 60]}${end}`;
}

/** The calendar date in UTC at that instant, `YYYY-MM-DD`. */
export function utcDate(instant: number): string {
  return dateText(Math.floor(instant / dayMs));
}

// Lists render thousands of times, and `Date` is slow: texts that repeat are kept, in as few pieces as possible.
const twoDigits = Array.from({ length: 60 }, (_, number) => String(number).padStart(2, '0'));
/** `T08:30:` */
const minuteTexts = Array.from(
  { length: 24 * 60 },
  (_, minute) => `T${twoDigits[Math.floor(minute / 60)]}:${twoDigits[minute % 60]}:`,
);
/** `00Z` */
const wholeSeconds = twoDigits.map((digits) => `${digits}Z`);
/** `.000Z` */
const thousandths = Array.from({ length: 1_000 }, (_, number) => `.${String(number).padStart(3, '0')}Z`);
const dateTexts = new Map<number, string>();
const dateTextsMax = 20_000;

/** The date of a day counted from 1970. */
function dateText(day: number): string {
  const known = dateTexts.get(day);
  if (known !== undefined) return known;
  const text = new Date(day * dayMs).toISOString().slice(0, -14);
  if (dateTexts.size >= dateTextsMax) dateTexts.clear();
  dateTexts.set(day, text);
  return text;
}

/** A year of RFC 3339 has four digits. Near the limits, an offset leads to an instant whose year in UTC has not. */
const firstInstant = Date.parse('0000-01-01T00:00:00.000Z');
const lastInstant = Date.parse('9999-12-31T23:59:59.999Z');

/** Reads an RFC 3339 date-time with its offset; null where the text has another form, or names no real instant. */
export function parseInstant(text: string): number | null {
  if (text.length > 64 || !rfc3339.test(text)) return null;
  try {
    const instant = Temporal.Instant.from(cutToNanoseconds(text)).epochMilliseconds;
    return instant >= firstInstant && instant <= lastInstant ? instant : null;
  } catch {
    return null;
  }
}

/** True where the text is a calendar date `YYYY-MM-DD` that exists. */
export function isCalendarDate(text: string): boolean {
  const [, year, month, day] = isoDate.exec(text) ?? [];
  if (year === undefined) return false;
  // Every month has 28 days; the month matters only for later days.
  if (Number(day) >= 1 && Number(day) <= 28) return Number(month) >= 1 && Number(month) <= 12;
  try {
    Temporal.PlainDate.from(text, { overflow: 'reject' });
    return true;
  } catch {
    return false;
  }
}

/** RFC 3339 has no limit for the digits of a second; `Temporal` reads nine. */
function cutToNanoseconds(text: string): string {
  return text.replace(/(\.\d{9})\d+/, '$1');
}
