import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { toCsvLine } from '../../core/transfer/csv.ts';
import { type ImportLine, saysNothing } from '../../core/transfer/import-row.ts';
import { CommandError } from '../command.ts';
import { type Format, rowBytesMax } from './row-cutter.ts';
import { RowReader } from './row-reader.ts';

type Input = string | Buffer | readonly (string | Buffer)[];

async function* chunksOf(input: Input): AsyncGenerator<Buffer> {
  const chunks = typeof input === 'string' || Buffer.isBuffer(input) ? [input] : input;
  for (const chunk of chunks) yield Buffer.from(chunk);
}

async function readAll(input: Input, format: Format | null = null, max = 1_000): Promise<ImportLine[]> {
  const reader = await RowReader.open(chunksOf(input), format);
  const all: ImportLine[] = [];
  for (;;) {
    const { items } = await reader.read(max);
    if (items.length === 0) return all;
    assert.ok(items.length <= max);
    all.push(...items);
  }
}

/** Each row as `line value`, each fault as `line reason`. */
async function glance(input: Input, format: Format | null = null): Promise<string[]> {
  const lines = await readAll(input, format);
  return lines.map((item) => {
    return `${item.line} ${'row' in item ? JSON.stringify(item.row) : item.fault.reason}`;
  });
}

describe('rows of CSV', () => {
  test('have the columns of the header in any order; an empty field gives no value', async () => {
    assert.deepEqual(await readAll('email,external_id,clinical\na@b.example,x,true\n,"",false\n'), [
      { line: 2, row: { email: 'a@b.example', external_id: 'x', clinical: true } },
      { line: 3, row: { clinical: false } },
    ]);
  });

  test('may come with a byte order mark, CRLF, and no line break at the end', async () => {
    const rows = ['2 {"email":"a"}', '3 {"email":"b"}'];
    assert.deepEqual(await glance('\uFEFFemail\r\na\r\nb'), rows);
    assert.deepEqual(await glance('\uFEFF"email"\r\n"a"\r\n"b"'), rows);
  });

  test('continue over line breaks in quotes, and have the number of the line where they begin', async () => {
    const input = 'first_name,email\n"a\nb\r\nc",1\n"d ""e"", f",2\ng,3\n"h\ni",4';
    assert.deepEqual(await glance(input), [
      '2 {"first_name":"a\\nb\\r\\nc","email":"1"}',
      '5 {"first_name":"d \\"e\\", f","email":"2"}',
      '6 {"first_name":"g","email":"3"}',
      '7 {"first_name":"h\\ni","email":"4"}',
    ]);
  });

  test('are not made of empty lines', async () => {
    assert.deepEqual(await glance('\n\r\nemail\n\na\n\r\n\nb\n\n'), ['5 {"email":"a"}', '8 {"email":"b"}']);
  });

  test('spoil no other row, however broken they are', async () => {
    const input = Buffer.concat([
      Buffer.from('email,external_id\na,1\n"b,2\nc"x,3\nd,4,5\ne\n'),
      Buffer.from([0x66, 0xff, 0x2c, 0x36, 0x0a]),
      Buffer.from([0x67, 0xed, 0xa0, 0x80, 0x2c, 0x37, 0x0a]),
      Buffer.from(`${'h'.repeat(rowBytesMax + 1)},8\ni\uFFFD\0,9\n"j,10\nk,11\n"l`),
    ]);
    assert.deepEqual(await glance(input), [
      '2 {"email":"a","external_id":"1"}',
      '3 malformed',
      '4 malformed',
      '5 wrong_columns',
      '6 wrong_columns',
      '7 not_utf8',
      '8 not_utf8',
      '9 too_long',
      '10 {"email":"i\uFFFD\\u0000","external_id":"9"}',
      '11 malformed',
      '12 {"email":"k","external_id":"11"}',
      '13 malformed',
    ]);
  });

  test('after an open quote are read, in an input of any length', async () => {
    const rest = Array.from({ length: 20_000 }, (_, at) => `row-${at}`);
    const lines = await glance(`email\n"open\n${rest.join('\n')}\n`);
    assert.equal(lines.length, rest.length + 1);
    assert.equal(lines[0], '2 malformed');
    assert.equal(lines.at(-1), '20002 {"email":"row-19999"}');
  });

  test('with any values are read as they were written, however the bytes arrive', async () => {
    const field = fc.string({ unit: fc.constantFrom(...`"',\n\r\ta =+-@`, 'é', '😀', '\uFF1D') });
    const rows = fc.array(fc.tuple(fc.constantFrom('x', 'yy'), field), { minLength: 1, maxLength: 20 });
    await fc.assert(
      fc.asyncProperty(rows, fc.array(fc.integer({ min: 1, max: 9 })), async (written, sizes) => {
        const text = toCsvLine(['external_id', 'first_name']) + written.map(toCsvLine).join('');
        const read = await readAll(cutUp(Buffer.from(text), sizes), 'csv', 3);
        let line = 2;
        const expected = written.map(([id, name]) => {
          const row = { external_id: id, ...(name === '' ? {} : { first_name: name }) };
          const item = { line, row };
          line += 1 + name.split('\n').length - 1;
          return item;
        });
        assert.deepEqual(read, expected);
      }),
      { numRuns: 60 },
    );
  });

  test('any bytes are read to their end without an error', async () => {
    const bytes = fc.array(fc.constantFrom(...Buffer.from('"",,\n\n\r\\ab'), 0xff, 0xc3, 0xa9, 0), {
      maxLength: 80,
    });
    await fc.assert(
      fc.asyncProperty(bytes, fc.array(fc.integer({ min: 1, max: 9 })), async (body, sizes) => {
        const input = Buffer.concat([Buffer.from('email,external_id\n'), Buffer.from(body)]);
        const pieces = await glance(cutUp(input, sizes), 'csv');
        assert.deepEqual(pieces, await glance(input, 'csv'));
        const lines = pieces.map((text) => Number.parseInt(text, 10));
        assert.deepEqual(
          lines,
          [...new Set(lines)].sort((left, right) => left - right),
        );
      }),
      { numRuns: 200 },
    );
  });
});

