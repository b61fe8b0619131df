/**
 * Which texts are receipts of the keys, and which are not: texts that were altered, signed in another way, or made
 * up.
 */
import assert from 'node:assert/strict';
import { createHmac, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { Erasure } from '../../src/core/erasure/erasure.ts';
import {
  claimsOf,
  type PublicJwk,
  parseJwks,
  type ReceiptSigner,
  receiptType,
  signReceipt,
  verifyReceipt,
} from '../../src/core/erasure/receipt.ts';
import {
  type Revocation,
  type RevocationState,
  revocationStates,
} from '../../src/core/providers/revocation.ts';

interface Key extends ReceiptSigner {
  readonly jwk: PublicJwk;
  readonly publicKey: KeyObject;
}

function makeKey(kid: string): Key {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const { x = '' } = publicKey.export({ format: 'jwk' });
  return {
    kid,
    key: privateKey,
    publicKey,
    jwk: { kty: 'OKP', crv: 'Ed25519', x, kid, alg: 'EdDSA', use: 'sig' },
  };
}

const own = makeKey('own');
const other = makeKey('other');
const keys = { keys: [other.jwk, own.jwk] };
const erasure: Erasure = {
  ...{
    orgKey: 1,
    id: `era_${'1'.repeat(32)}`,
    userDigest: '2'.repeat(64),
    requestedAt: 0,
    requestedBy: 'app',
  },
  ...{
    door: 'humanapi',
    state: 'complete',
    removed: { users: 1, sessions: 2 },
    sealedTraces: null,
    dueAt: 0,
  },
  ...{ abandonReason: null, replayedAt: null, completedAt: 1_000, receipt: null },
};
const stater = { iss: 'https://roster.example.com', organization: { id: 'org_1', name: 'Clinic' } };
const claims = claimsOf(erasure, {
  completedAt: 1_000,
  revocations: [],
  kept: [{ table: 'audit_events', why: 'bare ids' }],
  stater,
});
const receipt = await signReceipt(claims, own);
const [head = '', payload = '', signature = ''] = receipt.split('.');

const encode = (value: object | string): string =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');
const signWith = (key: KeyObject, header: object, body = payload): string => {
  const signed = `${encode(header)}.${body}`;
  return `${signed}.${sign(null, Buffer.from(signed), key).toString('base64url')}`;
};
const faultOf = (text: string): string => {
  const result = verifyReceipt(text, keys);
  return 'fault' in result ? result.fault : 'valid';
};

/** A grant of the erasure in that state. */
function revocationIn(state: RevocationState): Revocation {
  return {
    ...{
      orgKey: 1,
      id: 'rev_1',
      connectionId: 'dev_1',
      provider: 'acme',
      sealedGrant: null,
      erasureId: 'era_1',
    },
    ...{ state, unanswered: 0, attempts: 1, nextAttemptAt: 0, outcome: 'revoked', deadlineAt: 0, version: 1 },
    ...{ createdAt: 0, endedAt: 500 },
  };
}

test('a receipt says confirmed of a confirmed grant alone, whatever the last answer of its provider was', () => {
  const said = revocationStates.map((state) => {
    const { providers } = claimsOf(erasure, {
      completedAt: 1_000,
      revocations: [revocationIn(state)],
      kept: [],
      stater,
    });
    return [state, providers[0]?.outcome];
  });
  assert.deepEqual(Object.fromEntries(said), {
    pending: 'unconfirmed',
    confirmed: 'confirmed',
    overdue: 'unconfirmed',
    abandoned: 'unconfirmed',
  });
});

describe('a receipt', () => {
  test('is verified by the key that signed it, and says what was signed', () => {
    assert.deepEqual(verifyReceipt(`${receipt}\n`, keys), { claims, kid: 'own' });
    assert.deepEqual(JSON.parse(Buffer.from(head, 'base64url').toString()), {
      ...{ alg: 'EdDSA', typ: receiptType, kid: 'own' },
    });
  });

  test('names the organization and the issuer, and one of an earlier version verifies without them', async () => {
    assert.partialDeepStrictEqual(claims, stater);
    const { iss: _, organization: __, ...earlier } = claims;
    const signed = await signReceipt(earlier, own);
    assert.deepEqual(verifyReceipt(signed, keys), { claims: earlier, kid: 'own' });
  });

  test('with any character changed is no receipt', () => {
    for (let at = 0; at < receipt.length; at += 1) {
      for (const char of ['A', 'B', 'w', '_', '.', '=', ' ']) {
        if (receipt[at] === char) continue;
        const altered = receipt.slice(0, at) + char + receipt.slice(at + 1);
        assert.notEqual(faultOf(altered), 'valid', `${char} at ${at}`);
      }
    }
  });

  test('that is cut short or extended is no receipt', () => {
    for (let length = 0; length < receipt.length; length += 1) {
      assert.notEqual(faultOf(receipt.slice(0, length)), 'valid', `${length} characters`);
    }
    for (const more of ['A', '=', '.', '.A', `.${signature}`])
      assert.notEqual(faultOf(receipt + more), 'valid', more);
  });

  test('whose signature is encoded in another way is no receipt', () => {
    const last = signature.slice(-1);
    const same = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
    const next = same[same.indexOf(last) + 1] ?? '';
    assert.ok(
      Buffer.from(signature.slice(0, -1) + next, 'base64url').equals(Buffer.from(signature, 'base64url')),
    );
    assert.equal(faultOf(`${head}.${payload}.${signature.slice(0, -1)}${next}`), 'bad_signature');
  });

  test('does not choose how it is verified', () => {
    const header = { alg: 'EdDSA', typ: receiptType, kid: 'own' };
    assert.equal(faultOf(signWith(own.key, header)), 'valid');
    for (const alg of ['none', 'None', 'HS256', 'RS256', 'ES256', 'Ed448', '', null, ['EdDSA']]) {
      assert.equal(faultOf(signWith(own.key, { ...header, alg })), 'malformed', String(alg));
    }
    assert.equal(faultOf(`${encode({ ...header, alg: 'none' })}.${payload}.`), 'malformed');
    const signed = `${encode({ ...header, alg: 'HS256' })}.${payload}`;
    for (const secret of [
      own.jwk.x,
      Buffer.from(own.jwk.x, 'base64url'),
      own.publicKey.export({ type: 'spki', format: 'pem' }),
    ]) {
      const mac = createHmac('sha256', secret).update(signed).digest('base64url');
      assert.equal(faultOf(`${signed}.${mac}`), 'malformed');
    }
    assert.equal(faultOf(signWith(own.key, { ...header, crit: ['b64'], b64: false })), 'malformed');
    assert.equal(faultOf(signWith(own.key, { ...header, typ: 'JWT' })), 'malformed');
    const { typ: _, ...untyped } = header;
    assert.equal(faultOf(signWith(own.key, untyped)), 'malformed');
    assert.equal(
      faultOf(signWith(makeKey('own').key, { ...header, jwk: makeKey('own').jwk })),
      'bad_signature',
    );
  });

  test('is verified by the key that it names and by no other', () => {
    const header = { alg: 'EdDSA', typ: receiptType };
    assert.equal(faultOf(signWith(own.key, { ...header, kid: 'other' })), 'bad_signature');
    assert.equal(faultOf(signWith(own.key, { ...header, kid: 'nobody' })), 'unknown_key');
    assert.equal(faultOf(signWith(own.key, header)), 'unknown_key');
    assert.equal(faultOf(signWith(own.key, { ...header, kid: 1 })), 'unknown_key');
  });

  test('has the claims of an erasure; without them it is no receipt, even if a right key has signed it', () => {
    const header = { alg: 'EdDSA', typ: receiptType, kid: 'own' };
    for (const body of ['', '[]', 'null', '"text"', '{}', '{"erasure_id":1}', '{"erasure_id":"era_1"', 'é']) {
      assert.equal(faultOf(signWith(own.key, header, encode(body))), 'malformed', body);
    }
  });

  test('is no other text', () => {
    const texts = fc.oneof(
      fc.string({ maxLength: 200 }),
      fc
        .array(fc.string({ unit: fc.constantFrom(...'AZaz09-_.=') }), { maxLength: 40 })
        .map((all) => all.join('')),
      fc.json().map((text) => `${encode(text)}.${encode(text)}.${encode(text)}`),
    );
    fc.assert(
      fc.property(texts, (text) => faultOf(text) !== 'valid'),
      { numRuns: 500 },
    );
    const flattened = JSON.stringify({ protected: head, payload, signature });
    assert.equal(faultOf(flattened), 'malformed');
  });
});

describe('a key set', () => {
  test('returns the keys that can sign receipts, and skips other keys', () => {
    const odd = [
      null,
      1,
      'x',
      {},
      { kty: 'RSA', kid: 'own', n: 'AQAB', e: 'AQAB' },
      { ...own.jwk, x: 'short' },
    ];
    const more = [
      { ...own.jwk, crv: 'X25519' },
      { ...own.jwk, kid: 7 },
      { ...own.jwk, x: 1 },
    ];
    assert.deepEqual(parseJwks(JSON.stringify({ keys: [...odd, ...more, own.jwk] })), { keys: [own.jwk] });
  });

  test('is no other text', () => {
    for (const text of ['', 'null', '[]', '{}', '{"keys":{}}', '{"keys":1}', '{"keys":[']) {
      assert.equal(parseJwks(text), null, text);
    }
    fc.assert(fc.property(fc.json(), (text) => (parseJwks(text)?.keys.length ?? 0) === 0));
  });
});
