/** Checks that a JSON body is an object; the core reads its fields. */
import { refuseHttp } from '../http-refusals.ts';

/** The members of the body; none without a body. Refuses a body that is not an object with `malformed_body`. */
export function readMembers(body: unknown): Readonly<Record<string, unknown>> {
  if (body === undefined) return {};
  if (!isObject(body)) throw refuseHttp('malformed_body', {});
  return body;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
