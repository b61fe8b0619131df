/**
 * How a request's body is read and parsed. At most 256 KiB are accepted, with or without `Content-Length`, in a limited number
 * of pieces: a chunk of one byte costs as much work as a large one, and hundreds of bytes of memory. Bytes that do not parse
 * are `malformed_body`; an empty body counts as no body, whatever its content type. Bodies are read as UTF-8. Another
 * charset is refused where it could change a character.
 */
import type { BodyType } from '../contract.ts';
import type { Exchange } from '../exchange.ts';
import { type MediaReason, refuseHttp } from '../http-refusals.ts';
import { readPairs } from './pairs.ts';

export const bodyBytesMax = 256 * 1024;
/** How many pieces a body may arrive in: chunks, or packets. */
const bodyPiecesMax = 16_384;
/** So many pieces are joined to one, so that small ones need no more memory than their bytes. */
const joinedPieces = 1_024;
/** Real documents nest a few levels. Very deep ones overflow the stack of code that walks them. */
const depthMax = 64;

/** The caller hung up before its request was complete, so no answer is possible. */
export class CallerGone extends Error {
  override readonly name = 'CallerGone';
}

/**
 * The bytes of a body that the headers announce. Refuses with `payload_too_large` as soon as the size is known or the pieces
 * are too many, with `malformed_body` for broken chunks, and with `request_timeout` for a body that arrives too slowly.
 */
export async function readBody(exchange: Exchange): Promise<Buffer> {
  const { request, response } = exchange;
  if (Number(request.headers['content-length']) > bodyBytesMax) throw tooLarge();
  if (exchange.bodyRefusal !== null) throw exchange.bodyRefusal;
  if (exchange.expectsContinue) response.writeContinue();

  return new Promise((resolve, reject) => {
    let pieces: Buffer[] = [];
    let length = 0;
    let count = 0;
    const settle = (act: () => void): void => {
      request.off('data', onData).off('end', onEnd).off('close', onClose).off('error', onClose);
      exchange.onBodyRefusal = null;
      act();
    };
    const onData = (piece: Buffer): void => {
      length += piece.length;
      count += 1;
      exchange.heldBytes = length;
      if (length > bodyBytesMax || count > bodyPiecesMax) settle(() => reject(tooLarge()));
      else if (pieces.push(piece) === joinedPieces) pieces = [Buffer.concat(pieces)];
    };
    const onEnd = (): void => {
      const [first] = pieces;
      settle(() =>
        resolve(pieces.length === 1 && first !== undefined ? first : Buffer.concat(pieces, length)),
      );
    };
    const onClose = (): void => settle(() => reject(new CallerGone()));
    exchange.onBodyRefusal = (refusal) => settle(() => reject(refusal));
    request.on('data', onData).on('end', onEnd).on('close', onClose).on('error', onClose);
  });
}

/** The value of a non-empty body. Refuses with `unsupported_media_type` or `malformed_body`. */
export function parseBody(
  bytes: Buffer,
  { request }: Pick<Exchange, 'request'>,
  types: readonly BodyType[],
): unknown {
  const { 'content-type': contentType = '', 'content-encoding': coding } = request.headers;
  if (coding !== undefined && !/^[\s,]*(?:identity[\s,]*)*$/i.test(coding)) throw unsupported('coding');
  const mediaType = contentType.split(';', 1)[0]?.trim().toLowerCase();
  const type = types.find((each) => each === mediaType);
  if (type === undefined) throw unsupported('type');
  if (!isReadAsUtf8(bytes, contentType, type)) throw unsupported('charset');
  try {
    const text = utf8.decode(bytes);
    return type === 'application/x-www-form-urlencoded' ? parseForm(text) : parseJson(text);
  } catch {
    // The parser's error may quote the body, so it is dropped.
    throw refuseHttp('malformed_body', {});
  }
}

/**
 * Whether reading the body as UTF-8 gives the characters that were meant: its charset is UTF-8 by one of its names (WHATWG
 * Encoding, section 4.2), or not given, or the body is ASCII.
 */
function isReadAsUtf8(bytes: Buffer, contentType: string, type: BodyType): boolean {
  if (contentType.length === type.length) return true;
  const charsets = [...contentType.matchAll(parameter)].flatMap(([, name = '', value = '']) =>
    name.toLowerCase() === 'charset' ? unquoted(value.trim()) : [],
  );
  return charsets.every(isUtf8Name) || isAscii(bytes, type);
}

const parameter = /;\s*([^\s=;"]+)\s*=\s*("(?:[^"\\]|\\.)*"|[^;]*)/g;

/** Some clients put apostrophes, which are no quotes in HTTP. */
function unquoted(text: string): string {
  if (text.startsWith("'")) return text.replaceAll("'", '');
  return text.startsWith('"') ? text.slice(1, -1).replaceAll(/\\(.)/g, '$1') : text;
}

function isUtf8Name(charset: string): boolean {
  if (charset === '') return true;
  try {
    return new TextDecoder(charset).encoding === 'utf-8';
  } catch {
    return false;
  }
}

/** ASCII without NUL, which in JSON is a part of UTF-16 or UTF-32; a form must also encode ASCII characters only. */
function isAscii(bytes: Buffer, type: BodyType): boolean {
  if (bytes.some((byte) => byte > 0x7f || byte === 0)) return false;
  return type !== 'application/x-www-form-urlencoded' || !/%[89a-f]/i.test(bytes.toString('latin1'));
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

function parseJson(text: string): unknown {
  if (isTooDeep(text)) throw new RangeError('too deep');
  return JSON.parse(text);
}

/** Whether a JSON text nests deeper than allowed; brackets in strings do not count. */
function isTooDeep(text: string): boolean {
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === quote) at = endOfString(text, at);
    else if (code === openBrace || code === openBracket) {
      depth += 1;
      if (depth > depthMax) return true;
    } else if (code === closeBrace || code === closeBracket) depth -= 1;
  }
  return false;
}

const quote = 0x22;
const openBracket = 0x5b;
const backslash = 0x5c;
const closeBracket = 0x5d;
const openBrace = 0x7b;
const closeBrace = 0x7d;

function endOfString(text: string, start: number): number {
  let end = start;
  let slashes: number;
  do {
    end = text.indexOf('"', end + 1);
    if (end < 0) return text.length;
    slashes = end - 1;
    while (text.charCodeAt(slashes) === backslash) slashes -= 1;
    slashes = end - 1 - slashes;
  } while (slashes % 2 === 1);
  return end;
}

/** The fields of a form (WHATWG URL, section 5.1); a repeated field is a list. */
function parseForm(text: string): Record<string, string | string[]> {
  const fields = new Map<string, string | string[]>();
  for (const [name, value] of readPairs(text)) {
    const before = fields.get(name);
    if (before === undefined) fields.set(name, value);
    else if (typeof before === 'string') fields.set(name, [before, value]);
    else before.push(value);
  }
  return Object.fromEntries(fields);
}

function unsupported(reason: MediaReason): Error {
  return refuseHttp('unsupported_media_type', { reason });
}

function tooLarge(): Error {
  return refuseHttp('payload_too_large', { limitBytes: bodyBytesMax });
}
