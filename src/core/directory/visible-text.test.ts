import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { characters } from '../../../test/support/arbitraries.ts';
import { cpuTimeOf } from '../../../test/support/cpu-time.ts';
import { splitFullName } from './user.ts';
import { readText } from './user-fields.ts';
import { isPlainText, isVisible, stripInvisible } from './visible-text.ts';

/** Texts of which most characters show nothing. */
const invisible = fc.constantFrom(
  ...' \u00a0\u00ad\u061c\u200b\u200c\u200d\u200e\u202e\u2060\u2066\u2800\u3164\ufe0f\ufeff\u0301\u094d',
  '\u{e0067}',
  '\u{e007f}',
  '\u{1f3f4}',
  '❤',
);
const texts = fc.string({ unit: fc.oneof(invisible, characters), maxLength: 12 });

describe('invisible characters', () => {
  test('are removed at both ends', () => {
    for (const mark of [
      '\u200b',
      '\u200e',
      '\u202e',
      '\u2066',
      '\ufeff',
      '\u3164',
      '\u00ad',
      '\u061c',
      '\u180e',
    ]) {
      assert.deepEqual(readText(`${mark} Ana${mark} ${mark}`), { value: 'Ana' });
    }
  });

  test('stay inside a text', () => {
    for (const text of ['نمی\u200cخواهم', 'Ana\u00adMaría', '👩\u200d⚕ Ana', 'Ana ❤\ufe0f María']) {
      assert.deepEqual(readText(text), { value: text });
    }
  });

  test('stay at the end where they belong to the last character', () => {
    const ends = [
      '❤\ufe0f',
      '葛\u{e0100}',
      '👨\u200d👩\u200d👧',
      '🏴\u{e0067}\u{e0062}\u{e0065}\u{e007f}',
      '1\ufe0f\u20e3',
      '👍🏽\ufe0f',
      '🇩🇪',
      '👩🏽\u200d⚕\ufe0f',
      '🅰\ufe0f',
      '☺\ufe0e',
      '\u{20000}\u{e0100}',
      'ᠠ\u180b',
    ];
    for (const end of [...ends, 'ന\u0d4d\u200d', 'क\u094d\u200c']) {
      assert.deepEqual(readText(`Ana ${end}`), { value: `Ana ${end}` });
      assert.deepEqual(readText(`Ana ${end}\u200b `), { value: `Ana ${end}` });
    }
    for (const end of [
      '\u200d',
      '\u200c',
      '\u{e0067}',
      '\u{e007f}',
      ' \ufe0f',
      '\ufe0f',
      '\ufe0e',
      '\u{e0100}',
    ]) {
      assert.deepEqual(readText(`Ana${end}`), { value: 'Ana' });
    }
    for (const text of ['user-1', '#', 'é', 'م', 'ー']) {
      assert.deepEqual(readText(`${text}\ufe0f`), { value: text });
    }
  });

  test('alone are a blank text', () => {
    const blanks = [
      '\u200b',
      '\u3164',
      '\u2800',
      '\u200e',
      '\u0301',
      ' \u0301\u20dd ',
      '\ufe0f',
      '\u{e0067}\u{e007f}',
    ];
    for (const text of [
      ...blanks,
      '\ufeff\u202e',
      '\u115f\u1160',
      '\uffa0',
      '\u{1d159}',
      '\u{13441}\u{13442}',
      '\uffff',
      '\u{e0100}',
    ]) {
      assert.deepEqual(readText(text), { fault: 'blank' }, JSON.stringify(text));
    }
  });
});

describe('control characters', () => {
  test('are refused, but blanks of this kind at the ends are removed', () => {
    for (const text of ['a\0b', 'a\tb', 'a\nb', '\u001b[2J', 'a\u007f', 'a\u0085b', '\u009fa', '\0']) {
      assert.deepEqual(readText(text), { fault: 'invalid' }, JSON.stringify(text));
    }
    assert.deepEqual(readText('\r\n Ana\t'), { value: 'Ana' });
  });
});

describe('the parts of a full name', () => {
  test('follow the rule of every text', () => {
    assert.deepEqual(splitFullName('Ana \u200b Smith'), { firstName: 'Ana', lastName: 'Smith' });
    assert.deepEqual(splitFullName('Ana \u0301'), { firstName: 'Ana \u0301', lastName: null });
    assert.deepEqual(splitFullName('Ana María \u2800'), { firstName: 'Ana', lastName: 'María \u2800' });
  });

  test('each have something visible', () => {
    fc.assert(
      fc.property(texts, (text) => {
        const name = readText(text);
        if ('fault' in name) return;
        const { firstName, lastName } = splitFullName(name.value);
        assert.ok(isVisible(firstName) && (lastName === null || isVisible(lastName)));
      }),
    );
  });
});

describe('stripping', () => {
  test('a second time changes nothing', () => {
    fc.assert(
      fc.property(texts, (text) => {
        const once = stripInvisible(text);
        assert.equal(stripInvisible(once), once);
        const read = readText(text);
        if ('value' in read) assert.deepEqual(readText(read.value), read);
      }),
    );
  });

  test('changes no plain text', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        if (isPlainText(text)) assert.ok(stripInvisible(text) === text && isVisible(text));
      }),
    );
  });

  test('takes no long time over a hostile text', () => {
    const ms = cpuTimeOf(() => {
      for (const filling of ['\u200b', ' ', '\ufe0f', '\u{e0067}', 'a ']) {
        readText(`${filling.repeat(250_000)}é`);
        readText(`é${filling.repeat(250_000)}`);
        readText(`é${filling.repeat(250_000)}\u094d`);
      }
    });
    assert.ok(ms < 2_000, `${ms} ms`);
  });
});
