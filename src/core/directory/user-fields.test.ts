import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { characters } from '../../../test/support/arbitraries.ts';
import { cpuTimeOf } from '../../../test/support/cpu-time.ts';
import { hourMs, minuteMs } from '../time.ts';
import { canonicalEmail } from './email-address.ts';
import {
  FieldReader,
  type FieldResult,
  readBoolean,
  readChoice,
  readDateOfBirth,
  readEmail,
  readFullName,
  readLanguage,
  readNewEmail,
  readOptional,
  readPhone,
  readReportTime,
  readText,
  readTimezone,
} from './user-fields.ts';

const now = Date.UTC(2026, 2, 2, 12);
const anything = fc.oneof(fc.anything(), fc.string({ unit: characters }));

function assertFaults(
  read: (value: unknown) => FieldResult<unknown>,
  fault: string,
  values: readonly unknown[],
) {
  for (const value of values) {
    const reading = read(value);
    assert.ok(
      'fault' in reading && reading.fault === fault,
      `${JSON.stringify(value)}: ${JSON.stringify(reading)}`,
    );
  }
}

function assertTaken(read: (value: unknown) => FieldResult<unknown>, values: readonly unknown[]) {
  for (const value of values) assert.deepEqual(read(value), { value });
}

describe('every reader', () => {
  const readers: Readonly<Record<string, (value: unknown) => FieldResult<unknown>>> = {
    readText,
    readEmail,
    readPhone,
    readLanguage,
    readTimezone,
    readFullName,
    readBoolean,
    readDateOfBirth: (value) => readDateOfBirth(value, now),
    readReportTime: (value) => readReportTime(value, now),
    readChoice: (value) => readChoice(value, ['a', 'b']),
  };
  for (const [name, read] of Object.entries(readers)) {
    test(`${name} gives a value or a fault for anything at all`, () => {
      fc.assert(
        fc.property(anything, (value) => {
          const reading = read(value);
          assert.ok('value' in reading !== 'fault' in reading);
        }),
      );
    });
  }
});

describe('a text', () => {
  test('is trimmed and otherwise as given', () => {
    assert.deepEqual(readText(' \t Ana  María \n'), { value: 'Ana  María' });
  });

  test('is blank when it is missing, null, empty or all blanks', () => {
    assertFaults(readText, 'blank', [undefined, null, '', '  \u00a0\n']);
  });

  test('is invalid when it is none, or has NUL or a lone surrogate', () => {
    assertFaults(readText, 'invalid', [1, true, {}, ['a'], 'a\0b', '\ud800', 'a\udc00b']);
  });

  test('has 1 to 255 characters, counted as characters', () => {
    assertTaken(readText, ['x', 'x'.repeat(255), '🙂'.repeat(255)]);
    for (const text of ['x'.repeat(256), '🙂'.repeat(256), 'x'.repeat(3_000_000)]) {
      assert.deepEqual(readText(text), { fault: 'too_long', max: 255 });
    }
  });
});

