import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { TextIndex } from './text-index.ts';

const find = (texts: readonly string[], bytes: Buffer | string): string[] =>
  new TextIndex(texts).findIn(Buffer.from(bytes)).sort();

describe('an index of texts', () => {
  test('finds each of them anywhere, and no other', () => {
    const texts = [
      'Anna',
      'ext-000017',
      'ext-000018',
      'jane.doe@example.com',
      '+14155552671',
      'Größe',
      '山田太郎',
    ];
    for (const text of texts) {
      assert.deepEqual(find(texts, text), [text]);
      assert.deepEqual(find(texts, `\0\x01${text}\xff`), [text]);
    }
    assert.deepEqual(find(texts, texts.join('|')), [...texts].sort());
    assert.deepEqual(find(texts, ''), []);
    assert.deepEqual(find(texts, 'Ann jane.do@ 000017 +1415555 @example.com'), []);
  });

  test('finds a text that was cut at either end, as long as most of it is left', () => {
    const cases: [string, string[], string[]][] = [
      [
        'gkxmqjftkd00743@example.com',
        ['gkxmqjftkd00743@exam', 'qjftkd00743@example.com'],
        ['00743@example.com'],
      ],
      ['+14155552671', ['+14155552', '155552671'], ['+1415555', '55552671']],
      ['Montgomery', ['Montgome', 'ntgomery'], ['Montgom', 'tgomery']],
      ['Montague-Fitzwilliam', ['Montague-Fit', 'e-Fitzwillia'], ['Montague-Fi']],
      // Whole only: what is left of them would be part of too much else.
      ['jo@example.com', ['x jo@example.com x'], ['jo@example.co']],
      ['Charles', ['Charles'], ['Charle', 'harles']],
    ];
    for (const [text, found, unfound] of cases) {
      for (const piece of found) assert.deepEqual(find([text], piece), [text], piece);
      for (const piece of unfound) assert.deepEqual(find([text], piece), [], piece);
    }
  });

  test('finds any piece of twelve bytes of a long text', () => {
    const word = fc.string({ unit: fc.constantFrom(...'abcü山'), minLength: 12, maxLength: 60 });
    const edge = fc.constantFrom('', '\0', '\x0f', '\x03Z');
    fc.assert(
      fc.property(
        word,
        fc.array(word, { maxLength: 20 }),
        fc.nat(),
        fc.nat(),
        edge,
        (text, others, from, more, by) => {
          const bytes = Buffer.from(text);
          const start = from % (bytes.length - 11);
          const end = Math.min(bytes.length, start + 12 + (more % 20));
          const left = Buffer.concat([Buffer.from(by), bytes.subarray(start, end), Buffer.from(by)]);
          assert.ok(find([...others, text], left).includes(text));
        },
      ),
    );
  });

  test('does not find a text in bytes that begin or end with it and then differ', () => {
    assert.deepEqual(find(['customer-00005000'], 'customer-00000100 customer-00005001\0'), []);
    assert.deepEqual(find(['jane.doe2@example.com'], 'jane.doe@example.com\0'), []);
    assert.deepEqual(find(['Annamaria-Sophie'], 'xxRosamaria-Sophie\0'), []);
  });

  test('is right where thousands of texts begin alike', () => {
    const texts = Array.from({ length: 20_000 }, (_, at) => `customer-${String(at).padStart(8, '0')}`);
    const index = new TextIndex(texts);
    assert.deepEqual(
      index.findIn(Buffer.from(texts.slice(500, 900).join('\0'))).sort(),
      texts.slice(500, 900),
    );
  });

  test('finds what a search for each text at each place finds, and no other', () => {
    const part = fc.constantFrom(
      'https://a.example/',
      'people/',
      '0000',
      '17',
      'x',
      '/profile',
      'ann@b.example',
    );
    const text = fc.array(part, { minLength: 2, maxLength: 5 }).map((parts) => parts.join(''));
    const between = fc.constantFrom('\0', '\x01', '\x0fq', 'q', 'qq', '');
    const left = fc.record({ text, from: fc.nat(30), length: fc.nat(60), between });
    fc.assert(
      fc.property(fc.array(text, { maxLength: 30 }), fc.array(left, { maxLength: 12 }), (texts, lefts) => {
        const sought = [...new Set(texts.filter((each) => each.length >= 4))];
        const parts = lefts.map(({ text, from, length, between }) => between + text.substr(from, length));
        const bytes = Buffer.from(parts.join(''));
        assert.deepEqual(find(sought, bytes), sought.filter((each) => isLeftIn(bytes, each)).sort());
      }),
      { numRuns: 2_000 },
    );
  });

  test('takes no longer where thousands of texts have a long beginning in common', () => {
    const urlOf = (number: number): string => `https://records.example/clinic/patients/${1e8 + number}`;
    const texts = Array.from({ length: 20_000 }, (_, at) => urlOf(at));
    const index = new TextIndex(texts);
    const startedAt = performance.now();
    for (let page = 0; page < 100; page += 1) {
      const others = Array.from({ length: 30 }, (_, at) => urlOf(5e6 + page * 30 + at));
      assert.deepEqual(index.findIn(Buffer.from([...others, texts[page]].join('\x01'))), [texts[page]]);
    }
    // One after the other they would be compared for minutes.
    assert.ok(performance.now() - startedAt < 20_000);
  });
});

/** Whether enough of the text is there, and nothing else where the rest of it should be. */
function isLeftIn(bytes: Buffer, text: string): boolean {
  const whole = Buffer.from(text);
  const own = whole.subarray(0, whole.lastIndexOf('@') + 1);
  const searched = own.length >= 8 ? own : whole;
  const isWhole = whole.length < 8 || (own.length > 0 && own.length < 8);
  const enough = isWhole ? searched.length : Math.min(12, Math.max(8, Math.ceil(searched.length * 0.75)));
  const isCut = (at: number): boolean => (bytes[at] ?? 0) <= 0x0f;
  for (let start = -searched.length; start < bytes.length; start += 1) {
    for (let from = 0; from < searched.length; from += 1) {
      let to = from;
      while (to < searched.length && bytes[start + to] === searched[to]) to += 1;
      if (to - from < enough) continue;
      const isWholeBefore = from === 0 || isCut(start + from - 1) || isCut(start + from - 2);
      if (isWholeBefore && (to === searched.length || isCut(start + to))) return true;
    }
  }
  return false;
}
