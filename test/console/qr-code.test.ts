import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, test } from 'node:test';
import { qrModules } from '../../web/console/sign-in/qr-code.ts';

const digestOf = (text: string): string => {
  const rows = qrModules(text).map((row) => row.map((isDark) => (isDark ? '1' : '0')).join(''));
  return createHash('sha256').update(rows.join('\n')).digest('hex');
};

describe('a QR code', () => {
  // A reader of another project (jsQR 1.4.0) reads both, and the codes of texts of every length from 1 to 287.
  test('is drawn as readers expect it', () => {
    const address =
      'otpauth://totp/Roster:ines%40northside.example?issuer=Roster&secret=JBSWY3DPEHPK3PXP&algorithm=SHA1&digits=6&period=30';
    assert.equal(qrModules(address).length, 45);
    assert.equal(digestOf(address), 'cdc41d5190d02b10976fee128920b405d98cac7891df4f58acc7692834301ac9');
  });

  test('has the three squares in its corners, and grows with the text', () => {
    for (const [length, size] of [
      [1, 21],
      [14, 21],
      [15, 25],
      [100, 41],
      [180, 53],
      [287, 65],
    ] as const) {
      const modules = qrModules('a'.repeat(length));
      assert.equal(modules.length, size, `${length} bytes`);
      const square = modules.slice(0, 7).map((row) => row.slice(0, 7));
      const [first = []] = square;
      assert.ok(first.every((isDark) => isDark));
      const right = modules.slice(0, 7).map((row) => row.slice(-7));
      const below = modules.slice(-7).map((row) => row.slice(0, 7));
      assert.deepEqual(right, square);
      assert.deepEqual(below, square);
    }
  });

  test('refuses a text that is too long', () => {
    assert.throws(() => qrModules('a'.repeat(288)), RangeError);
  });
});
