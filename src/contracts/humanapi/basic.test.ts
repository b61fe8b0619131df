import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { readUserName } from './basic.ts';

const read = (authorization: string): string | null => readUserName({ authorization });
const encode = (pair: string): string => Buffer.from(pair).toString('base64');

describe('basic authentication', () => {
  test('every user name without a colon is read, with any password', () => {
    const name = fc.string({ unit: 'grapheme' }).filter((text) => !text.includes(':'));
    fc.assert(
      fc.property(name, fc.string(), (user, password) => {
        assert.equal(read(`Basic ${encode(`${user}:${password}`)}`), user);
      }),
    );
  });

  test('the name of the scheme is case-insensitive', () => {
    assert.equal(read(`bASIC  ${encode('key:')} `), 'key');
  });

  const refused = {
    'a missing header': undefined,
    'another scheme': `Bearer ${encode('key:')}`,
    'nothing after the scheme': 'Basic ',
    'broken base64': 'Basic a2V5Og=',
    'base64 of the URL alphabet': 'Basic 8J-YgDo=',
    'a pair without a colon': `Basic ${encode('key')}`,
    'two values': `Basic ${encode('key:')} ${encode('key:')}`,
  };
  for (const [title, authorization] of Object.entries(refused)) {
    test(`${title} gives no user name`, () => {
      assert.equal(readUserName(authorization === undefined ? {} : { authorization }), null);
    });
  }
});
