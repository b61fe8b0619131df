/**
 * The form of one line in the list of a user's columns (`userColumns` in `user.ts`), and the types that follow from
 * such a list. A line says what a column holds; it does not say how a store keeps the column.
 */

/** The kind of a column with values of type `T`. */
export interface Kind<T> {
  /** `reference` is a public id; a table holds a small integer in its place. */
  readonly kind: 'text' | 'integer' | 'instant' | 'flag' | 'reference';
  /** Never set; carries the type of the values. */
  readonly value?: T;
}

export interface Column extends Kind<unknown> {
  /** What the column says about a person. `user` is the bare id of a user, `plain` says nothing. */
  readonly holds: 'personal' | 'user' | 'plain';
  /**
   * Where the first value comes from. `given`: the creator of the row. `derived`: the other columns. A default: the
   * value where the creator says nothing.
   */
  readonly initial: 'given' | 'derived' | { readonly default: unknown };
  /** Set where the first value stays for good. */
  readonly isFixed?: true;
  /** The name of the column in imports and exports; null for a column that is in neither. */
  readonly transfer: string | null;
}

export type Columns = Readonly<Record<string, Column>>;

/** A whole row: every column of the list with the type of its values. */
export type RowOf<C extends Columns> = {
  readonly [F in keyof C]: C[F] extends Kind<infer T> ? T : never;
};

/** The names of the columns whose line fits `Line`. */
export type NamesOf<C extends Columns, Line> = { [F in keyof C]: C[F] extends Line ? F : never }[keyof C];

type Defaulted = { readonly initial: { readonly default: unknown } };

/** The defaults of a list, by column. */
export function defaultsOf<C extends Columns>(columns: C) {
  const lines = Object.entries(columns).flatMap(([name, { initial }]) => {
    return typeof initial === 'string' ? [] : [[name, initial.default] as const];
  });
  return Object.fromEntries(lines) as {
    readonly [F in NamesOf<C, Defaulted>]: C[F] extends { readonly initial: { readonly default: infer D } }
      ? D
      : never;
  };
}
