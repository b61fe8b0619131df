/**
 * The chain of a ledger's lines. Each line ends with the name of a secret and an authentication code: an HMAC over the
 * id of the ledger, the code of the line before, and the line itself up to its code. So no line can be added, changed,
 * dropped or moved without the secret, and no line of another ledger fits. Blank lines are no lines. The second line is
 * over the whole first one, which names the ledger: it counts whenever the second one does, and alone it says nothing.
 *
 * A checkpoint is a line with the digest of all bytes before it. It stands for lines whose own codes cannot be verified:
 * lines from before lines had codes, and lines under a secret that is gone.
 */
import { createHash } from 'node:crypto';
import { LedgerError, type LedgerHead } from '../../core/erasure/ledger.ts';
import { type SecretBox, sameDigest } from '../../core/secret.ts';

const purpose = 'erasure ledger';
const newline = 0x0a;
const ending = /^,"key":"([0-9a-f]{8})","mac":"([A-Za-z0-9_-]{43})"\}$/;
/** The length of that text. */
const endingBytes = 70;
/** How much of the ending the code covers: all before `,"mac":`. */
const macBytes = 53;
const checkpointStart = '{"kind":"checkpoint",';

/** A first line that nothing vouches for yet; `key` names the unknown secret, null where the line has no code. */
interface Unvouched {
  readonly line: number;
  readonly key: string | null;
}

/** How a line ends. */
export interface Ending {
  readonly key: string;
  readonly code: string;
  /** What the code covers. */
  readonly covered: Buffer;
}

/** How far a process has verified a ledger. */
export class LedgerChain {
  readonly #path: string;
  readonly #id: string;
  readonly #secrets: SecretBox;
  readonly #digest = createHash('sha256');
  /** What the database knows, until the chain has come there. */
  #expected: LedgerHead | null;
  #bytes = 0;
  #lines = 0;
  #code: string | null = null;
  /** What the code of the next line is over, beside that line. */
  #before = '';
  #unvouched: Unvouched | null = null;
  /** Secrets that lines of the ledger name. */
  readonly #seen = new Set<string>();
  /** Secrets that a checkpoint under another one has replaced: nothing after it is under them. */
  #retired: ReadonlySet<string> = new Set();
  /** Whether the newest checkpoint under the present secret stands for each line that is not under it. */
  #isPresent = true;

  constructor(path: string, id: string, { secrets, expected }: ChainOptions) {
    this.#path = path;
    this.#id = id;
    this.#secrets = secrets;
    this.#expected = expected;
  }

