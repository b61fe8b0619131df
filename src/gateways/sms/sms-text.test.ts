import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { segmentsOf } from './sms-text.ts';

describe('a text has', () => {
  const cases: readonly [string, number][] = [
    ['', 1],
    ['a'.repeat(160), 1],
    ['a'.repeat(161), 2],
    ['a'.repeat(306), 2],
    ['a'.repeat(307), 3],
    ['é'.repeat(160), 1],
    // Characters of the extension take two places, and are not divided between two segments.
    ['€'.repeat(80), 1],
    ['€'.repeat(81), 2],
    ['€'.repeat(76 * 2), 2],
    ['€'.repeat(76 * 2 + 1), 3],
    ['ж'.repeat(70), 1],
    ['ж'.repeat(71), 2],
    ['ж'.repeat(134), 2],
    ['ж'.repeat(135), 3],
    // One character outside the GSM alphabet makes the whole text expensive.
    [`${'a'.repeat(159)}ж`, 3],
    ['😀'.repeat(35), 1],
    ['😀'.repeat(36), 2],
    ['😀'.repeat(66), 2],
    ['😀'.repeat(67), 3],
  ];

  test('as many segments as its service charges', () => {
    for (const [text, segments] of cases) {
      assert.equal(segmentsOf(text), segments, `${text.slice(0, 3)}… of ${text.length}`);
    }
  });
});