describe('rows of CSV from spreadsheets', () => {
  test('have booleans in any case, with blanks around', async () => {
    const input = 'clinical\nTRUE\nFalse\n tRuE \n"FALSE"\n1\n';
    const values = (await readAll(input)).map((item) => 'row' in item && item.row.clinical);
    assert.deepEqual(values, [true, false, true, false, '1']);
  });

  test('have a header in any case, with blanks around the names', async () => {
    const rows = ['2 {"email":"a","first_name":"b"}'];
    for (const head of ['Email,First_Name', ' EMAIL , "first_name"', '\uFEFFEMAIL\u00a0,first_name\t']) {
      assert.deepEqual(await glance(`${head.replace(' "first_name"', '" first_name "')}\na,b\n`), rows);
    }
  });

  test('may have columns without a name, whose cells are blank', async () => {
    const input = 'email,,role,, \na,,b,,\nc,"",d," ",\ne,,f,x,\ng,h,i,,\nj,,k,,,,\n';
    assert.deepEqual(await glance(input), [
      '2 {"email":"a","role":"b"}',
      '3 {"email":"c","role":"d"}',
      '4 wrong_columns',
      '5 wrong_columns',
      '6 {"email":"j","role":"k"}',
    ]);
  });

  test('may leave out the cells of the last columns without a name, and no others', async () => {
    const input = 'email,,role,,,\na,,b,,,\nc,,d\ne,,f,\ng,\n';
    assert.deepEqual(await glance(input), [
      '2 {"email":"a","role":"b"}',
      '3 {"email":"c","role":"d"}',
      '4 {"email":"e","role":"f"}',
      '5 wrong_columns',
    ]);
  });

  test('may have empty rows before the header', async () => {
    assert.deepEqual(await glance(',,\n\n" ",,\nemail,role,\na,b,\n'), ['5 {"email":"a","role":"b"}']);
  });

  test('say nothing where all cells are blank or an empty checkbox, however many they are', async () => {
    const input = 'email,clinical\n,\n"",""\n  ,\t\n   \n,,,,\n\n"\n", \u00a0\n\u200B,\uFEFF\n,FALSE\n';
    const rows = (await readAll(input)).map((item) => [item.line, 'row' in item && saysNothing(item.row)]);
    assert.deepEqual(
      rows,
      [2, 3, 4, 5, 6, 8, 10, 11].map((line) => [line, true]),
    );
  });

  for (const [name, separator] of [
    ['semicolons', ';'],
    ['tabs', '\t'],
    ['commas', ','],
  ] as const) {
    test(`may be separated by ${name}, as the header or a line before it shows`, async () => {
      const body = ['Email', 'first_name', '\r\na', `"b${separator} ""c"""`, '\r\n'].join(separator);
      const text = body.replaceAll(`${separator}\r`, '\r').replaceAll(`\n${separator}`, '\n');
      const row = JSON.stringify({ email: 'a', first_name: `b${separator} "c"` });
      assert.deepEqual(await glance(text), [`2 ${row}`]);
      for (const line of [
        `sep=${separator}`,
        `SEP=${separator}`,
        `"sep=${separator}"`,
        `\uFEFFsep=${separator}`,
        `sep=${separator.repeat(4)}`,
        `"sep=${separator}"${separator.repeat(2)}`,
      ]) {
        assert.deepEqual(await glance(`${line}\r\n${text}`), [`3 ${row}`]);
      }
    });
  }

  test('with one column may contain any separator', async () => {
    assert.deepEqual(await glance('sep=;\nfirst_name\na,b\n'), ['3 {"first_name":"a,b"}']);
    assert.deepEqual(await glance('first_name\na;b\tc\n'), ['2 {"first_name":"a;b\\tc"}']);
  });

  test('go on after empty lines that fill a batch', async () => {
    const reader = await RowReader.open(chunksOf(`email\n${'\n'.repeat(100)}b\n`), null);
    const { items } = await reader.read(10, 8);
    assert.deepEqual(items, [{ line: 102, row: { email: 'b' } }]);
  });
});

