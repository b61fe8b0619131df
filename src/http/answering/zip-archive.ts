/**
 * A ZIP archive (PKWARE APPNOTE 6.3) of texts, made while its files are read, so that the memory stays flat: sizes and checksums
 * follow the content of each file. For files and archives below 4 GiB.
 */
import { promisify } from 'node:util';
import { constants, crc32, deflateRaw } from 'node:zlib';

/** A part of the text of a file; the parts of one file follow one another. */
export interface ZipText {
  readonly file: string;
  readonly text: string;
}

/** A file that is written: its name, where it begins, and what is known of its content so far. */
interface Entry {
  readonly name: Buffer;
  readonly offset: number;
  checksum: number;
  packed: number;
  size: number;
}

const compress = promisify(deflateRaw);
const sizeMax = 0xffff_ffff;
/** So many characters are packed together. */
const packedCharacters = 128 * 1024;
/** Version 2.0 of the format: compressed files. */
const version = 20;
/** The sizes follow the content (bit 3), and names are UTF-8 (bit 11). */
const flags = 0x0808;
const deflated = 8;
/** The last block of a compressed content, without content. */
const lastBlock = Buffer.from([0x03, 0x00]);

/** The bytes of the archive. `at` is the time of its files, in epoch milliseconds. */
export async function* zipOf(texts: AsyncIterable<ZipText>, at: number): AsyncGenerator<Uint8Array> {
  const entries: Entry[] = [];
  const time = dosTime(at);
  let offset = 0;
  const counted = (bytes: Buffer): Buffer => {
    offset += bytes.length;
    if (offset > sizeMax) throw new Error('the archive is larger than its format allows');
    return bytes;
  };
  let entry: Entry | null = null;
  let waiting = '';
  for await (const { file, text } of texts) {
    const name = Buffer.from(file);
    if (entry === null || !entry.name.equals(name)) {
      if (entry !== null) yield counted(await pack(entry, waiting, true));
      waiting = '';
      entry = { name, offset, checksum: 0, packed: 0, size: 0 };
      entries.push(entry);
      yield counted(localHeader(entry, time));
    }
    waiting += text;
    if (waiting.length < packedCharacters) continue;
    yield counted(await pack(entry, waiting, false));
    waiting = '';
  }
  if (entry !== null) yield counted(await pack(entry, waiting, true));
  const begin = offset;
  for (const each of entries) yield counted(centralHeader(each, time));
  yield endOf(entries.length, { begin, size: offset - begin });
}

/** The text compressed, as blocks that end at a byte; at the end of the file the last block and what is known of the file. */
async function pack(entry: Entry, text: string, isLast: boolean): Promise<Buffer> {
  const content = Buffer.from(text);
  const blocks = await compress(content, { finishFlush: constants.Z_SYNC_FLUSH });
  const packed = isLast ? Buffer.concat([blocks, lastBlock]) : blocks;
  entry.checksum = crc32(content, entry.checksum);
  entry.size += content.length;
  entry.packed += packed.length;
  return isLast ? Buffer.concat([packed, integers([0x0807_4b50, 4], ...sizesOf(entry))]) : packed;
}

function localHeader({ name }: Entry, time: number): Buffer {
  const head = integers(
    [0x0403_4b50, 4],
    [version, 2],
    [flags, 2],
    [deflated, 2],
    [time, 4],
    [0, 4],
    [0, 4],
    [0, 4],
  );
  return Buffer.concat([head, integers([name.length, 2], [0, 2]), name]);
}

function centralHeader(entry: Entry, time: number): Buffer {
  const { name, offset } = entry;
  // Made on Unix (3), so that the mode of the file counts: 600.
  const made = (3 << 8) | version;
  const mode = 0o100600 * 2 ** 16;
  const head = integers([0x0201_4b50, 4], [made, 2], [version, 2], [flags, 2], [deflated, 2], [time, 4]);
  const rest = integers([name.length, 2], [0, 2], [0, 2], [0, 2], [0, 2], [mode, 4], [offset, 4]);
  return Buffer.concat([head, integers(...sizesOf(entry)), rest, name]);
}

function endOf(count: number, { begin, size }: { readonly begin: number; readonly size: number }): Buffer {
  return integers([0x0605_4b50, 4], [0, 2], [0, 2], [count, 2], [count, 2], [size, 4], [begin, 4], [0, 2]);
}

function sizesOf({ checksum, packed, size }: Entry): [number, 4][] {
  return [
    [checksum, 4],
    [packed, 4],
    [size, 4],
  ];
}

/** Little-endian. */
function integers(...fields: readonly (readonly [value: number, bytes: 2 | 4])[]): Buffer {
  const buffer = Buffer.alloc(fields.reduce((sum, [, bytes]) => sum + bytes, 0));
  let at = 0;
  for (const [value, bytes] of fields) at = buffer.writeUIntLE(value, at, bytes);
  return buffer;
}

/** Date and time in UTC in the form of MS-DOS: two seconds exact, from 1980 on. */
function dosTime(at: number): number {
  const time = new Date(at);
  const year = Math.max(0, time.getUTCFullYear() - 1980);
  const date = (year << 9) | ((time.getUTCMonth() + 1) << 5) | time.getUTCDate();
  const inDay = (time.getUTCHours() << 11) | (time.getUTCMinutes() << 5) | (time.getUTCSeconds() >> 1);
  return date * 2 ** 16 + inDay;
}
