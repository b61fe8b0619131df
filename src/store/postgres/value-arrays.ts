/**
 * The values of many rows as arrays, one for each placeholder of a statement, and the table `x` that the server makes of
 * them. An array needs a type, which the first value of its placeholder that is not null shows. A placeholder without such
 * a value so far is null for all rows. So a statement has few texts, and the server plans few. A placeholder with one value in
 * all rows may be a parameter of its own: the columns of an import are mostly such, and the server reads each value once.
 */
import type { Value } from '../sql/statement.ts';

type ArrayType = 'bigint' | 'bytea' | 'text';

export class ValueArrays {
  /** The types that were seen so far, for each placeholder. */
  readonly #types: (ArrayType | null)[];

  constructor(placeholders: number) {
    this.#types = new Array<null>(placeholders).fill(null);
  }

  /** Learns the types of these rows; returns whether the texts of statements are others now. */
  learn(rows: readonly unknown[][]): boolean {
    let hasLearned = false;
    for (const [at, type] of this.#types.entries()) {
      if (type !== null) continue;
      const shown = rows.find((values) => values[at] !== null)?.[at];
      if (shown === undefined) continue;
      this.#types[at] = typeOf(shown);
      hasLearned = true;
    }
    return hasLearned;
  }

  /**
   * Which of the columns have one value in all of these rows, in order: `s` for such a column, which is a single parameter
   * in place of an array, `a` for another one, `-` for one without a type. At least one is an array.
   */
  shapeOf(rows: readonly unknown[][]): string {
    const [first = []] = rows;
    const shape = this.#types.map((type, at) => {
      if (type === null) return '-';
      return rows.every((values) => values[at] === first[at]) ? 's' : 'a';
    });
    return shape.includes('a') ? shape.join('') : this.shape;
  }

  /** The shape where every column with a type is an array. */
  get shape(): string {
    return this.#types.map((type) => (type === null ? '-' : 'a')).join('');
  }

  /** The table. The columns with a type are the first parameters of the statement, in their order. */
  table(shape = this.shape): string {
    const arrays = this.#parameters(shape).filter(({ kind }) => kind === 'a');
    const values = arrays.map(({ type, number }) => `$${number}::${type}[]`).join(', ');
    return `unnest(${values}) as x(${arrays.map(({ at }) => `v${at + 1}`).join(', ')})`;
  }

  /** How many parameters there are. */
  get length(): number {
    return this.#types.filter((type) => type !== null).length;
  }

  /** The text of a statement, where `x.v1` is the first placeholder, without columns that the table does not have. */
  in(text: string, shape = this.shape): string {
    const parameters = new Map(this.#parameters(shape).map((each) => [each.at, each]));
    return text.replace(/x\.v(\d+)/g, (name, number) => {
      const parameter = parameters.get(Number(number) - 1);
      if (parameter === undefined) return 'null';
      return parameter.kind === 'a' ? name : `$${parameter.number}::${parameter.type}`;
    });
  }

  /** The parameters for these rows. */
  of(rows: readonly unknown[][], shape = this.shape): unknown[] {
    return this.#parameters(shape).map(({ at, kind }) => (kind === 'a' ? arrayOf(rows, at) : rows[0]?.[at]));
  }

  #parameters(shape: string): { at: number; kind: string; type: ArrayType; number: number }[] {
    let number = 0;
    return this.#types.flatMap((type, at) => {
      if (type === null) return [];
      number += 1;
      return [{ at, kind: shape[at] ?? 'a', type, number }];
    });
  }
}

function typeOf(value: unknown): ArrayType {
  if (typeof value === 'number') return 'bigint';
  return typeof value === 'string' ? 'text' : 'bytea';
}

/** One value of each row, as the text of an array. */
function arrayOf(rows: readonly unknown[][], at: number): string {
  let text = '';
  for (const values of rows) text += `,${elementOf(values[at] as Value)}`;
  return `{${text.slice(1)}}`;
}

function elementOf(value: Value): string {
  if (value === null) return 'NULL';
  if (typeof value === 'number') return String(value);
  if (typeof value !== 'string') return `"\\\\x${Buffer.from(value).toString('hex')}"`;
  return `"${/["\\]/.test(value) ? value.replace(/["\\]/g, '\\$&') : value}"`;
}