describe('rows of NDJSON', () => {
  test('may begin after empty lines, and say nothing where a line is blank', async () => {
    assert.deepEqual(await glance('\n\r\n{"email":"a"}\n  \n{}\n', 'ndjson'), [
      '3 {"email":"a"}',
      '4 {}',
      '5 {}',
    ]);
  });

  test('are the objects of the lines; a line without an object spoils no other', async () => {
    const input = [
      '{"email":"a","clinical":true,"first_name":null}',
      'nonsense',
      '[1]',
      '"text"',
      '{"Email":"x"}',
      '',
      '{"email":"b\\u0000\\ud800"}',
    ].join('\r\n');
    assert.deepEqual(await glance(input), [
      '1 {"email":"a","clinical":true,"first_name":null}',
      '2 malformed',
      '3 malformed',
      '4 malformed',
      '5 unknown_column',
      '7 {"email":"b\\u0000\\ud800"}',
    ]);
  });
});

describe('an input is refused before any row is read', () => {
  const utf16 = (text: string, end: 'little' | 'big'): Buffer => {
    const bytes = Buffer.from(`\uFEFF${text}`, 'utf16le');
    return end === 'little' ? bytes : bytes.swap16();
  };
  const refusals: readonly (readonly [string, Input, Format | null, RegExp])[] = [
    ['with unknown columns', 'email,mail,pass word\na,b,c\n', null, /unknown columns "mail", "pass word"/],
    ['with a column twice', 'email,email\n', null, /"email" is there twice/],
    ['with a column twice in other letters', 'email,EMAIL\n', null, /"email" is there twice/],
    ['with two separators in its header', 'email;phone,role\n', null, /unknown column "phone,role"/],
    [
      'with another separator that it names',
      'sep=|\nemail|phone\n',
      null,
      /"\|" is not .*semicolon or a tab/,
    ],
    ['in UTF-16, little-endian', utf16('email\na\n', 'little'), null, /is UTF-16: save it as UTF-8/],
    ['in UTF-16, big-endian', utf16('email\na\n', 'big'), 'csv', /is UTF-16: save it as UTF-8/],
    ['in UTF-16 with NDJSON', utf16('{"email":"a"}\n', 'little'), 'ndjson', /is UTF-16/],
    ['in UTF-16 without a mark', utf16('email\na\n', 'little').subarray(2), null, /is UTF-16/],
    ['in UTF-16 without a mark, big-endian', utf16('email\n', 'big').subarray(2), null, /is UTF-16/],
    ['that is a workbook', Buffer.from('PK\x03\x04...'), null, /is a spreadsheet or another archive/],
    ['that is an empty archive', Buffer.from('PK\x05\x06\0\0'), null, /is a spreadsheet or another archive/],
    ['that is an old workbook', Buffer.from([0xd0, 0xcf, 0x11, 0xe0, 0xa1]), null, /is a spreadsheet or/],
    ['that is a 7-Zip archive', Buffer.from([0x37, 0x7a, 0xbc, 0xaf, 0x27]), null, /or another archive/],
    ['that is compressed', Buffer.from([0x1f, 0x8b, 8, 0, 0]), null, /is compressed: .*`gzip -d`/],
    ['that is compressed by bzip2', Buffer.from('BZh91AY&SY'), null, /is compressed/],
    ['that is compressed by xz', Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a]), null, /is compressed/],
    ['that is compressed by Zstandard', Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 4]), null, /is compressed/],
    [
      'with a header in Latin-1',
      Buffer.from('email;pr\xe9nom\n', 'latin1'),
      null,
      /not UTF-8: save the input/,
    ],
    ['of JSON in Latin-1', Buffer.from('{"first_name":"Ren\xe9"}\n', 'latin1'), null, /not UTF-8: save/],
    ['with lines that end with CR', 'email,phone\ra@b.example,\r', null, /end with CR alone/],
    ['with very many lines that end with CR', `email\r${'a@b.example\r'.repeat(9_000)}`, null, /end with CR/],
    ['of JSON with lines that end with CR', '{"email":"a"}\r{"email":"b"}\r', null, /end with CR alone/],
    ['of JSON that is a list', '[{"email":"a"}]\n', null, /no JSON object/],
    ['with a header that has an open quote', 'email,"role\na,b\n', null, /no line of column names/],
    ['with a header that is too long', `${'email,'.repeat(20_000)}\n`, null, /no line of column names/],
    ['with a header that is no text', Buffer.from([0x65, 0xff, 0x0a]), 'csv', /is not UTF-8/],
    ['without a header', '', 'csv', /is empty/],
    ['with only empty lines', '\n\n', 'csv', /is empty/],
    ['with only blank cells', ',,\n" ",,\n', 'csv', /is empty/],
    ['of JSON with unknown columns', '{"mail":"a"}\n', null, /unknown column "mail"/],
    ['that is no JSON', 'email\na\n', 'ndjson', /no JSON object/],
  ];
  for (const [name, input, format, message] of refusals) {
    test(name, async () => {
      await assert.rejects(readAll(input, format), (error: unknown) => {
        assert.ok(error instanceof CommandError);
        assert.match(error.message, message);
        assert.doesNotMatch(error.message, /\n/);
        return true;
      });
    });
  }
});

