import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { characters } from '../../test/support/arbitraries.ts';
import { newOrgKey } from './ids.ts';
import {
  createSecretBox,
  digestOf,
  isApiKeyText,
  newApiKeyText,
  newAppKeyText,
  newConfirmationCode,
  newToken,
  parseToken,
  sameDigest,
} from './secret.ts';

const secret = 'a secret of a deployment, long enough';
const texts = fc.string({ unit: characters });

describe('tokens', () => {
  test('a token contains its organization and its kind, and no two are alike', () => {
    for (const prefix of ['st', 'pr', 'inv'] as const) {
      const orgKey = newOrgKey();
      const token = newToken(prefix, orgKey);
      assert.deepEqual(parseToken(token), { prefix, orgKey });
      assert.notEqual(newToken(prefix, orgKey), token);
    }
  });

  test('a text in any other form is not a token', () => {
    const token = newToken('st', 35);
    const [, , bits] = token.split('_', 3);
    assert.equal(parseToken(token)?.orgKey, 35);
    for (const text of [
      '',
      ` ${token}`,
      `${token}x`,
      token.slice(0, -1),
      token.replace('st_', 'xx_'),
      // Organizations are spelled in one way only, and stay in their range.
      token.replace('_z_', '_0z_'),
      token.replace('_z_', '_0_'),
      token.replace('_z_', '_zzzzzzz_'),
      token.replace('_z_', '__'),
      `st_${bits}`,
    ]) {
      assert.equal(parseToken(text), null, text);
    }
  });

  test('keys have the forms that their documents show', () => {
    assert.match(newApiKeyText(), /^roster_[A-Za-z0-9]{48}$/);
    assert.match(newAppKeyText(), /^[0-9a-f]{40}$/);
    assert.notEqual(newApiKeyText(), newApiKeyText());
    assert.notEqual(newAppKeyText(), newAppKeyText());
  });

  test('the end of an API key is the checksum of all before it', () => {
    const digits = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
    for (let count = 0; count < 50; count += 1) {
      const key = newApiKeyText();
      assert.ok(isApiKeyText(key));
      const checksum = Array.from(key.slice(-6)).reduce((sum, digit) => sum * 62 + digits.indexOf(digit), 0);
      assert.equal(checksum, hash('sha256', key.slice(0, -6), 'buffer').readUInt32BE(0));
      for (const text of ['', 'roster_', `${key}x`, ` ${key}`, key.slice(0, -1), key.toUpperCase()]) {
        assert.ok(!isApiKeyText(text), text);
      }
    }
  });

  test('the API keys of earlier versions keep their form', () => {
    assert.ok(isApiKeyText(`sk_live_${'aB3_-'.repeat(8)}xyz`));
    assert.ok(!isApiKeyText(`rk_live_${'a'.repeat(43)}`));
    assert.ok(!isApiKeyText(`sk_live_${'a'.repeat(42)}`));
  });

  test('confirmation codes are six digits from the whole range', () => {
    const codes = Array.from({ length: 2_000 }, newConfirmationCode);
    for (const code of codes) assert.match(code, /^\d{6}$/);
    for (const digit of '0123456789') {
      assert.ok(
        codes.some((code) => code.startsWith(digit)),
        `no code starts with ${digit}`,
      );
    }
  });
});

describe('digests', () => {
  test('a digest is the same for the same secret only', () => {
    assert.equal(digestOf('a'), digestOf('a'));
    assert.notEqual(digestOf('a'), digestOf('b'));
    assert.equal(digestOf('a').includes('a secret'), false);
    assert.ok(sameDigest(digestOf('a'), digestOf('a')));
    assert.equal(sameDigest(digestOf('a'), digestOf('b')), false);
    assert.equal(sameDigest(digestOf('a'), ''), false);
  });

  test('a keyed digest depends on purpose, text and the deployment', () => {
    const box = createSecretBox(secret);
    const digest = box.keyedDigest('email', '1 jane@example.com');
    assert.equal(createSecretBox(secret).keyedDigest('email', '1 jane@example.com'), digest);
    assert.notEqual(box.keyedDigest('email', '2 jane@example.com'), digest);
    assert.notEqual(box.keyedDigest('user', '1 jane@example.com'), digest);
    assert.notEqual(createSecretBox(`${secret}!`).keyedDigest('email', '1 jane@example.com'), digest);
  });
});

describe('sealed texts', () => {
  test('open as they were under the same secret and context', () => {
    const box = createSecretBox(secret);
    fc.assert(
      fc.property(
        texts.filter((text) => text.isWellFormed()),
        texts,
        (text, context) => {
          assert.equal(createSecretBox(secret).open(box.seal(text, context), context), text);
        },
      ),
      { numRuns: 50 },
    );
  });

  test('differ each time and do not show the text', () => {
    const box = createSecretBox(secret);
    const sealed = box.seal('code 123456', 'message 1');
    assert.notEqual(box.seal('code 123456', 'message 1'), sealed);
    const parts = sealed.split('.').map((part) => Buffer.from(part, 'base64url').toString('latin1'));
    assert.ok(parts.every((part) => !part.includes('123456')));
  });

  test('do not open in another context, altered, cut, or under another secret', () => {
    const box = createSecretBox(secret);
    const sealed = box.seal('text', 'message 1');
    const [version, key, nonce = '', body = ''] = sealed.split('.');
    const flipped = Buffer.from(body, 'base64url');
    flipped.writeUInt8(flipped.readUInt8(0) ^ 1, 0);
    assert.throws(() => box.open(sealed, 'message 2'));
    assert.throws(() =>
      box.open([version, key, nonce, flipped.toString('base64url')].join('.'), 'message 1'),
    );
    assert.throws(() => box.open([version, key, nonce, body.slice(0, 8)].join('.'), 'message 1'));
    assert.throws(() => box.open(`2.${key}.${nonce}.${body}`, 'message 1'));
    assert.throws(() => box.open('', 'message 1'));
    assert.throws(() => createSecretBox(`${secret}!`).open(sealed, 'message 1'), /no key opens it/);
  });

  test('still open after the secret has changed, as long as the old one is known', () => {
    const sealed = createSecretBox(secret).seal('text', 'c');
    const changed = createSecretBox('the new secret of the deployment', [secret]);
    assert.equal(changed.open(sealed, 'c'), 'text');
    assert.notEqual(changed.seal('text', 'c').split('.')[1], sealed.split('.')[1]);
  });
});
