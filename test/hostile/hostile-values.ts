/** Hostile input: JSON texts, ids, parameters and bytes that no honest client sends. */
import fc from 'fast-check';
import { characters } from '../support/arbitraries.ts';

/** Values of a wrong type for a field that takes a text, a number, a flag or null. All are valid JSON. */
export const wrongTypes = ['{}', '[]', '[[]]', '["admin"]', '{"$ne":null}', '{"length":3}'];

/** Values that some fields accept. None may cause a fault. */
export const oddities = [
  'true',
  'null',
  '0',
  '-0',
  '-1',
  '0.1',
  '1e999',
  '-1e999',
  '1e-999',
  '123456789012345678901234567890',
  '9007199254740993',
  '""',
  '" "',
  '"\\u0000"',
  '"a\\u0000b"',
  '"\\ud800"',
  '"\\udfff x"',
  '"x \\ud83d"',
  '"\\ufeff\\u202e\\u200b"',
  '"\\u001b[2J\\r\\nX-Injected: 1"',
  '"\' or 1=1; drop table users; --"',
  '"{{7*7}}<script>alert(1)</script>"',
  '"%00%ff../../etc/passwd"',
  '"constructor"',
  '"__proto__"',
  '"\\ud83d\\udc69\\ud83c\\udffd\\u200d\\u2695\\ufe0f"',
  '"2024-02-30"',
  '"9999-12-31T23:59:60Z"',
  '"+999999999999999999999"',
  '"st_1_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"',
  `"${'x'.repeat(256)}"`,
  `"${'😀'.repeat(256)}"`,
  `"${'a@'.repeat(30_000)}"`,
  `"${'+1 '.repeat(30_000)}"`,
  `"${'-'.repeat(60_000)}"`,
  '{"__proto__":{"role":"admin"}}',
  `${'['.repeat(60)}${']'.repeat(60)}`,
];

/** The JSON of any value. */
export const anyJson = fc.json({ stringUnit: characters, maxDepth: 4 });

/** Ids for a path; percent-encoded already. */
export const oddIds = [
  '0',
  '-1',
  '1.5',
  '1e3',
  'null',
  'undefined',
  'usr_',
  'usr_123abc',
  `usr_${'F'.repeat(32)}`,
  `usr_${'0'.repeat(33)}`,
  '0'.repeat(32),
  '0'.repeat(40),
  '9007199254740992',
  '99999999999999999999999999',
  '%00',
  '%F0%9F%98%80',
  '%2e%2e%2f%2e%2e',
  '..%2F..',
  '%252e',
  '%ff',
  '%',
  '%zz',
  '__proto__',
  'constructor',
  "'%20or%201=1--",
  '*',
  '{id}',
  ':id',
  ';jsessionid=1',
  'a'.repeat(4_000),
];

/** Values of a query parameter; percent-encoded already. */
export const oddQueryValues = [
  '',
  '0',
  '-1',
  '1.5',
  '1e2',
  '0x10',
  '%20',
  '%00',
  '%ff',
  '%',
  '%F0%9F%98%80',
  '1%262',
  '+',
  'NaN',
  'Infinity',
  '9007199254740992',
  '1'.repeat(3_000),
  "'--",
  '[]',
];

const bytesOf = (...parts: readonly (string | readonly number[])[]): Buffer =>
  Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : Buffer.from(part))));

/** Bodies that say they are JSON; those of `notObjects` really are, those of `notJson` are not. */
export const notObjects = ['[]', '[{}]', '"text"', '1', '-0', 'true', 'null', '1e999'].map((text) =>
  bytesOf(text),
);

export const notJson = [
  bytesOf('{'),
  bytesOf('}'),
  bytesOf('{"a"'),
  bytesOf('{"a":}'),
  bytesOf('{"a":1,}'),
  bytesOf("{'a':1}"),
  bytesOf('{a:1}'),
  bytesOf('{"a":1}{"a":1}'),
  bytesOf('{"a":NaN}'),
  bytesOf('{"a":01}'),
  bytesOf('{"a":1}//'),
  bytesOf('undefined'),
  bytesOf('<xml/>'),
  bytesOf('{"a":"\n"}'),
  bytesOf('{"a":"\\u12"}'),
  bytesOf('{"a":"\\x41"}'),
  bytesOf('{"a":"', [0xff, 0xfe], '"}'),
  bytesOf('{"a":"', [0xc0, 0x80], '"}'),
  bytesOf('{"a":"', [0xed, 0xa0, 0x80], '"}'),
  bytesOf('{"a":"', [0xf0, 0x9f], '"}'),
  bytesOf([0xff, 0xfe], Array.from(Buffer.from('{"a":1}', 'utf16le'))),
  bytesOf([0]),
  bytesOf([0x1f, 0x8b, 8, 0, 0, 0, 0, 0]),
];

/** JSON that is nested far deeper than any real body. */
export const deepNests = [
  Buffer.from('['.repeat(100_000)),
  Buffer.from(`${'['.repeat(100_000)}${']'.repeat(100_000)}`),
  Buffer.from(`${'{"user":'.repeat(20_000)}1${'}'.repeat(20_000)}`),
  Buffer.from(`{"user":${'{"a":'.repeat(10_000)}1${'}'.repeat(10_000)}}`),
];

/** Objects with members that have a meaning in JavaScript. */
export const traps = [
  '{"__proto__":{"role":"admin","email":"p@example.com"}}',
  '{"constructor":{"prototype":{"role":"admin"}}}',
  '{"toString":1,"hasOwnProperty":2,"valueOf":3}',
  '{"user":{"__proto__":{"role":"admin"}},"__proto__":null}',
  '{"user":[]}',
  '{"user":"x"}',
  '{"user":1e400}',
  `{${Array.from({ length: 5_000 }, (_, index) => `"k${index}":${index}`).join(',')}}`,
  `{${'"a":1,'.repeat(5_000)}"a":2}`,
].map((text) => Buffer.from(text));

export const contentTypes = [
  'text/plain',
  'text/html; charset=utf-8',
  'multipart/form-data; boundary=x',
  'application/xml',
  'application/octet-stream',
  'application/jsonx',
  'application/vnd.api+json',
  'application/json, text/plain',
  'json',
  ';',
  '',
];
