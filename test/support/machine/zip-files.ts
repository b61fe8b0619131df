/** Reads a ZIP archive by its central directory, as programs for archives do. */
import assert from 'node:assert/strict';
import { crc32, inflateRawSync } from 'node:zlib';

/** The texts by the names of their files. Fails the test where a size or a checksum is wrong. */
export function filesInZip(archive: Buffer): ReadonlyMap<string, string> {
  const end = archive.lastIndexOf(Buffer.from([0x50, 0x4b, 0x05, 0x06]));
  assert.ok(end !== -1, 'the archive has an end');
  const files = new Map<string, string>();
  let at = archive.readUInt32LE(end + 16);
  for (let left = archive.readUInt16LE(end + 10); left > 0; left--) {
    assert.equal(archive.readUInt32LE(at), 0x0201_4b50);
    const [checksum, packed, size] = [16, 20, 24].map((field) => archive.readUInt32LE(at + field));
    const nameLength = archive.readUInt16LE(at + 28);
    const name = archive.toString('utf8', at + 46, at + 46 + nameLength);
    const local = archive.readUInt32LE(at + 42);
    assert.equal(archive.readUInt32LE(local), 0x0403_4b50);
    const begin = local + 30 + archive.readUInt16LE(local + 26) + archive.readUInt16LE(local + 28);
    const content = inflateRawSync(archive.subarray(begin, begin + (packed ?? 0)));
    assert.equal(content.length, size, name);
    assert.equal(crc32(content), checksum, name);
    files.set(name, content.toString());
    at += 46 + nameLength;
  }
  return files;
}
