/**
 * The mark of a provider: a small picture that the Connect page shows beside the provider's name. A deployment gives it,
 * because the providers' terms for their brands ask for their own download and consent. It is a PNG or an SVG picture.
 */
import { hash } from 'node:crypto';
import { pictureTypeOf } from '../directory/app-brand.ts';
import { svgProblem } from './safe-svg.ts';

/** The longest mark, in bytes. */
export const markBytesMax = 64 * 1024;

export interface ProviderMark {
  readonly type: 'image/png' | 'image/svg+xml';
  readonly bytes: Uint8Array;
  /** The first 32 hex digits of the SHA-256. */
  readonly digest: string;
}

/** The mark, or what is wrong with the file, as the end of a sentence. */
export type ReadMark = { readonly mark: ProviderMark } | { readonly problem: string };

/** `bytes` are at most `markBytesMax`. */
export function readMark(bytes: Uint8Array): ReadMark {
  const digest = hash('sha256', bytes).slice(0, 32);
  if (pictureTypeOf(bytes) === 'image/png') return { mark: { type: 'image/png', bytes, digest } };
  const text = svgText(bytes);
  if (text === null) return { problem: 'is not a PNG or SVG picture' };
  const problem = svgProblem(text);
  return problem === null ? { mark: { type: 'image/svg+xml', bytes, digest } } : { problem };
}

/** Null for a file that is not text in UTF-8, or not XML. */
function svgText(bytes: Uint8Array): string | null {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    return text.trimStart().startsWith('<') ? text : null;
  } catch {
    return null;
  }
}
