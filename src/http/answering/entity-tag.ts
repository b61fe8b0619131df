/**
 * Entity tags and conditional requests (RFC 9110, sections 8.8.3 and 13). A tag is a digest of the resource as the
 * contract shows it, so it is strong: two states of a resource have one tag only where the contract shows them alike.
 * `If-Match` compares strongly and refuses with `precondition_failed`; `If-None-Match` compares weakly, as the RFC
 * demands, because a compressing proxy weakens the tag. Where a request fails anyway, as with 404, its conditions are
 * ignored.
 */
import { hash } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import type { Precondition } from '../../core/directory/user-lifecycle.ts';
import type { Answer, ResponseDocument } from '../contract.ts';
import { refuseHttp } from '../http-refusals.ts';
import { Type } from '../shape.ts';

/** The strong tag of a resource; `shown` is what the contract shows of it, without the tag itself. */
export function entityTagOf(shown: unknown): string {
  return `"${hash('sha256', JSON.stringify(shown), 'base64url').slice(0, 27)}"`;
}

/**
 * The answer to a read: 200 with the tag, or 304 without a body where the client has this state already. Refuses with
 * `precondition_failed` where the client asks for another state.
 */
export function answerTagged(headers: IncomingHttpHeaders, tag: string, body: unknown): Answer {
  if (!matchesStrongly(headers['if-match'], tag)) throw refuseHttp('precondition_failed', {});
  const known = { etag: tag };
  return isNamed(headers['if-none-match'], tag)
    ? { status: 304, headers: known }
    : { status: 200, headers: known, body };
}

/** What the request expects of the resource before a change: refuses with `precondition_failed`. */
export function preconditionOf<Present>(
  headers: IncomingHttpHeaders,
  tagOf: (present: Present) => string,
): Precondition<Present> {
  return (present) => {
    const { 'if-match': wanted, 'if-none-match': unwanted } = headers;
    if (wanted === undefined && unwanted === undefined) return;
    const tag = tagOf(present);
    if (!matchesStrongly(wanted, tag) || isNamed(unwanted, tag)) throw refuseHttp('precondition_failed', {});
  };
}

const sampleTag = '"pZGm1Av0IEBKARczz7exkNYsZb8"';

/** The header fields of a conditional request, for the reference. */
export const conditionalHeaders = Type.Object({
  'If-Match': Type.Optional(
    Type.String({
      description: 'The `ETag` that the resource must still have: else 412.',
      examples: [sampleTag],
    }),
  ),
  'If-None-Match': Type.Optional(
    Type.String({
      description: 'An `ETag` that the client has: a read of it is 304, a change of it 412.',
      examples: [sampleTag],
    }),
  ),
});

/** The header field of an answer with a tag, for the reference. */
export const entityTagHeader = { ETag: { description: 'Names this state of the resource, for `If-Match`.' } };

/** The answer to a read of a state that the client has, for the reference. */
export const notModifiedResponse: ResponseDocument = {
  description: 'The client has this state already',
  headers: entityTagHeader,
};

/** An entity tag, its weakness mark apart. */
const entityTag = /(W\/)?("[\x21\x23-\x7e\x80-\xff]*")/g;

/** Whether `If-Match` allows a resource with this tag; without the field each is allowed. */
function matchesStrongly(field: string | undefined, tag: string): boolean {
  if (field === undefined || field.trim() === '*') return true;
  return [...field.matchAll(entityTag)].some(([, weak, text]) => weak === undefined && text === tag);
}

/** Whether `If-None-Match` names this tag, weak or not. */
function isNamed(field: string | undefined, tag: string): boolean {
  if (field === undefined) return false;
  return field.trim() === '*' || [...field.matchAll(entityTag)].some(([, , text]) => text === tag);
}