describe('an email', () => {
  test('is an address with a local part and a domain of two labels or more', () => {
    assertTaken(readEmail, [
      'john@example.com',
      "o'brien+tag@mail.example.co.uk",
      'x@a.io',
      'дима@почта.рф',
      `${'a'.repeat(64)}@example.com`,
    ]);
    assertFaults(readEmail, 'invalid', [
      'john',
      'john@',
      '@example.com',
      'john@localhost',
      'john@@example.com',
      'john doe@example.com',
      'john@exam ple.com',
      'john@example..com',
      'john@-example.com',
      'john@example-.com',
      '.john@example.com',
      'john.@example.com',
      'jo..hn@example.com',
      'John <john@example.com>',
      'john@example.com\nbcc: x@example.com',
      'a@example.com,b@example.com',
      `${'a'.repeat(65)}@example.com`,
    ]);
  });

  test('has at most 254 characters', () => {
    const label = 'd'.repeat(61);
    const longest = `${'a'.repeat(64)}@${label}.${label}.${label}.com`;
    assertTaken(readEmail, [longest]);
    assert.deepEqual(readEmail(longest.replace('.com', '.info')), { fault: 'too_long', max: 254 });
  });

  test('is compared without case or surrounding blanks, and shown trimmed', () => {
    assert.deepEqual(readEmail(' John@Example.COM '), { value: 'John@Example.COM' });
    assert.equal(canonicalEmail(' John@Example.COM '), canonicalEmail('john@example.com'));
    assert.equal(canonicalEmail('jose\u0301@example.com'), canonicalEmail('JOSÉ@example.com'));
    assert.notEqual(canonicalEmail('john@example.com'), canonicalEmail('jon@example.com'));
  });

  test('has no format characters inside, and loses those at its ends', () => {
    assert.deepEqual(readEmail('\u202ajohn@example.com\u202c \u200b'), { value: 'john@example.com' });
    assertFaults(readEmail, 'invalid', [
      'jo\u200bhn@example.com',
      'john@exam\u00adple.com',
      'jo\u202ehn@example.com',
      'john@\u2066example.com',
      'john@example\u200d.com',
      'jo\u3164hn@example.com',
      'jo\u{e0061}hn@example.com',
    ]);
  });

  test('has a local part outside ASCII only where mail to it arrives', () => {
    const unicode = ['дима@example.com', 'josé@bücher.example'];
    for (const email of unicode) {
      assert.deepEqual(readNewEmail(email, true), { value: email });
      assert.deepEqual(readNewEmail(email, false), { fault: 'invalid' });
    }
    for (const email of ['john@example.com', 'john@bücher.example']) {
      assert.deepEqual(readNewEmail(email, false), { value: email });
    }
    assert.deepEqual(readNewEmail('john@', false), { fault: 'invalid' });
  });

  test('is no encoded word, no address literal, and no number', () => {
    assertTaken(readEmail, [
      'qq@163.com',
      'a@1.2.3.example',
      'user%x@example.com',
      'a=b@example.com',
      'a@4chan.org',
    ]);
    assertFaults(readEmail, 'invalid', [
      '=?utf-8?q?=41=42?=john@example.com',
      '=?utf-8?b?Zm9v?=@example.com',
      'x=?x@example.com',
      'john@[127.0.0.1]',
      'john@[IPv6:::1]',
      'john@127.0.0.1',
      'john@127.1',
      'john@１２７.１',
      'john@１。２。３。４',
      'john@example。',
      'john@0x7f.1',
      'john@example.0x1f',
      'john@example.42',
      'john@a%41.example',
      'john@exam％ple.com',
      'john@a.٣',
      'john@xn--bücher.example',
      'john@xn--a.example',
      'john@xn--.example',
      'john@xn--zzzzzz99999.example',
      'john@a.xn--a-.example',
      // Stands for a letter and an accent apart, which UTS 46 would join.
      'john@xn--u-ccb.example',
      'jöhn@xn--a.example',
    ]);
    assertTaken(readEmail, ['john@xn--ls8h.example', 'john@a.xn--p1ai', 'john@ab--cd.example']);
  });

  test('is compared by the A-label of its domain, and shown as given', () => {
    const bücher = canonicalEmail('john@xn--bcher-kva.example');
    for (const domain of [
      'bücher.example',
      'BÜCHER.Example',
      'bu\u0308cher.example',
      'ｂücher.example',
      'bücher。example',
      'bücher．example',
      'bücher｡example',
      'XN--BCHER-KVA.example',
    ]) {
      assertTaken(readEmail, [`John@${domain}`]);
      assert.equal(canonicalEmail(`John@${domain}`), bücher);
    }
    assert.equal(canonicalEmail('x@faß.example'), 'x@xn--fa-hia.example');
    assert.equal(canonicalEmail('x@почта.рф'), 'x@xn--80a1acny.xn--p1ai');
    assert.equal(canonicalEmail('J\u030cim@example.com'), canonicalEmail('\u01f0im@example.com'));
  });

  test('has a canonical form that is its own canonical form', () => {
    const local = fc.string({ unit: characters, maxLength: 6 });
    const domain = fc.string({
      unit: fc.oneof(fc.constantFrom(...'abcxn-.ßüÜİ１。\u00ad\u0301\u200b'), characters),
      maxLength: 12,
    });
    const addresses = fc.oneof(
      local,
      fc.tuple(local, domain).map((parts) => parts.join('@')),
      fc.emailAddress(),
    );
    fc.assert(
      fc.property(addresses, (text) => {
        const key = canonicalEmail(text);
        assert.equal(canonicalEmail(key), key);
        const read = readEmail(text);
        if ('value' in read) assert.equal(canonicalEmail(read.value), key);
      }),
      { numRuns: 1_000 },
    );
  });

  test('takes no long time over a hostile text', () => {
    const ms = cpuTimeOf(() => {
      for (const text of [`a@${'a-'.repeat(120)}`, `a@${'a.'.repeat(120)}`, `${'a.'.repeat(120)}@`]) {
        readEmail(text);
      }
      for (const text of ['ü', 'ü.', '@', '\u0301', '\u200b', 'xn--']) {
        readEmail(`a@${text.repeat(60)}.example`);
        canonicalEmail(`a@${text.repeat(100_000)}`);
      }
    });
    assert.ok(ms < 500, `${ms} ms`);
  });
});

