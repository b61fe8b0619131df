/** Arbitrary values that fit a JSON Schema, for the part of the language that the documents use. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { characters } from '../arbitraries.ts';

export interface JsonSchema {
  readonly type?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly JsonSchema[];
  readonly format?: string;
  readonly pattern?: string;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly items?: JsonSchema;
}

/** Any value that the schema allows. */
export function fitting(schema: JsonSchema): fc.Arbitrary<unknown> {
  if (schema.const !== undefined) return fc.constant(schema.const);
  if (schema.enum !== undefined) return fc.constantFrom(...schema.enum);
  if (schema.anyOf !== undefined) return fc.oneof(...schema.anyOf.map(fitting));
  switch (schema.type) {
    case 'null':
      return fc.constant(null);
    case 'boolean':
      return fc.boolean();
    case 'integer':
      return fc.integer({ min: schema.minimum ?? -(2 ** 31), max: integerMax(schema) });
    case 'string':
      return text(schema);
    case 'array':
      return fc.array(fitting(schema.items ?? {}), { maxLength: 4 });
    case 'object':
      return members(schema);
    default:
      assert.fail(`a schema of this kind is new here: ${JSON.stringify(schema)}`);
  }
}

/** Bounds beyond 2^53 cannot be told apart. */
function integerMax({ maximum }: JsonSchema): number {
  return Math.min(maximum ?? 2 ** 31, Number.MAX_SAFE_INTEGER);
}

function text({ format, pattern, minLength = 0, maxLength = 300 }: JsonSchema): fc.Arbitrary<string> {
  if (pattern !== undefined) return fc.stringMatching(new RegExp(pattern));
  switch (format) {
    case undefined:
      return fc.oneof(
        fc.string({ minLength, maxLength }),
        fc.string({ unit: 'grapheme', minLength, maxLength: Math.min(maxLength, 20) }),
        fc.string({ unit: characters, minLength, maxLength }),
      );
    case 'email':
      return fc.emailAddress();
    case 'date':
      return days.map((day) => day.toISOString().slice(0, 10));
    case 'date-time':
      return days.map((day) => day.toISOString());
    default:
      assert.fail(`a format that is new here: ${format}`);
  }
}

const days = fc.date({ min: new Date('0001-01-01'), max: new Date('9999-12-31'), noInvalidDate: true });

function members({ properties = {}, required = [] }: JsonSchema): fc.Arbitrary<unknown> {
  const values = Object.fromEntries(Object.entries(properties).map(([name, each]) => [name, fitting(each)]));
  return fc.record(values, { requiredKeys: [...required], noNullPrototype: true });
}

/** A place in a body, as the names that lead there, and what is documented of it. */
export interface Field {
  readonly path: readonly string[];
  readonly schema: JsonSchema;
}

/** Every field that is no object itself, wherever it may stand. */
export function fieldsOf(schema: JsonSchema, path: readonly string[] = []): readonly Field[] {
  const objects = [schema, ...(schema.anyOf ?? [])].filter(({ properties }) => properties !== undefined);
  if (objects.length === 0) return path.length === 0 ? [] : [{ path, schema }];
  return objects.flatMap(({ properties = {} }) =>
    Object.entries(properties).flatMap(([name, each]) => fieldsOf(each, [...path, name])),
  );
}
