/**
 * How a request's body is read and parsed. At most 256 KiB are accepted, with or without `Content-Length`; bytes
 * that do not parse are `malformed_body`; an empty body counts as no body, whatever its content type.
 */
import type { BodyType } from '../contract.ts';
import type { Exchange } from '../exchange.ts';
import { refuseHttp } from '../http-refusals.ts';
import { readPairs } from './pairs.ts';

export const bodyBytesMax = 256 * 1024;
/** Real documents nest a few levels. Very deep ones overflow the stack of code that walks them. */
const depthMax = 64;

/** The caller hung up before its request was complete, so no answer is possible. */
export class CallerGone extends Error {
  override readonly name = 'CallerGone';
}

/**
 * The bytes of a body that the headers announce. Refuses with `payload_too_large` as soon as the size is known, with
 * `malformed_body` for broken chunks, and with `request_timeout` for a body that arrives too slowly.
 */
export async function readBody(exchange: Exchange): Promise<Buffer> {
  const { request, response } = exchange;
  if (Number(request.headers['content-length']) > bodyBytesMax) throw tooLarge();
  if (exchange.bodyRefusal !== null) throw exchange.bodyRefusal;
  if (exchange.expectsContinue) response.writeContinue();

  return new Promise((resolve, reject) => {
    const pieces: Buffer[] = [];
    let length = 0;
    const settle = (act: () => void): void => {
      request.off('data', onData).off('end', onEnd).off('close', onClose).off('error', onClose);
      exchange.onBodyRefusal = null;
      act();
    };
    const onData = (piece: Buffer): void => {
      length += piece.length;
      if (length > bodyBytesMax) settle(() => reject(tooLarge()));
      else pieces.push(piece);
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
  const { 'content-type': contentType = '', 'content-encoding': encoding = 'identity' } = request.headers;
  const mediaType = contentType.split(';', 1)[0]?.trim().toLowerCase();
  const type = types.find((each) => each === mediaType);
  if (type === undefined || encoding.trim().toLowerCase() !== 'identity') {
    throw refuseHttp('unsupported_media_type', {});
  }
  try {
    const text = utf8.decode(bytes);
    return type === 'application/x-www-form-urlencoded' ? parseForm(text) : parseJson(text);
  } catch {
    // The parser's error may quote the body, so it is dropped.
    throw refuseHttp('malformed_body', {});
  }
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

function tooLarge(): Error {
  return refuseHttp('payload_too_large', { limitBytes: bodyBytesMax });
}
