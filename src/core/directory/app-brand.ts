/**
 * What the web pages show of an app beside its name: a colour, and a logo. A logo is a PNG, JPEG or WebP picture, which its
 * first bytes tell; SVG is refused, because it can hold scripts and links.
 */
import { hash } from 'node:crypto';
import type { FieldResult } from './user-fields.ts';

/** The longest logo, in bytes. */
export const logoBytesMax = 64 * 1024;

export type PictureType = 'image/png' | 'image/jpeg' | 'image/webp';

export interface Logo {
  readonly bytes: Uint8Array;
  /** The first 32 hex digits of the SHA-256. */
  readonly digest: string;
}

/** A colour such as `#1a2b3c` or `#abc`, in lower case and six digits. */
export function readColour(text: string): FieldResult<string> {
  const match = /^#(?:([0-9a-f]{6})|([0-9a-f])([0-9a-f])([0-9a-f]))$/i.exec(text.trim());
  if (match === null) return { fault: 'invalid' };
  const [, six, ...three] = match;
  return { value: `#${six ?? three.map((digit) => `${digit}${digit}`).join('')}`.toLowerCase() };
}

export function readLogo(bytes: Uint8Array): FieldResult<Logo> {
  if (bytes.length > logoBytesMax) return { fault: 'too_long', max: logoBytesMax };
  if (pictureTypeOf(bytes) === null) return { fault: 'invalid' };
  return { value: { bytes, digest: hash('sha256', bytes).slice(0, 32) } };
}

/** The media type of a picture by its first bytes; null for anything else. */
export function pictureTypeOf(bytes: Uint8Array): PictureType | null {
  const start = Buffer.from(bytes.subarray(0, 16)).toString('latin1');
  if (start.startsWith('\x89PNG\r\n\x1a\n') && start.slice(12) === 'IHDR') return 'image/png';
  if (start.startsWith('\xff\xd8\xff')) return 'image/jpeg';
  return /^RIFF.{4}WEBPVP8[ LX]/s.test(start) ? 'image/webp' : null;
}
