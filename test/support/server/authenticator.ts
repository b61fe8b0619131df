/**
 * A software authenticator (WebAuthn level 3): makes passkeys and signs with them, as a browser with a security key does. A
 * test can make it lie: leave the verification of its user out, or use another origin.
 */
import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';
import { isoCBOR } from '@simplewebauthn/server/helpers';

export interface AuthenticatorOptions {
  /** The origin of the page. */
  readonly origin: string;
  /** Whether it has verified its user, by a fingerprint or a PIN. */
  readonly isVerified?: boolean;
}

interface Options {
  readonly challenge?: unknown;
  readonly rp?: { readonly id?: string };
  readonly rpId?: string;
  readonly allowCredentials?: readonly { readonly id: string }[];
}

export class Authenticator {
  readonly #privateKey: KeyObject;
  readonly #publicKey: KeyObject;
  readonly credentialId = randomBytes(16).toString('base64url');
  #signs = 0;

  constructor() {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    this.#privateKey = privateKey;
    this.#publicKey = publicKey;
  }

  /** The answer to options for a new passkey. */
  create(given: unknown, { origin, isVerified = true }: AuthenticatorOptions): object {
    const { challenge, rp } = Object(given) as Options;
    const { x = '', y = '' } = this.#publicKey.export({ format: 'jwk' });
    const cose = new Map<number, number | Uint8Array>([
      [1, 2],
      [3, -7],
      [-1, 1],
      [-2, new Uint8Array(Buffer.from(x, 'base64url'))],
      [-3, new Uint8Array(Buffer.from(y, 'base64url'))],
    ]);
    const id = Buffer.from(this.credentialId, 'base64url');
    const length = Buffer.alloc(2);
    length.writeUInt16BE(id.length);
    const attested = Buffer.concat([Buffer.alloc(16), length, id, isoCBOR.encode(cose)]);
    const authData = Buffer.concat([this.#head(rp?.id ?? '', { isVerified, isAttested: true }), attested]);
    const attestation = isoCBOR.encode(
      new Map<string, unknown>([
        ['fmt', 'none'],
        ['attStmt', new Map()],
        ['authData', new Uint8Array(authData)],
      ]) as Map<string, string>,
    );
    return {
      ...{ id: this.credentialId, rawId: this.credentialId, type: 'public-key' },
      clientExtensionResults: {},
      response: {
        clientDataJSON: clientData('webauthn.create', challenge, origin).toString('base64url'),
        attestationObject: Buffer.from(attestation).toString('base64url'),
        transports: ['usb'],
      },
    };
  }

  /** The answer to options that ask for a passkey. */
  get(given: unknown, { origin, isVerified = true }: AuthenticatorOptions): object {
    const { challenge, rpId = '' } = Object(given) as Options;
    this.#signs += 1;
    const authData = this.#head(rpId, { isVerified, isAttested: false });
    const data = clientData('webauthn.get', challenge, origin);
    const signed = Buffer.concat([authData, createHash('sha256').update(data).digest()]);
    return {
      ...{ id: this.credentialId, rawId: this.credentialId, type: 'public-key' },
      clientExtensionResults: {},
      response: {
        clientDataJSON: data.toString('base64url'),
        authenticatorData: authData.toString('base64url'),
        signature: sign('sha256', signed, this.#privateKey).toString('base64url'),
      },
    };
  }

  /** The head of the authenticator data (section 6.1): the hash of the host, flags, and the count of signatures. */
  #head(host: string, { isVerified, isAttested }: { isVerified: boolean; isAttested: boolean }): Buffer {
    const flags = 0x01 | (isVerified ? 0x04 : 0) | (isAttested ? 0x40 : 0);
    const rest = Buffer.alloc(5);
    rest.writeUInt8(flags);
    rest.writeUInt32BE(this.#signs, 1);
    return Buffer.concat([createHash('sha256').update(host).digest(), rest]);
  }
}

function clientData(type: string, challenge: unknown, origin: string): Buffer {
  return Buffer.from(JSON.stringify({ type, challenge, origin, crossOrigin: false }));
}
