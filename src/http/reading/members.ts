/** The outermost shape of a JSON body; its fields are for the core to read. */
import { refuseHttp } from '../http-refusals.ts';

/** The members of the body; none where there is no body. Refuses with `malformed_body` what is no object. */
export function readMembers(body: unknown): Readonly<Record<string, unknown>> {
  if (body === undefined) return {};
  if (!isObject(body)) throw refuseHttp('malformed_body', {});
  return body;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
