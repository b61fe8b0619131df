/**
 * The keys that sign receipts. One key signs at a time; the public halves of former keys stay for good, so that old
 * receipts verify. Keys are rows, so that all processes of a deployment have the same ones; the private half is
 * sealed under the deployment's secret. A deployment that has lost its secret signs with a new key.
 */
import { createHash, createPrivateKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import type { Core } from '../core.ts';
import { refuse } from '../errors.ts';
import type { SecretBox } from '../secret.ts';
import type { SystemTx } from '../unit-of-work.ts';
import type { Jwks, PublicJwk, ReceiptSigner } from './receipt.ts';
import { type ReceiptKey, type ReceiptKeyStore, receiptKeyContext } from './receipt-key-store.ts';

/**
 * The present signer; makes the first key of a deployment, and a new one where no known secret opens the present
 * key.
 */
async function findSigner(core: Core): Promise<ReceiptSigner> {
  const keys = await core.work.readSystem('job', (tx) => tx.receiptKeys.list());
  const signer = signerAmong(core.secrets, keys);
  if (signer !== null) return signer;
  const fresh = makeKey(core);
  const make = async (tx: SystemTx): Promise<ReceiptSigner> => {
    // Another process may have made a key since the read.
    const present = await tx.receiptKeys.list();
    const made = signerAmong(core.secrets, present);
    if (made !== null) return made;
    await putInPlace(tx.receiptKeys, present, fresh.row);
    return fresh.signer;
  };
  return core.work.changeSystem('job', make, { isExclusive: true });
}

/** The present signer, made where there is none; writes the public keys to the folder. */
export async function ensureSigner(core: Core): Promise<ReceiptSigner> {
  const signer = await findSigner(core);
  await publishKeys(core);
  return signer;
}

/** What a start finds of the keys of earlier ones. */
export interface KeyFaults {
  /** No known secret opens the signing key: the secret is another one. */
  readonly isSealedElsewhere: boolean;
  /** The folder lacks the public keys that the database has. */
  readonly isFileMissing: boolean;
}

/** Looks at the keys before `ensureSigner` replaces and writes them. */
export async function findKeyFaults(core: Core): Promise<KeyFaults> {
  const keys = await core.work.readSystem('job', (tx) => tx.receiptKeys.list());
  const hasFolder = core.ledger.id !== null;
  return {
    isSealedElsewhere: keys.length > 0 && signerAmong(core.secrets, keys) === null,
    isFileMissing: hasFolder && keys.length > 0 && (await core.publicKeys.read()).keys.length === 0,
  };
}

/** Replaces the signing key by a new one. Receipts of the former key stay valid. */
export async function rotateReceiptKey(core: Core): Promise<ReceiptSigner> {
  const { row, signer } = makeKey(core);
  await core.work.changeSystem(
    'operator',
    async (tx) => putInPlace(tx.receiptKeys, await tx.receiptKeys.list(), row),
    { isExclusive: true },
  );
  await publishKeys(core);
  return signer;
}

/**
 * Every public key of the deployment: those of the database, and those of the folder, which outlives a restored
 * database. There is always one.
 */
export async function listPublicKeys(core: Core): Promise<Jwks> {
  await findSigner(core);
  const keys = await core.work.readSystem('job', (tx) => tx.receiptKeys.list());
  const own = keys.map(toJwk);
  const known = new Set(own.map(({ kid }) => kid));
  const others = (await core.publicKeys.read()).keys.filter(({ kid }) => !known.has(kid));
  return { keys: [...others, ...own] };
}

/** Writes the public keys of the database to the folder. */
async function publishKeys(core: Core): Promise<void> {
  const keys = await core.work.readSystem('job', (tx) => tx.receiptKeys.list());
  await core.publicKeys.add(keys.map(toJwk));
}

function toJwk({ id, publicKey }: ReceiptKey): PublicJwk {
  return { kty: 'OKP', crv: 'Ed25519', x: publicKey, kid: id, alg: 'EdDSA', use: 'sig' };
}

function signerAmong(secrets: SecretBox, keys: readonly ReceiptKey[]): ReceiptSigner | null {
  const current = keys.findLast(({ sealedKey }) => sealedKey !== null);
  if (current?.sealedKey === undefined || current.sealedKey === null) return null;
  const der = openKey(secrets, current.id, current.sealedKey);
  if (der === null) return null;
  return { kid: current.id, key: createPrivateKey({ key: der, format: 'der', type: 'pkcs8' }) };
}

function openKey(secrets: SecretBox, id: string, sealed: string): Buffer | null {
  try {
    return Buffer.from(secrets.open(sealed, receiptKeyContext({ id })), 'base64url');
  } catch {
    return null;
  }
}

/** A step: retires the signing key, and adds its successor. */
async function putInPlace(
  store: ReceiptKeyStore,
  present: readonly ReceiptKey[],
  next: ReceiptKey,
): Promise<void> {
  for (const { id, sealedKey } of present) {
    if (sealedKey !== null) await store.retire(id, next.createdAt);
  }
  await store.insert(next);
}

function makeKey({ clock, secrets }: Core): { readonly row: ReceiptKey; readonly signer: ReceiptSigner } {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const { x } = publicKey.export({ format: 'jwk' });
  if (x === undefined) throw refuse('internal', {});
  const id = thumbprintOf(x);
  const sealedKey = secrets.seal(exportKey(privateKey), receiptKeyContext({ id }));
  const row = { id, publicKey: x, sealedKey, createdAt: clock.now(), retiredAt: null };
  return { row, signer: { kid: id, key: privateKey } };
}

/** RFC 7638: the required members in their order, without blanks. */
function thumbprintOf(x: string): string {
  return createHash('sha256').update(`{"crv":"Ed25519","kty":"OKP","x":"${x}"}`).digest('base64url');
}

function exportKey(key: KeyObject): string {
  return key.export({ format: 'der', type: 'pkcs8' }).toString('base64url');
}
