import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { offsetOf, readPage } from './paging.ts';

const names = { page: 'page', size: 'page_size' };

describe('pages by number', () => {
  test('without page and size it is the first page of the default size', () => {
    assert.deepEqual(readPage({}, names, 50), { page: { page: 1, size: 50 }, faults: [] });
  });

  test('every page and size of the range is taken as it is', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
        fc.integer({ min: 1, max: 100 }),
        (page, size) => {
          const query = { page: String(page), page_size: String(size) };
          assert.deepEqual(readPage(query, names, 50), { page: { page, size }, faults: [] });
        },
      ),
    );
  });

  test('pages of one size follow each other without a gap', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1_000_000 }), fc.integer({ min: 1, max: 100 }), (page, size) => {
        assert.equal(offsetOf({ page: page + 1, size }) - offsetOf({ page, size }), size);
      }),
    );
    assert.equal(offsetOf({ page: 1, size: 20 }), 0);
  });

  const outside: readonly unknown[] = ['0', '-1', '1.5', '', ' ', 'abc', '1e1', '0x1', '+1', ['1', '2'], []];
  for (const value of outside) {
    test(`${JSON.stringify(value)} is a fault of either that names the limit, never a clamp`, () => {
      assert.deepEqual(readPage({ page: value, page_size: value }, names, 50).faults, [
        { field: 'page', fault: 'out_of_range', min: 1, max: Number.MAX_SAFE_INTEGER },
        { field: 'page_size', fault: 'out_of_range', min: 1, max: 100 },
      ]);
    });
  }

  test('one above the limit is a fault', () => {
    assert.equal(readPage({ page_size: '101' }, names, 50).faults[0]?.field, 'page_size');
    assert.equal(readPage({ page: '9007199254740992' }, names, 50).faults[0]?.field, 'page');
    assert.equal(readPage({ page: '9'.repeat(400) }, names, 50).faults[0]?.field, 'page');
  });
});
