import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { characters } from '../../../test/support/arbitraries.ts';
import { fieldValue, splitCsv, toCsvLine } from './csv.ts';

describe('a record of CSV', () => {
  for (const [record, fields] of [
    ['a,b', ['a', 'b']],
    ['', ['']],
    [',', ['', '']],
    ['a,', ['a', '']],
    ['"a","b"', ['a', 'b']],
    ['"a ""b"" c",d', ['a "b" c', 'd']],
    ['"a,b\r\nc",""', ['a,b\r\nc', '']],
    ['""""', ['"']],
    [' a , b ', [' a ', ' b ']],
  ] as const) {
    test(`${JSON.stringify(record)} has these fields`, () => assert.deepEqual(splitCsv(record), fields));
  }

  for (const record of ['"', '"a', 'a"', 'a"b"', '"a"b', '"a""', '"a" ,b', ' "a"', 'a,"b', '"a"""b"']) {
    test(`${JSON.stringify(record)} has wrong quotes`, () => assert.equal(splitCsv(record), null));
  }

  const units = [...`"',\n\r\t a=+-@\uFF1D\uFF0B;`, 'é', '😀', '\u200B', '\uFEFF', '\ud800', '\0', '\u001b'];
  const text = fc.string({ unit: fc.oneof(fc.constantFrom(...units), characters) });

  test('any values that are written are read again', () => {
    fc.assert(
      fc.property(fc.array(text, { minLength: 1 }), (values) => {
        const line = toCsvLine(values);
        assert.ok(line.endsWith('\n'));
        assert.deepEqual(splitCsv(line.slice(0, -1))?.map(fieldValue), values);
      }),
      { numRuns: 500 },
    );
  });

  test('that is written has no cell that begins like a formula', () => {
    fc.assert(
      fc.property(fc.constantFrom(...`=+-@\t\r\n\uFF1D\uFF0B\uFF0D\uFF20`), text, (begin, rest) => {
        for (const blanks of ['', ' ', '\u00a0 ', '\u200B', "'", "''"]) {
          const value = `${blanks}${begin}${rest}`;
          const [field = ''] = splitCsv(toCsvLine([value]).slice(0, -1)) ?? [];
          assert.equal(field, `'${value}`);
        }
      }),
    );
  });

  for (const [value, field] of [
    ['=1+1', "'=1+1"],
    ['+15551234567', "'+15551234567"],
    ["'=1", "''=1"],
    ["''@a", "'''@a"],
    ["'tis", "'tis"],
    ["''", "''"],
    ['a=b', 'a=b'],
    ["o'=", "o'="],
    ['', ''],
  ] as const) {
    test(`writes ${JSON.stringify(value)} as ${JSON.stringify(field)}`, () => {
      assert.equal(toCsvLine([value, null]), `${field},\n`);
      assert.equal(fieldValue(field), value);
    });
  }
});
