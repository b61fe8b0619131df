import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { characters } from '../../test/support/arbitraries.ts';
import {
  isHex40,
  newAppId,
  newDatedId,
  newOrgKey,
  newPrefixedId,
  newRequestId,
  newUserId,
  newUserIdsNearby,
  newUserNumber,
  parseHumanId,
  parseUserIdText,
  parseUserNumber,
  toUserIdText,
  UserIdsBySecond,
} from './ids.ts';

const rounds = Array.from({ length: 200 });

describe('ids', () => {
  test('user ids are 128 random bits that both forms give back', () => {
    const ids = new Set(rounds.map(() => newUserId()));
    assert.equal(ids.size, rounds.length);
    for (const id of ids) {
      assert.match(id, /^[0-9a-f]{32}$/);
      assert.equal(parseUserIdText(toUserIdText(id)), id);
      assert.equal(parseHumanId(id), id);
    }
  });

  test('user numbers are safe integers from 1 on and read back from their decimals', () => {
    for (const _ of rounds) {
      const number = newUserNumber();
      assert.ok(Number.isSafeInteger(number) && number >= 1);
      assert.equal(parseUserNumber(String(number)), number);
    }
  });

  test('user numbers are spread over the whole range, so that they do not show how many there are', () => {
    let now = 0;
    const source = new UserIdsBySecond(() => now);
    const numbers = rounds.map(() => {
      now += 1_000;
      return source.number();
    });
    const half = 2 ** 52;
    assert.ok(numbers.some((number) => number > half) && numbers.some((number) => number < half));
    assert.equal(new Set(numbers).size, numbers.length);
  });

  test('ids and numbers of one second are beside each other, those of another second are not', () => {
    let now = 0;
    const source = new UserIdsBySecond(() => now);
    const seconds = rounds.map((_, second) => {
      const made = [0, 500, 999].map((ms) => {
        now = second * 1_000 + ms;
        return { id: source.id(), number: source.number() };
      });
      const numbers = made.map(({ number }) => number);
      assert.ok(Math.max(...numbers) - Math.min(...numbers) < 2 ** 37);
      const starts = new Set(made.map(({ id }) => id.slice(0, 4)));
      assert.equal(starts.size, 1);
      return [...starts];
    });
    assert.ok(new Set(seconds.flat()).size > rounds.length / 2);
  });

  test('users that are added together are beside each other, and all ids and numbers differ', () => {
    const sources = rounds.slice(0, 20).map(() => newUserIdsNearby());
    const bunches = sources.map((source) => rounds.map(() => ({ id: source.id(), number: source.number() })));
    for (const bunch of bunches) {
      assert.equal(new Set(bunch.map(({ id }) => id.slice(0, 4))).size, 1);
      const numbers = bunch.map(({ number }) => number);
      assert.ok(Math.max(...numbers) - Math.min(...numbers) < 2 ** 37);
      for (const { id, number } of bunch) {
        assert.equal(parseHumanId(id), id);
        assert.equal(parseUserNumber(String(number)), number);
      }
    }
    const all = bunches.flat();
    assert.equal(new Set(all.map(({ id }) => id)).size, all.length);
    assert.equal(new Set(all.map(({ number }) => number)).size, all.length);
    assert.ok(new Set(bunches.map(([first]) => first?.id.slice(0, 4))).size > 1);
  });

  test('only plain decimals from 1 to 2^53-1 are user numbers', () => {
    const others = ['', '0', '-1', '+1', '01', '1.0', '1e3', ' 1', '1 ', '0x10', '१', 'abc'];
    for (const text of [...others, '9007199254740992', '99999999999999999']) {
      assert.equal(parseUserNumber(text), null, text);
    }
    assert.equal(parseUserNumber('1'), 1);
    assert.equal(parseUserNumber('9007199254740991'), Number.MAX_SAFE_INTEGER);
  });

  test('an id in one form is not an id in another', () => {
    const id = newUserId();
    assert.equal(parseUserIdText(id), null);
    assert.equal(parseUserIdText(`usr_${id.toUpperCase()}`), null);
    assert.equal(parseHumanId(toUserIdText(id)), null);
    assert.equal(parseHumanId(newAppId()), null);
    assert.equal(isHex40(id), false);
  });

  test('no text at all makes a parser throw', () => {
    fc.assert(
      fc.property(fc.string({ unit: characters }), (text) => {
        for (const parsed of [parseUserIdText(text), parseHumanId(text), parseUserNumber(text)]) {
          assert.ok(parsed === null || String(parsed).length > 0);
        }
      }),
    );
  });

  test('dated ids are in the order of their milliseconds and differ within one', () => {
    const now = Date.UTC(2026, 0, 2);
    const ids = rounds.map(() => newDatedId('evt', now));
    assert.equal(new Set(ids).size, rounds.length);
    for (const id of ids) {
      assert.match(id, /^evt_[0-9a-f]{32}$/);
      assert.ok(newDatedId('evt', now - 1) < id && id < newDatedId('evt', now + 1));
    }
  });

  test('apps, organizations, requests and the rest have the forms they promise', () => {
    assert.ok(isHex40(newAppId()));
    assert.match(newPrefixedId('key'), /^key_[0-9a-f]{32}$/);
    assert.match(newRequestId(), /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    for (const _ of rounds) {
      const key = newOrgKey();
      assert.ok(Number.isInteger(key) && key >= 1 && key < 2 ** 31);
    }
  });
});