  /** The end of the verified lines. */
  get head(): LedgerHead {
    return { bytes: this.#bytes, code: this.#code };
  }

  /** Whether all lines are authenticated under the present secret. */
  get isPresent(): boolean {
    return this.#isPresent && (this.#unvouched === null || !this.hasLines);
  }

  /** Whether the ledger is from before lines had codes, and nothing stands for its lines yet. */
  get isPlain(): boolean {
    return this.#unvouched !== null && this.#code === null;
  }

  /** Whether a ledger without codes is from before lines had them: the database knows it so, or it is empty. */
  isFromBefore(known: LedgerHead | null): boolean {
    return known === null ? !this.hasLines : known.code === null;
  }

  /** Whether it has more than its first line. */
  get hasLines(): boolean {
    return this.#lines > 1;
  }

  /** Verifies the next bytes of the ledger, which are whole lines. Throws a `LedgerError`. */
  advance(bytes: Buffer): void {
    let digested = 0;
    for (let at = 0; at < bytes.length; ) {
      const end = bytes.indexOf(newline, at);
      const line = bytes.subarray(at, end);
      if (line.length > 0) {
        this.#lines += 1;
        this.#verify(line, () => {
          this.#digest.update(bytes.subarray(digested, at));
          digested = at;
          return this.#digest.copy().digest('base64url');
        });
      }
      this.#bytes += end + 1 - at;
      at = end + 1;
      this.#compare();
    }
    this.#digest.update(bytes.subarray(digested));
  }

  /** Throws a `LedgerError` where the verified lines are not the whole ledger, or nothing vouches for some of them. */
  conclude(): void {
    if (this.#expected !== null && this.#bytes < this.#expected.bytes) {
      throw this.fault('is shorter than the database knows: lines at its end are missing');
    }
    if (this.#unvouched === null || (this.#lines === 1 && this.#unvouched.key !== null)) return;
    const { line, key } = this.#unvouched;
    throw this.fault(
      key === null
        ? `has a line without an authentication code (line ${line}), and the database does not know it from before lines had codes`
        : `names a secret that is not in the settings (line ${line}, key ${key}): add the former secret to them`,
    );
  }

  fault(problem: string): LedgerError {
    return new LedgerError(`${this.#path} ${problem}`);
  }

  /** Seals the bodies of lines, JSON objects, behind the verified ones. */
  seal(bodies: readonly string[]): Buffer {
    const key = this.#secrets.keyId;
    let before = this.#before;
    let text = '';
    for (const body of bodies) {
      const covered = `${body.slice(0, -1)},"key":"${key}"`;
      before = codeOf(this.#secrets, this.#id, { key, before, covered }) ?? '';
      text += `${covered},"mac":"${before}"}\n`;
    }
    return Buffer.from(text);
  }

  /** The body of a checkpoint behind the verified lines. */
  checkpoint(): string {
    const sha256 = this.#digest.copy().digest('base64url');
    return JSON.stringify({ kind: 'checkpoint', bytes: this.#bytes, sha256 });
  }

  /** Verifies a line. `digest` gives the digest of all bytes before it. */
  #verify(line: Buffer, digest: () => string): void {
    const sealed = endingOf(line);
    if (sealed === null) {
      if (this.#code !== null) throw this.#changed();
      this.#unvouched ??= { line: this.#lines, key: null };
      return;
    }
    const { key, code, covered } = sealed;
    const isCheckpoint = covered.subarray(0, checkpointStart.length).toString('latin1') === checkpointStart;
    // Lines without a code end with the checkpoint that takes them over.
    if (this.#unvouched?.key === null && !isCheckpoint) throw this.#changed();
    if (this.#retired.has(key) && key !== this.#secrets.keyId) throw this.#changed();
    this.#seen.add(key);
    if (this.hasLines && key !== this.#secrets.keyId) this.#isPresent = false;
    const known = codeOf(this.#secrets, this.#id, { key, before: this.#before, covered });
    if (known === null) this.#unvouched = { line: this.#unvouched?.line ?? this.#lines, key };
    else if (!sameDigest(known, code)) throw this.#changed();
    else if (isCheckpoint) this.#vouch(key, covered, digest());
    else if (this.#lines === 2) this.#unvouched = null;
    this.#code = code;
    this.#before = this.#lines === 1 ? line.toString('utf8') : code;
  }

  /** A checkpoint was verified: it stands for all lines before it. */
  #vouch(key: string, covered: Buffer, sha256: string): void {
    const stated: { bytes?: unknown; sha256?: unknown } = JSON.parse(`${covered.toString('utf8')}}`);
    if (stated.bytes !== this.#bytes || stated.sha256 !== sha256) throw this.#changed();
    this.#unvouched = null;
    this.#retired = new Set([...this.#seen].filter((seen) => seen !== key));
    this.#isPresent = key === this.#secrets.keyId;
  }

  /** Compares with what the database knows. */
  #compare(): void {
    const expected = this.#expected;
    if (expected === null || expected.code === null || this.#bytes < expected.bytes) return;
    if (this.#bytes > expected.bytes || this.#code !== expected.code) {
      throw this.fault(`differs from what the database knows of it (line ${this.#lines})`);
    }
    this.#expected = null;
  }

  #changed(): LedgerError {
    return this.fault(
      `was changed by another program: line ${this.#lines} is not the one that Roster wrote behind the line before it`,
    );
  }
}

export interface ChainOptions {
  readonly secrets: SecretBox;
  /** What the ledger must agree with: the database, or what the process has seen. */
  readonly expected: LedgerHead | null;
}

/** Null where the line has no code. */
export function endingOf(line: Buffer): Ending | null {
  if (line.length <= endingBytes) return null;
  const start = line.length - endingBytes;
  const [, key, code] = ending.exec(line.toString('latin1', start)) ?? [];
  if (key === undefined || code === undefined) return null;
  return { key, code, covered: line.subarray(0, line.length - macBytes) };
}

/** Null where no known secret has that name. */
export function codeOf(
  secrets: SecretBox,
  id: string,
  {
    key,
    before,
    covered,
  }: { readonly key: string; readonly before: string; readonly covered: string | Buffer },
): string | null {
  return secrets.authenticate(purpose, key, [`${id}\n${before}\n`, covered]);
}
