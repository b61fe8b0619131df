/**
 * Writes shapes as the JSON Schemas of one OpenAPI document. A shape with a name is written once, among the components of the
 * document, and referred to from everywhere else.
 */
import type { Json, JsonObject } from '../json.ts';
import { nameOf, type TSchema } from '../shape.ts';

export class SchemaWriter {
  /** The named schemas that were written so far. */
  readonly components: Record<string, JsonObject> = {};

  /** The schema, or a reference to it. Throws where another shape has the same name. */
  write(shape: TSchema): JsonObject {
    const name = nameOf(shape);
    return name === undefined ? this.#inline(shape) : this.refer(name, this.#inline(shape));
  }

  /** Adds a schema to the components. */
  refer(name: string, schema: JsonObject): JsonObject {
    const known = this.components[name];
    if (known !== undefined && JSON.stringify(known) !== JSON.stringify(schema)) {
      throw new Error(`two shapes have the name ${name}`);
    }
    this.components[name] = schema;
    return { $ref: `#/components/schemas/${name}` };
  }

  #inline(shape: object): JsonObject {
    return Object.fromEntries(Object.entries(shape).map(([key, value]) => [key, this.#member(value)]));
  }

  #member(value: unknown): Json | undefined {
    if (Array.isArray(value)) return value.map((each) => this.#member(each) ?? null);
    return typeof value === 'object' && value !== null ? this.write(value) : (value as Json | undefined);
  }
}
