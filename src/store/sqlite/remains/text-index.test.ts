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

  test('does not take for a text what begins or ends alike and goes on otherwise', () => {
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
});
