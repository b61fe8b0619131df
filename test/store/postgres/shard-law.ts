/**
 * Judges a statement as a database on several machines would: does it stay on the machine of one organization? It reads
 * the tree of PostgreSQL's own parser. A table is bound where its placement column equals a parameter, directly or through
 * the column of another table. A statement whose tables are all bound to one parameter may do everything.
 *
 * A statement over all machines may lock no row, join no two distributed tables, and use no lateral join, no recursion and
 * no subquery that depends on the row of an outer one.
 */
import { loadModule, parseSync } from 'libpg-query';
import { placements } from '../../../src/store/schema/placement.ts';

await loadModule();

export interface Judgement {
  /** The verb and the table of a statement over all machines, such as `delete sessions`; null where it stays on one. */
  readonly across: string | null;
  /** What no machine can do for all others, in words. Empty where the statement stays on one machine. */
  readonly faults: readonly string[];
}

type Json = unknown;
type Node = Readonly<Record<string, Json>>;

const isNode = (value: Json): value is Node => typeof value === 'object' && value !== null;
const partOf = (value: Json, ...path: string[]): Json =>
  path.reduce<Json>((node, name) => (isNode(node) ? node[name] : undefined), value);
const listOf = (value: Json): readonly Json[] => (Array.isArray(value) ? value : []);

/** One level of a statement: its tables by alias, and what its conditions say of their placement. */
interface Level {
  readonly tables: Map<string, string>;
  readonly outer: Level | null;
  /** The aliases of the level that are no distributed table. */
  readonly others: Set<string>;
  /** Columns that are equal, as `level.alias.column` or `$n`. */
  readonly equal: [string, string][];
  readonly id: number;
}

/** The name of the array to which a statement over all machines is restricted while one is away. */
export const reachable = 'reachable';

/** The parameters by their number, from 1, have these names. Two numbers with one name have one value. */
export function judge(sql: string, parameterNames: readonly unknown[]): Judgement {
  return new Judge(parameterNames).judge(sql);
}

class Judge {
  readonly #names: readonly unknown[];
  readonly #levels: Level[] = [];
  readonly #faults = new Set<string>();
  /** Inserted rows: the table, and the parameters that place them. */
  readonly #inserted: { table: string; places: readonly string[] }[] = [];

  constructor(names: readonly unknown[]) {
    this.#names = names;
  }

