import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { splitCsv, toCsvLine } from './csv.ts';

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

  test('any fields that are written are read again', () => {
    const texts = fc.array(fc.string({ unit: fc.constantFrom('"', ',', '\n', '\r', 'a', ' ', 'é', '😀') }), {
      minLength: 1,
    });
    fc.assert(
      fc.property(texts, (fields) => {
        const line = toCsvLine(fields);
        assert.ok(line.endsWith('\n'));
        assert.deepEqual(splitCsv(line.slice(0, -1)), fields);
      }),
    );
  });
});