describe('resuming', () => {
  const input = Buffer.from(
    `email\n${Array.from({ length: 50 }, (_, at) => `p${at}@é.example`).join('\n')}\n`,
  );
  const start = {
    imported: 0,
    rejected: 0,
    skipped: 0,
    withoutPassword: 0,
    elapsedMs: 0,
    startedAt: 0,
    finishedAt: null,
    id: '',
  };

  test('after any batch gives the rest, by bytes and lines', async () => {
    const all = await readAll(input);
    for (const max of [1, 7, 49, 50, 60]) {
      const first = await RowReader.open(chunksOf(cutUp(input, [10])), null);
      const { items, reached } = await first.read(max);
      assert.equal(
        reached.digest,
        createHash('sha256').update(input.subarray(0, reached.bytes)).digest('hex'),
      );
      const second = await RowReader.open(chunksOf(cutUp(input, [13])), null);
      await second.skipTo({ ...start, ...reached });
      const rest = await second.read(1_000);
      assert.deepEqual([...items, ...rest.items], all);
    }
  });

  test('with another input, or a shorter one, is refused', async () => {
    const first = await RowReader.open(chunksOf(input), null);
    const { reached } = await first.read(10);
    const other = Buffer.from(input.toString().replace('p3@', 'q3@'));
    for (const wrong of [other, input.subarray(0, reached.bytes - 1)]) {
      const reader = await RowReader.open(chunksOf(wrong), null);
      await assert.rejects(
        reader.skipTo({ ...start, ...reached }),
        /not the input that the import began with/,
      );
    }
  });
});

test('a batch of long rows ends early, so that memory stays flat', async () => {
  const row = `${'x'.repeat(60_000)}\n`;
  const reader = await RowReader.open(chunksOf(['email\n', ...Array.from({ length: 200 }, () => row)]), null);
  const { items } = await reader.read(4_000);
  assert.ok(items.length > 10 && items.length < 100, `${items.length}`);
});

/** The bytes in pieces of these sizes, again and again. */
function cutUp(bytes: Buffer, sizes: readonly number[]): Buffer[] {
  if (sizes.length === 0) return [bytes];
  const pieces: Buffer[] = [];
  for (let at = 0, turn = 0; at < bytes.length; turn++) {
    const size = sizes[turn % sizes.length] ?? 1;
    pieces.push(bytes.subarray(at, at + size));
    at += size;
  }
  return pieces;
}
