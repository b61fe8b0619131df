import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { users } from '../../../test/support/arbitraries.ts';
import type { User } from '../../core/directory/user.ts';
import { toHumanUser } from './present.ts';
import { prefersLines, toJsonArray, toLines } from './user-stream.ts';

const batches = fc.array(fc.array(users, { minLength: 1, maxLength: 3 }), { maxLength: 4 });

async function* asked(all: readonly (readonly User[])[]): AsyncGenerator<readonly User[]> {
  yield* all;
}

describe('the stream of users', () => {
  test('is one JSON array of all users in order, for any division into batches', async () => {
    await fc.assert(
      fc.asyncProperty(batches, async (all) => {
        const text = (await Array.fromAsync(toJsonArray(asked(all)))).join('');
        assert.deepEqual(JSON.parse(text), all.flat().map(toHumanUser));
      }),
      { numRuns: 30 },
    );
  });

  test('is one user per line for a client that prefers lines', async () => {
    await fc.assert(
      fc.asyncProperty(batches, async (all) => {
        const text = (await Array.fromAsync(toLines(asked(all)))).join('');
        const lines = text.split('\n');
        assert.equal(lines.pop(), '');
        assert.deepEqual(
          lines.map((line) => JSON.parse(line)),
          all.flat().map(toHumanUser),
        );
      }),
      { numRuns: 30 },
    );
  });

  test('is only the brackets for an app without users', async () => {
    assert.deepEqual(await Array.fromAsync(toJsonArray(asked([]))), ['[]']);
    assert.deepEqual(await Array.fromAsync(toLines(asked([]))), []);
  });

  test('gives a piece for each batch on demand, and stops reading when the reader leaves', async () => {
    const [user] = fc.sample(users, 1);
    assert.ok(user);
    let read = 0;
    let isEnded = false;
    async function* endless(): AsyncGenerator<readonly User[]> {
      try {
        for (;;) {
          read += 1;
          yield user === undefined ? [] : [user];
        }
      } finally {
        isEnded = true;
      }
    }
    const pieces = toJsonArray(endless());
    assert.equal(read, 0);
    await pieces.next();
    await pieces.next();
    assert.equal(read, 2);
    await pieces.return(undefined);
    assert.ok(isEnded);
    assert.equal(read, 2);
  });

  const accepts: readonly (readonly [accept: string | undefined, isLines: boolean])[] = [
    [undefined, false],
    ['*/*', false],
    ['application/json', false],
    ['text/html', false],
    ['application/x-ndjson', true],
    ['Application/X-NDJSON ; q=0.5', true],
    ['application/x-ndjson, */*', true],
    ['application/x-ndjson, application/json', true],
    ['application/json, application/x-ndjson', false],
    ['application/json;q=0.5, application/x-ndjson', true],
    ['application/x-ndjson;q=0.5, application/json', false],
    ['application/x-ndjson;q=0', false],
    ['application/x-ndjson;q=much', false],
  ];
  for (const [accept, isLines] of accepts) {
    test(`Accept: ${accept} gives ${isLines ? 'lines' : 'an array'}`, () => {
      assert.equal(prefersLines(accept === undefined ? {} : { accept }), isLines);
    });
  }
});
