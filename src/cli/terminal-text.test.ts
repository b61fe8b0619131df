import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { characters } from '../../test/support/arbitraries.ts';
import { oneLine, safeJson, safeLines } from './terminal-text.ts';

const dangerous = ['\u001b', '\u009b', '\u0007', '\r', '\b', '\u007f', '\0', '\u202e', '\u2067', '\u2028'];
const text = fc.string({ unit: fc.oneof(fc.constantFrom(...dangerous, '\n', '[1m'), characters) });
const unsafe = /[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/u;

describe('text that a terminal shows', () => {
  test('has no control character, and is the same without one', () => {
    fc.assert(
      fc.property(text, (value) => {
        const line = oneLine(value);
        assert.doesNotMatch(line, unsafe);
        if (!unsafe.test(value)) assert.equal(line, value);
      }),
    );
    assert.equal(
      oneLine('Zo\u00eb \u05d0 \ud83d\udc69\u200d\ud83d\udcbb'),
      'Zo\u00eb \u05d0 \ud83d\udc69\u200d\ud83d\udcbb',
    );
  });

  test('has its line breaks, bold and dim, and no other sequence', () => {
    const styled = '\u001b[1mName\u001b[22m\n\u001b[2mb\u001b[22m';
    assert.equal(safeLines(styled), styled);
    assert.equal(safeLines('a\u001b[2Jb\u001b]0;x\u0007\u009b31mc\r\n'), 'a [2Jb ]0;x 31mc \n');
    assert.equal(safeLines('\u0007[1mx'), ' [1mx');
    fc.assert(
      fc.property(text, (value) => {
        const styles = ['\u001b[1m', '\u001b[2m', '\u001b[22m', '\n'];
        const rest = styles.reduce((left, each) => left.replaceAll(each, ''), safeLines(value));
        assert.doesNotMatch(rest, unsafe);
      }),
    );
  });

  test('as JSON is escaped and has the same value', () => {
    fc.assert(
      fc.property(text, (value) => {
        for (const indent of [0, 2]) {
          const json = safeJson(JSON.stringify({ [value]: [value] }, null, indent));
          assert.doesNotMatch(json.replaceAll('\n', ''), unsafe);
          assert.deepEqual(JSON.parse(json), { [value]: [value] });
        }
      }),
    );
  });
});