  judge(sql: string): Judgement {
    const [statement] = listOf(partOf(parseSync(sql), 'stmts'));
    const root = partOf(statement, 'stmt');
    this.#statement(root, null, new Set());
    const places = new Set<string>();
    const unbound: string[] = [];
    for (const { table, places: own } of this.#inserted) {
      for (const place of own) {
        if (place.startsWith('$')) places.add(place);
        else unbound.push(table);
      }
    }
    const parameterOf = this.#parameters();
    for (const level of this.#levels) {
      for (const [alias, table] of level.tables) {
        const place = parameterOf(nameIn(level, alias, placements.get(table) ?? 'org_key'));
        if (place === undefined) unbound.push(table);
        else places.add(place);
      }
    }
    if (unbound.length === 0 && places.size <= 1) return { across: null, faults: [] };
    const tables = new Set([...this.#inserted.map(({ table }) => table), ...this.#tables()]);
    if (tables.size > 1) this.#faults.add(`it uses several tables: ${[...tables].sort().join(', ')}`);
    if (this.#levels.some((level) => level.tables.size > 1)) this.#faults.add('it joins distributed tables');
    if (unbound.length === 0) this.#faults.add('its tables have several organizations');
    const verb = Object.keys(isNode(root) ? root : {})[0]
      ?.replace('Stmt', '')
      .toLowerCase();
    return { across: `${verb} ${[...tables].sort().join(' ')}`, faults: [...this.#faults] };
  }

  #tables(): string[] {
    return this.#levels.flatMap((level) => [...level.tables.values()]);
  }

  #statement(node: Json, outer: Level | null, known: ReadonlySet<string>): void {
    if (!isNode(node)) return;
    const [[kind, body] = ['', undefined]] = Object.entries(node);
    if (!isNode(body)) return;
    const ctes = new Set(known);
    const withClause = partOf(body, 'withClause');
    for (const cte of listOf(partOf(withClause, 'ctes'))) {
      ctes.add(String(partOf(cte, 'CommonTableExpr', 'ctename')));
    }
    if (partOf(withClause, 'recursive') === true) this.#faults.add('it is recursive');
    for (const cte of listOf(partOf(withClause, 'ctes'))) {
      this.#statement(partOf(cte, 'CommonTableExpr', 'ctequery'), null, ctes);
    }
    if (listOf(body['lockingClause']).length > 0) this.#faults.add('it locks rows');
    if (body['larg'] !== undefined) {
      this.#statement({ SelectStmt: body['larg'] }, outer, ctes);
      this.#statement({ SelectStmt: body['rarg'] }, outer, ctes);
      return;
    }
    const level: Level = {
      tables: new Map(),
      others: new Set(),
      outer,
      equal: [],
      id: this.#levels.length,
    };
    this.#levels.push(level);
    const { relation, whereClause, fromClause, usingClause, ...rest } = body;
    if (kind === 'InsertStmt') {
      this.#insert(body, ctes);
      return;
    }
    if (relation !== undefined) this.#addTable(level, { RangeVar: relation }, ctes);
    for (const item of [...listOf(fromClause), ...listOf(usingClause)]) this.#addTable(level, item, ctes);
    this.#condition(level, whereClause, ctes);
    const { withClause: _, lockingClause: __, ...others } = rest;
    this.#expression(others, level, ctes);
  }

  #insert(body: Node, ctes: ReadonlySet<string>): void {
    const table = String(partOf(body, 'relation', 'relname'));
    const placement = placements.get(table) ?? 'reference';
    const select = partOf(body, 'selectStmt', 'SelectStmt');
    const level = this.#levels.length;
    this.#statement({ SelectStmt: select }, null, ctes);
    if (placement === 'reference') return;
    const columns = listOf(body['cols']).map((column) => partOf(column, 'ResTarget', 'name'));
    const at = columns.indexOf(placement);
    const lists = listOf(partOf(select, 'valuesLists')).map((list) => listOf(partOf(list, 'List', 'items')));
    const selected = listOf(partOf(select, 'targetList')).map((target) => partOf(target, 'ResTarget', 'val'));
    const rows = lists.length > 0 ? lists : [selected];
    const source = this.#levels[level];
    const places = rows.map((row) => {
      const parameter = this.#parameterIn(row[at]);
      if (parameter !== undefined) return parameter;
      const column = source === undefined ? undefined : this.#columnIn(row[at], source);
      return (column === undefined ? undefined : this.#parameters()(column)) ?? 'unknown';
    });
    this.#inserted.push({ table, places });
  }

  #addTable(level: Level, item: Json, ctes: ReadonlySet<string>): void {
    const table = partOf(item, 'RangeVar');
    if (isNode(table)) {
      const name = String(table['relname']);
      const alias = String(partOf(table, 'alias', 'aliasname') ?? name);
      const isDistributed = !ctes.has(name) && (placements.get(name) ?? 'reference') !== 'reference';
      if (isDistributed) level.tables.set(alias, name);
      else level.others.add(alias);
      return;
    }
    const join = partOf(item, 'JoinExpr');
    if (isNode(join)) {
      this.#addTable(level, join['larg'], ctes);
      this.#addTable(level, join['rarg'], ctes);
      this.#condition(level, join['quals'], ctes);
      return;
    }
    const subselect = partOf(item, 'RangeSubselect');
    if (isNode(subselect)) {
      const alias = String(partOf(subselect, 'alias', 'aliasname'));
      level.others.add(alias);
      if (subselect['lateral'] === true) this.#faults.add('it has a lateral join');
      const inner = this.#levels.length;
      this.#statement(subselect['subquery'], level, ctes);
      this.#passOn(level, alias, subselect['subquery'], this.#levels[inner]);
      return;
    }
    level.others.add(String(partOf(item, 'RangeFunction', 'alias', 'aliasname')));
  }

  /** A column that a subselect passes on equals its own. */
  #passOn(level: Level, alias: string, subquery: Json, inner: Level | undefined): void {
    if (inner === undefined) return;
    for (const target of listOf(partOf(subquery, 'SelectStmt', 'targetList'))) {
      const own = this.#columnIn(partOf(target, 'ResTarget', 'val'), inner);
      const name = partOf(target, 'ResTarget', 'name') ?? own?.split('.').at(-1);
      if (own !== undefined) level.equal.push([nameIn(level, alias, String(name)), own]);
    }
  }

  #condition(level: Level, condition: Json, ctes: ReadonlySet<string>): void {
    const both = partOf(condition, 'BoolExpr');
    if (isNode(both) && both['boolop'] === 'AND_EXPR') {
      for (const part of listOf(both['args'])) this.#condition(level, part, ctes);
      return;
    }
    const comparison = partOf(condition, 'A_Expr');
    if (isNode(comparison)) {
      const operator = partOf(listOf(comparison['name'])[0], 'String', 'sval');
      const [left, right] = [comparison['lexpr'], comparison['rexpr']];
      const isOne = comparison['kind'] === 'AEXPR_OP';
      const isAmong = comparison['kind'] === 'AEXPR_OP_ANY' && this.#parameterIn(right) === `$${reachable}`;
      if (operator === '=' && (isOne || isAmong)) this.#equate(level, left, right);
    }
    this.#expression(condition, level, ctes);
  }

