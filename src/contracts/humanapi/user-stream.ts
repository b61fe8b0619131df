/**
 * All users of an app as a body in pieces: a JSON array, or one user per line for a client that prefers lines. A
 * piece is one batch of the directory. It is rendered when the reader asks for it, so that memory use does not
 * grow.
 */
import type { IncomingHttpHeaders } from 'node:http';
import { type ShownUser, toHumanUserJson } from './present.ts';

export const jsonType = 'application/json';
export const ndjsonType = 'application/x-ndjson';

/** A JSON array with one user per line. */
export async function* toJsonArray(batches: AsyncIterable<readonly ShownUser[]>): AsyncGenerator<string> {
  let before = '[';
  for await (const batch of batches) {
    yield before + batch.map(toHumanUserJson).join(',\n');
    before = ',\n';
  }
  yield before === '[' ? '[]' : ']';
}

/** One JSON object per line; each line has an end. */
export async function* toLines(batches: AsyncIterable<readonly ShownUser[]>): AsyncGenerator<string> {
  for await (const batch of batches) {
    yield `${batch.map(toHumanUserJson).join('\n')}\n`;
  }
}

/**
 * Whether `Accept` (RFC 9110, section 12.5.1) prefers lines to an array: it names the type of lines, and does not
 * name JSON with a higher weight, or first with the same weight. A client that names neither gets the array.
 */
export function prefersLines(headers: IncomingHttpHeaders): boolean {
  const ranges = (headers.accept ?? '').split(',').map(readRange);
  const lines = ranges.findIndex(({ type }) => type === ndjsonType);
  const array = ranges.findIndex(({ type }) => type === jsonType);
  const linesWeight = ranges[lines]?.weight ?? 0;
  const arrayWeight = ranges[array]?.weight ?? 0;
  if (linesWeight !== arrayWeight) return linesWeight > arrayWeight;
  return linesWeight > 0 && lines < array;
}

function readRange(text: string): { type: string; weight: number } {
  const [type = '', ...parameters] = text.split(';').map((part) => part.trim().toLowerCase());
  const weight = parameters.find((parameter) => parameter.startsWith('q='))?.slice(2);
  const number = weight === undefined ? 1 : Number.parseFloat(weight);
  return { type, weight: number >= 0 && number <= 1 ? number : 0 };
}
