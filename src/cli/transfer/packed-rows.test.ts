import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type ImportLine, readImportRows } from '../../core/transfer/import-row.ts';
import { packRows, unpackRows } from './packed-rows.ts';

const context = {
  ...{ appId: 'a'.repeat(40), now: Date.UTC(2026, 10, 22) },
  ...{ isKnownHash: (hash: string) => hash.length < 6, leavesOutUnknownHashes: true, takesUnicode: true },
};

const text = fc.option(fc.string({ maxLength: 12 }), { nil: undefined });
const anyLine: fc.Arbitrary<ImportLine> = fc.record({
  line: fc.nat(),
  row: fc.record({
    external_id: text,
    email: fc.option(fc.emailAddress(), { nil: null }),
    password_hash: text,
    first_name: text,
    phone: fc.constantFrom('+12125550100', 'nothing', undefined),
    role: fc.constantFrom('parent', 'member', 'admin', 'boss', undefined),
    status: fc.constantFrom('pending', 'active', 'inactive', undefined),
    clinical: fc.constantFrom(true, false, undefined),
    confirmed_at: fc.constantFrom('2024-05-10T08:30:00Z', 'soon', undefined),
  }),
});

test('rows that are packed and sent to another thread are the same after unpacking', () => {
  fc.assert(
    fc.property(fc.array(anyLine, { maxLength: 20 }), (lines) => {
      const rows = readImportRows(lines, context);
      assert.deepEqual(unpackRows(structuredClone(packRows(rows))), rows);
    }),
  );
});

test('rows with a missing part are refused', () => {
  const lines = [1, 2].map((line) => ({ line, row: { role: 'member' } }));
  const packed = packRows(readImportRows(lines, context));
  const columns = { ...packed.columns, email: packed.columns.email.slice(1) };
  assert.throws(() => unpackRows({ ...packed, columns }), /shorter/);
});