  /** Two equal columns, or a column that equals a parameter; two tuples by their parts. */
  #equate(level: Level, left: Json, right: Json): void {
    const [those, others] = [left, right].map((side) => listOf(partOf(side, 'RowExpr', 'args')));
    for (const [at, part] of (those ?? []).entries()) this.#equate(level, part, others?.[at]);
    const [one, other] = [left, right].map((side) => this.#parameterIn(side) ?? this.#columnIn(side, level));
    if (one !== undefined && other !== undefined) level.equal.push([one, other]);
  }

  #parameterIn(node: Json): string | undefined {
    const number =
      partOf(node, 'ParamRef', 'number') ?? partOf(node, 'TypeCast', 'arg', 'ParamRef', 'number');
    if (typeof number !== 'number') return undefined;
    return `$${String(this.#names[number - 1] ?? number)}`;
  }

  /** The full name of a column that a table of the level, or of an outer one, can have. */
  #columnIn(node: Json, level: Level): string | undefined {
    const fields = listOf(partOf(node, 'ColumnRef', 'fields')).map((field) =>
      partOf(field, 'String', 'sval'),
    );
    const [first, second] = fields;
    if (typeof first !== 'string') return undefined;
    if (typeof second !== 'string') {
      const alias = [...level.tables.keys(), ...level.others][0];
      return alias === undefined ? undefined : nameIn(level, alias, first);
    }
    for (let at: Level | null = level; at !== null; at = at.outer) {
      if (at.tables.has(first) || at.others.has(first)) return nameIn(at, first, second);
    }
    return undefined;
  }

  /** Reads an expression for subqueries, and for columns of an outer level. */
  #expression(node: Json, level: Level, ctes: ReadonlySet<string>): void {
    if (Array.isArray(node)) for (const part of node) this.#expression(part, level, ctes);
    if (!isNode(node) || Array.isArray(node)) return;
    const { SubLink: sublink, ColumnRef: column, ...rest } = node;
    if (column !== undefined) {
      const name = this.#columnIn(node, level);
      if (name !== undefined && !name.startsWith(`${level.id}.`)) {
        this.#faults.add('a subquery depends on an outer row');
      }
    }
    if (sublink !== undefined) {
      const { subselect, ...other } = isNode(sublink) ? sublink : {};
      this.#statement(subselect, level, ctes);
      this.#expression(other, level, ctes);
    }
    for (const part of Object.values(rest)) this.#expression(part, level, ctes);
  }

  /** Finds the parameter that a column equals. */
  #parameters(): (column: string) => string | undefined {
    const parents = new Map<string, string>();
    const rootOf = (name: string): string => {
      const parent = parents.get(name);
      return parent === undefined ? name : rootOf(parent);
    };
    for (const [left, right] of this.#levels.flatMap(({ equal }) => equal)) {
      const [one, other] = [rootOf(left), rootOf(right)];
      if (one === other) continue;
      // A parameter is a root: it names all that equals it.
      if (one.startsWith('$')) parents.set(other, one);
      else parents.set(one, other);
    }
    return (column) => {
      const root = rootOf(column);
      return root.startsWith('$') ? root : undefined;
    };
  }
}

function nameIn(level: Level, alias: string, column: string): string {
  return `${level.id}.${alias}.${column}`;
}
