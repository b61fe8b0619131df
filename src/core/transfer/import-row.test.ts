import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { characters } from '../../../test/support/arbitraries.ts';
import { newUserIdsNearby } from '../ids.ts';
import { isTransferColumn, transferColumns } from './columns.ts';
import { type ImportRow, readImportRow } from './import-row.ts';

const now = Date.UTC(2026, 10, 22, 12);
const context = {
  appId: 'a'.repeat(40),
  now,
  isKnownHash: (hash: string) => hash.startsWith('$2b$'),
  leavesOutUnknownHashes: false,
  takesUnicode: false,
  ids: newUserIdsNearby(),
};

const faultsOf = (row: ImportRow): readonly unknown[] => {
  const result = readImportRow(row, context);
  return 'faults' in result ? result.faults : [];
};

describe('a row of an import', () => {
  test('without values is a user with the defaults of the directory', () => {
    const result = readImportRow({}, context);
    assert.ok('user' in result);
    const { id, number, ...said } = result.user;
    assert.match(id, /^[0-9a-f]{32}$/);
    assert.ok(number >= 1);
    assert.deepEqual(said, {
      appId: context.appId,
      externalId: null,
      email: null,
      firstName: null,
      lastName: null,
      phone: null,
      phoneE164: null,
      dateOfBirth: null,
      language: 'en',
      timezone: 'UTC',
      role: 'parent',
      status: 'active',
      isClinical: false,
      isClinicalApproved: false,
      isTemplate: false,
      isNativeSignup: false,
      isSelfRegistered: false,
      confirmedAt: null,
      emailProvedAt: null,
      requestedEmail: null,
      emailRequestedAt: null,
      phoneProvedAt: null,
      passwordHash: null,
      createdAt: now,
    });
  });

  test('keeps a known hash as it is, and approves no clinician', () => {
    const result = readImportRow({ password_hash: ' $2b$hash ', clinical: true, role: 'admin' }, context);
    assert.ok('user' in result);
    assert.partialDeepStrictEqual(result.user, {
      passwordHash: '$2b$hash',
      isClinical: true,
      isClinicalApproved: false,
      role: 'admin',
    });
  });

  test('whose hash is `!` and any text, as Django writes it, has no password', () => {
    for (const hash of ['!', '!3Je5Z08qakFSxoW3js9lRXLz4ggx1VMURP2oTrC2', '!$2b$hash', ' !x']) {
      const result = readImportRow({ password_hash: hash }, context);
      assert.ok('user' in result, hash);
      assert.equal(result.user.passwordHash, null);
      assert.equal(result.isHashLeftOut, false);
    }
  });

  test('whose hash is not supported has no password where the operator wants it so', () => {
    const lenient = { ...context, leavesOutUnknownHashes: true };
    for (const hash of ['plain', '{noop}plain', `$2b$${'x'.repeat(2_000)}`]) {
      const result = readImportRow({ email: 'a@example.com', password_hash: hash }, lenient);
      assert.ok('user' in result, hash);
      assert.equal(result.user.passwordHash, null);
      assert.equal(result.isHashLeftOut, true);
    }
    const known = readImportRow({ password_hash: '$2b$hash' }, lenient);
    assert.ok('user' in known);
    assert.equal(known.user.passwordHash, '$2b$hash');
    assert.equal(known.isHashLeftOut, false);
    const other = readImportRow({ password_hash: 7, email: 'no' }, lenient);
    assert.deepEqual('faults' in other && other.faults, [
      { field: 'email', reason: 'invalid' },
      { field: 'password_hash', reason: 'invalid' },
    ]);
  });

  for (const [row, faults] of [
    [{ first_name: 'a\0b' }, [{ field: 'first_name', reason: 'invalid' }]],
    [{ first_name: 'a\ud800' }, [{ field: 'first_name', reason: 'invalid' }]],
    [{ first_name: '  ' }, [{ field: 'first_name', reason: 'blank' }]],
    [{ last_name: 'x'.repeat(256) }, [{ field: 'last_name', reason: 'too_long' }]],
    [{ email: `${'x'.repeat(250)}@y.example` }, [{ field: 'email', reason: 'too_long' }]],
    [{ external_id: 7 }, [{ field: 'external_id', reason: 'invalid' }]],
    [{ clinical: 'yes' }, [{ field: 'clinical', reason: 'invalid' }]],
    [{ status: 'deleted' }, [{ field: 'status', reason: 'invalid' }]],
    [{ password_hash: 'plain' }, [{ field: 'password_hash', reason: 'unsupported' }]],
    [{ password_hash: `$2b$${'x'.repeat(2_000)}` }, [{ field: 'password_hash', reason: 'too_long' }]],
    [{ created_at: '2026-11-22T12:06:00Z' }, [{ field: 'created_at', reason: 'in_future' }]],
    [{ confirmed_at: '2026-11-22' }, [{ field: 'confirmed_at', reason: 'invalid' }]],
    [{ date_of_birth: '2026-11-24' }, [{ field: 'date_of_birth', reason: 'invalid' }]],
  ] as const) {
    test(`${JSON.stringify(row).slice(0, 60)} is refused with the column and the reason`, () => {
      assert.deepEqual(faultsOf(row), faults);
    });
  }

  test('may be five minutes ahead, because clocks differ', () => {
    assert.deepEqual(
      faultsOf({ created_at: '2026-11-22T13:04:59+01:00', confirmed_at: '2026-11-22T12:00:01Z' }),
      [],
    );
  });

  test('of any values is a user or has faults of its columns, never an error', () => {
    const values = fc.oneof(
      fc.anything(),
      fc.string({ unit: characters }),
      fc.constantFrom('true', '', null),
    );
    const rows = fc.dictionary(fc.constantFrom(...transferColumns), values);
    fc.assert(
      fc.property(rows, (row) => {
        const result = readImportRow(row, context);
        if ('user' in result) return;
        assert.ok(result.faults.length > 0);
        for (const { field } of result.faults) assert.ok(isTransferColumn(field) && field in row);
      }),
    );
  });
});
