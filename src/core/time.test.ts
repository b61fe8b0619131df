import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import {
  isCalendarDate,
  parseInstant,
  systemClock,
  toMillisecondText,
  toSecondText,
  utcDate,
} from './time.ts';

const instants = fc.integer({ min: 0, max: Date.UTC(9999, 11, 31) });

describe('times', () => {
  test('an instant in milliseconds reads back as itself, in seconds as the second it lies in', () => {
    fc.assert(
      fc.property(instants, (instant) => {
        assert.equal(parseInstant(toMillisecondText(instant)), instant);
        assert.equal(parseInstant(toSecondText(instant)), instant - (instant % 1_000));
      }),
    );
  });

  test('an instant is written as ISO 8601 writes it, before 1970 and after 9999 too', () => {
    const any = fc.integer({ min: -8_640_000_000_000_000, max: 8_640_000_000_000_000 });
    fc.assert(
      fc.property(fc.oneof(instants, any), (instant) => {
        const text = new Date(instant).toISOString();
        assert.equal(toMillisecondText(instant), text);
        assert.equal(toSecondText(instant), `${text.slice(0, -5)}Z`);
        assert.equal(utcDate(instant), text.slice(0, -14));
      }),
    );
  });

  test('times go out in UTC with Z', () => {
    const instant = Date.UTC(2023, 9, 20, 15, 30, 0, 7);
    assert.equal(toMillisecondText(instant), '2023-10-20T15:30:00.007Z');
    assert.equal(toSecondText(instant), '2023-10-20T15:30:00Z');
    assert.equal(utcDate(instant), '2023-10-20');
  });

  test('every form of RFC 3339 is read, offsets and long fractions included', () => {
    const noon = Date.UTC(2025, 0, 20, 12);
    assert.equal(parseInstant('2025-01-20T12:00:00Z'), noon);
    assert.equal(parseInstant('2025-01-20t12:00:00z'), noon);
    assert.equal(parseInstant('2025-01-20T14:00:00+02:00'), noon);
    assert.equal(parseInstant('2025-01-19T21:30:00-14:30'), noon);
    assert.equal(parseInstant('2025-01-20T12:00:00.5Z'), noon + 500);
    assert.equal(parseInstant('2025-01-20T12:00:00.123456789012Z'), noon + 123);
  });

  test('a text that is not an RFC 3339 time, or not a real one, is refused', () => {
    for (const text of [
      '',
      'now',
      '2025-01-20',
      '2025-01-20T12:00:00',
      '2025-01-20 12:00:00Z',
      '2025-02-30T12:00:00Z',
      '2025-01-20T25:00:00Z',
      '2025-01-20T12:60:00Z',
      '2025-01-20T12:00:00+99:00',
      '+002025-01-20T12:00:00Z',
      '2025-01-20T12:00:00[UTC]',
      `2025-01-20T12:00:00.${'1'.repeat(60)}Z`,
    ]) {
      assert.equal(parseInstant(text), null, text);
    }
  });

  test('only dates of the calendar are dates', () => {
    for (const text of ['1990-05-15', '2024-02-29', '0001-01-01']) assert.ok(isCalendarDate(text), text);
    for (const text of [
      '1990-5-15',
      '2023-02-29',
      '1990-13-01',
      '1990-00-10',
      '15/05/1990',
      '19900515',
      '',
    ]) {
      assert.equal(isCalendarDate(text), false, text);
    }
  });

  test('the clock of the machine tells the time', () => {
    assert.ok(Math.abs(systemClock.now() - Date.now()) < 1_000);
  });
});
