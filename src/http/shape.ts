/**
 * Builds JSON Schemas with TypeBox's types: a contract writes a shape once, and the type of its values is
 * `Static<typeof shape>`. The reference and the compiler use shapes; no request is validated by them. So TypeBox
 * itself is not loaded: for these few functions it would add some 50 ms and 10 MiB to every start.
 */
import type {
  TAddOptional,
  TArray,
  TArrayOptions,
  TBoolean,
  TEnum,
  TEnumValue,
  TInteger,
  TLiteral,
  TNull,
  TNumberOptions,
  TObject,
  TObjectOptions,
  TProperties,
  TSchema,
  TSchemaOptions,
  TString,
  TStringOptions,
  TUnion,
} from 'typebox';

export type { Static, TProperties, TSchema } from 'typebox';

/** The members of an object that may be absent. */
const optional = new WeakSet<object>();
const names = new WeakMap<object, string>();

/** Gives a shape a name, which is unique in its contract: the reference then describes it once, and clients get a type. */
export function named<T extends TSchema>(name: string, shape: T): T {
  names.set(shape, name);
  return shape;
}

export function nameOf(shape: object): string | undefined {
  return names.get(shape);
}

/** The functions, with TypeBox's names and results. */
export const Type = {
  Array<T extends TSchema>(items: T, options?: TArrayOptions) {
    return { type: 'array', items, ...options } as TArray<T>;
  },
  Boolean(options?: TSchemaOptions) {
    return { type: 'boolean', ...options } as TBoolean;
  },
  Enum<T extends TEnumValue[]>(values: readonly [...T], options?: TSchemaOptions) {
    return { enum: [...values], ...options } as TSchema as TEnum<T>;
  },
  Integer(options?: TNumberOptions) {
    return { type: 'integer', ...options } as TInteger;
  },
  Literal<T extends string | number | boolean>(value: T, options?: TSchemaOptions) {
    return { type: typeof value, const: value, ...options } as TSchema as TLiteral<T>;
  },
  Null(options?: TSchemaOptions) {
    return { type: 'null', ...options } as TNull;
  },
  Object<T extends TProperties>(properties: T, options?: TObjectOptions) {
    const required = Object.keys(properties).filter((name) => !optional.has(properties[name] ?? {}));
    return {
      type: 'object',
      ...(required.length === 0 ? {} : { required }),
      properties,
      ...options,
    } as TSchema as TObject<T>;
  },
  /** The same shape for a member that may be absent. */
  Optional<T extends TSchema>(shape: T) {
    const copy = { ...shape };
    optional.add(copy);
    const name = names.get(shape);
    if (name !== undefined) names.set(copy, name);
    return copy as TSchema as TAddOptional<T>;
  },
  String(options?: TStringOptions) {
    return { type: 'string', ...options } as TString;
  },
  Union<T extends TSchema[]>(anyOf: readonly [...T], options?: TSchemaOptions) {
    return { anyOf: [...anyOf], ...options } as TSchema as TUnion<T>;
  },
};

/** The shape, or null. */
export function nullable<T extends TSchema>(shape: T): TUnion<[T, TNull]> {
  return Type.Union([shape, Type.Null()]);
}

/** An object with any names, whose values have one shape. */
export function dictionary(values: TSchema, options?: TSchemaOptions): TSchema {
  return { type: 'object', additionalProperties: values, ...options } as TSchema;
}

/** An RFC 3339 time. */
export function instant(description: string): TString {
  return Type.String({ format: 'date-time', description });
}