describe('a phone number', () => {
  test('is echoed as given and has an E.164 form', () => {
    assert.deepEqual(readPhone(' +1-555-123-4567 '), {
      value: { phone: '+1-555-123-4567', phoneE164: '+15551234567' },
    });
    assert.deepEqual(readPhone('+44 (20) 7946 0958'), {
      value: { phone: '+44 (20) 7946 0958', phoneE164: '+442079460958' },
    });
  });

  test('is read without invisible marks, and they are not echoed', () => {
    for (const [given, phone] of [
      ['\u202a+1 555 123 4567\u202c', '+1 555 123 4567'],
      ['\u2066+1\u2069-555-123-4567\u200e', '+1-555-123-4567'],
      ['\u200f \u200e+15551234567 \u202e', '+15551234567'],
      ['\u061c+\u206715551234567', '+15551234567'],
      ['\ufeff+1\u200b555\u00ad123\u20604567\ufe0f', '+15551234567'],
      ['+1\u200d555\u200c123 4567', '+1555123 4567'],
    ] as const) {
      assert.deepEqual(readPhone(given), { value: { phone, phoneE164: '+15551234567' } });
    }
    assertFaults(readPhone, 'blank', ['\u202a\u202c', ' \u200e ']);
  });

  test('may have a full-width plus and full-width digits', () => {
    const phone = '＋１５５５１２３４５６７';
    assert.deepEqual(readPhone(phone), { value: { phone, phoneE164: '+15551234567' } });
    assert.deepEqual(readPhone('＋1 555-123-4567'), {
      value: { phone: '＋1 555-123-4567', phoneE164: '+15551234567' },
    });
  });

  test('may have the blanks of typesetting', () => {
    const phone = '+33\u202f6\u00a012\u202f34\u200956\u201178';
    assert.deepEqual(readPhone(phone), { value: { phone, phoneE164: '+33612345678' } });
  });

  test('begins with a plus and is possible', () => {
    assertFaults(readPhone, 'invalid', [
      '555-123-4567',
      '0015551234567',
      '+1',
      '+1-555',
      '+15551234567890123',
      '+999 123 456 789',
      'tel:+15551234567',
      'call +15551234567',
      5551234567,
    ]);
    assertFaults(readPhone, 'blank', ['', '  ']);
  });
});

describe('a date of birth', () => {
  const read = (value: unknown) => readDateOfBirth(value, now);

  test('is a real date, up to today in the time zone that is furthest ahead', () => {
    // At noon in UTC it is 2 o'clock of the next day in UTC+14.
    assertTaken(read, ['1990-05-15', '2024-02-29', '2026-03-02', '2026-03-03']);
    assert.deepEqual(readDateOfBirth('2026-03-03', now - 3 * hourMs), { fault: 'invalid' });
    assertFaults(read, 'invalid', [
      '2026-03-04',
      '2030-01-01',
      '1990-02-30',
      '1990-5-15',
      '05/15/1990',
      '1990-05-15T00:00:00Z',
      19900515,
    ]);
  });
});

describe('a language', () => {
  test('is a well-formed BCP 47 tag, kept as given', () => {
    assertTaken(readLanguage, ['en', 'es-MX', 'zh-Hant-TW', 'de-CH-1996', 'EN-us']);
    assertTaken(readLanguage, ['zh-yue', 'i-klingon', 'x-private', 'en-GB-oed']);
    assertFaults(readLanguage, 'invalid', [
      'english!',
      'e',
      'en_',
      'en-',
      'toolongtag',
      7,
      ['en'],
      'C.UTF-8',
    ]);
    assertFaults(readLanguage, 'blank', [null, '']);
  });

  test('may be spelled as POSIX does', () => {
    assert.deepEqual(readLanguage('en_US'), { value: 'en-US' });
    assert.deepEqual(readLanguage('zh_Hant_TW'), { value: 'zh-Hant-TW' });
  });
});

describe('a time zone', () => {
  test('is a name of the IANA database, in its own letters', () => {
    assertTaken(readTimezone, ['UTC', 'America/New_York', 'Asia/Kolkata']);
    assert.deepEqual(readTimezone('europe/london'), { value: 'Europe/London' });
    assertFaults(readTimezone, 'invalid', ['Mars/Olympus', '+02:00', 'EST5EDT4', 'local', 3]);
  });
});

describe('a reported time', () => {
  test('may be any time in the past and five minutes ahead, not more', () => {
    const read = (instant: number) => readReportTime(new Date(instant).toISOString(), now);
    assert.deepEqual(read(now - 1_000_000 * hourMs), { value: now - 1_000_000 * hourMs });
    assert.deepEqual(read(now + 5 * minuteMs), { value: now + 5 * minuteMs });
    assert.deepEqual(read(now + 5 * minuteMs + 1), { fault: 'in_future' });
    assertFaults((value) => readReportTime(value, now), 'invalid', ['yesterday', 0, null, '2026-03-02']);
  });
});

describe('many fields', () => {
  test('give their values, and every fault under its field', () => {
    const fields = new FieldReader();
    assert.equal(fields.take('firstName', readText('Ana')), 'Ana');
    assert.equal(fields.take('email', readEmail('ana')), undefined);
    assert.equal(fields.take('lastName', readText('x'.repeat(256))), undefined);
    assert.deepEqual(fields.faults, [
      { field: 'email', fault: 'invalid' },
      { field: 'lastName', fault: 'too_long', max: 255 },
    ]);
  });

  test('that are optional may be missing or null, and nothing else goes unread', () => {
    for (const value of [undefined, null]) assert.deepEqual(readOptional(value, readText), { value: null });
    assert.deepEqual(readOptional('', readText), { fault: 'blank' });
    assert.deepEqual(readOptional('x', readText), { value: 'x' });
  });

  test('of two values are true or false and nothing like it', () => {
    assertTaken(readBoolean, [true, false]);
    assertFaults(readBoolean, 'invalid', [null, undefined, 0, 1, 'true', '']);
  });
});
