/**
 * Reads what every table has of one person, from the registry `person-export.ts`. A column that is held is not read, apart
 * from the key by which the rows of a table follow one another.
 */
import { type RawBuilder, sql } from 'kysely';
import type { OrgKey } from '../../../core/ids.ts';
import type {
  Cell,
  Disclosure,
  PersonDataStore,
  PersonRow,
  PersonRows,
  PersonTable,
} from '../../../core/person-export/person-data.ts';
import { personExport } from '../../schema/person-export.ts';
import { type Binder, rawStatement, type Statement } from '../../sql/statement.ts';
import type { Scope } from '../../users/scope.ts';

type Rule = Extract<(typeof personExport)[keyof typeof personExport], { about: 'users' }>;
type Wanted<Key> = { orgKey: number; name: string; after: Key; limit: number };

const rules = Object.entries(personExport).flatMap(([name, rule]): { name: string; rule: Rule }[] =>
  rule.about === 'users' ? [{ name, rule }] : [],
);

const tables: readonly PersonTable[] = rules.map(({ name, rule: { namedBy, columns } }) => ({
  name,
  namedBy,
  columns: Object.fromEntries(
    Object.entries(columns).flatMap(([column, disclosure]): [string, Disclosure][] =>
      disclosure.as === 'inner' ? [] : [[column, disclosure]],
    ),
  ),
}));

/** The name of the key beside the columns that are shown. No column has it. */
const keyName = 'key of the row';

/** No planner uses an index for the value of a function, so it finds the rows by the name, of which there are few. */
function rowsStatement<Key extends string | number>(name: string, { by, key, columns }: Rule, first: Key) {
  const shown = Object.entries(columns).flatMap(([column, { as }]): RawBuilder<unknown>[] =>
    as === 'inner' || as === 'held' ? [] : [sql.ref(column)],
  );
  const order = sql`coalesce(${sql.ref(key)}, ${sql.lit(first)})`;
  return rawStatement<Wanted<Key>, PersonRow>(
    (p: Binder<Wanted<Key>>) => sql`
      select ${sql.join([...shown, sql`${sql.ref(key)} as ${sql.ref(keyName)}`])} from ${sql.table(name)}
      where org_key = ${p('orgKey')} and ${sql.ref(by)} = ${p('name')} and ${order} > ${p('after')}
      order by ${order} limit ${p('limit')}`,
  );
}

const byText = new Map<string, Statement<Wanted<string>, PersonRow>>();
const byNumber = new Map<string, Statement<Wanted<number>, PersonRow>>();
for (const { name, rule } of rules) {
  if (rule.namedBy === 'record') continue;
  if (rule.keyKind === 'text') byText.set(name, rowsStatement(name, rule, ''));
  // A day may be 0, and a number of a row is at least 1.
  else byNumber.set(name, rowsStatement(name, rule, -1));
}

export class SqlPersonDataStore implements PersonDataStore {
  readonly #scope: Scope;
  readonly #orgKey: OrgKey;
  readonly tables = tables;

  constructor(scope: Scope, orgKey: OrgKey) {
    this.#scope = scope;
    this.#orgKey = orgKey;
  }

  async list(
    table: string,
    { name, after, limit }: { name: string; after: Cell; limit: number },
  ): Promise<PersonRows> {
    const found = await this.#read(table, { orgKey: this.#orgKey, name, limit }, after);
    const next = found.length < limit ? null : (found.at(-1)?.[keyName] ?? null);
    return { rows: found.map(({ [keyName]: _, ...row }) => row), next };
  }

  #read(table: string, wanted: Omit<Wanted<never>, 'after'>, after: Cell): Promise<readonly PersonRow[]> {
    const { executor } = this.#scope;
    const text = byText.get(table);
    if (text !== undefined) return executor.rows(text, { ...wanted, after: String(after ?? '') });
    const number = byNumber.get(table);
    if (number === undefined) throw new Error(`no statement reads ${table}`);
    return executor.rows(number, { ...wanted, after: Number(after ?? -1) });
  }
}
