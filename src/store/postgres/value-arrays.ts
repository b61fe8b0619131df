/**
 * The values of many rows as arrays, one for each placeholder of a statement, and the table `x` that the server makes of
 * them. An array needs a type, which the first value of its placeholder that is not null shows. A placeholder without such
 * a value so far is null for all rows. So a statement has few texts, and the server plans few.
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

  /** The table; its arrays are the first parameters of the statement. */
  get table(): string {
    const known = this.#types.flatMap((type, at) => (type === null ? [] : [{ type, column: `v${at + 1}` }]));
    const arrays = known.map(({ type }, at) => `$${at + 1}::${type}[]`).join(', ');
    return `unnest(${arrays}) as x(${known.map(({ column }) => column).join(', ')})`;
  }

  /** How many arrays there are. */
  get length(): number {
    return this.#types.filter((type) => type !== null).length;
  }

  /** The text of a statement, where `x.v1` is the first placeholder, without columns that the table does not have. */
  in(text: string): string {
    return text.replace(/x\.v(\d+)/g, (name, number) =>
      this.#types[Number(number) - 1] === null ? 'null' : name,
    );
  }

  /** The arrays of these rows. */
  of(rows: readonly unknown[][]): string[] {
    return this.#types.flatMap((type, at) => (type === null ? [] : [arrayOf(rows, at)]));
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
