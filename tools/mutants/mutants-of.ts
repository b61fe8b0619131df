/**
 * The mutants of a source file: each is the file with one small fault, of the kinds that people make. A comparison is turned
 * or moved by one, a condition is left out, a statement is lost, a number or a duration is wrong, a query loses a condition.
 * Types, imports and texts stay as they are. A lost `await` is none of them: the linter refuses it.
 */
import { parseSync, type Span, Visitor } from 'oxc-parser';

export interface Mutant {
  /** From the project's root: `src/core/access/throttle.ts`. */
  readonly path: string;
  /** Where the text of the file is replaced. */
  readonly start: number;
  readonly end: number;
  readonly replacement: string;
}

/** Each operator, and what people write in its place. */
const operators: ReadonlyMap<string, readonly string[]> = new Map([
  ['<', ['<=', '>=']],
  ['<=', ['<', '>']],
  ['>', ['>=', '<=']],
  ['>=', ['>', '<']],
  ['===', ['!==']],
  ['!==', ['===']],
  ['+', ['-']],
  ['-', ['+']],
  ['*', ['/']],
  ['/', ['*']],
  ['%', ['*']],
  ['&&', ['||']],
  ['||', ['&&']],
]);

/** The same for the operators of a query, which are texts. */
const queryOperators: ReadonlyMap<string, string> = new Map([
  ['<', '<='],
  ['<=', '<'],
  ['>', '>='],
  ['>=', '>'],
  ['=', '!='],
  ['!=', '='],
  ['in', 'not in'],
  ['not in', 'in'],
  ['is', 'is not'],
  ['is not', 'is'],
  ['asc', 'desc'],
  ['desc', 'asc'],
]);

const methods: ReadonlyMap<string, string> = new Map([
  ['min', 'max'],
  ['max', 'min'],
  ['some', 'every'],
  ['every', 'some'],
]);

/** The calls of a query that a person forgets. */
const queryCalls: ReadonlySet<string> = new Set(['where', 'orderBy', 'limit', 'onRef', 'distinct']);

/** All mutants of the file, in the order of the text. */
export function mutantsOf(path: string, text: string): Mutant[] {
  const found: Mutant[] = [];
  const replace = ({ start, end }: Span, ...replacements: readonly string[]): void => {
    for (const replacement of replacements) found.push({ path, start, end, replacement });
  };
  const textOf = ({ start, end }: Span): string => text.slice(start, end);
  /** The operator stands between its two sides; comments between them are left alone. */
  const replaceOperator = (node: { left: Span; right: Span; operator: string }): void => {
    const start = text.indexOf(node.operator, node.left.end);
    if (start >= node.right.start) return;
    replace({ start, end: start + node.operator.length }, ...(operators.get(node.operator) ?? []));
  };
  const isComparison = (node: { type: string; operator?: string }): boolean =>
    node.type === 'BinaryExpression' && operators.has(node.operator ?? '');

  new Visitor({
    BinaryExpression: (node) => replaceOperator({ ...node, left: node.left, right: node.right }),
    LogicalExpression(node) {
      replaceOperator(node);
      // Without one of the sides: a condition that is left out.
      if (node.operator !== '??') replace(node, textOf(node.left), textOf(node.right));
    },
    UnaryExpression(node) {
      if (node.operator === '!') replace(node, textOf(node.argument));
    },
    IfStatement(node) {
      replace(node.test, 'false');
      if (!isComparison(node.test)) replace(node.test, 'true');
    },
    ConditionalExpression(node) {
      replace(node.test, 'false');
      if (!isComparison(node.test)) replace(node.test, 'true');
    },
    ExpressionStatement(node) {
      if ('directive' in node && node.directive) return;
      if (node.expression.type === 'CallExpression' && node.expression.callee.type === 'Super') return;
      replace(node, ';');
    },
    ThrowStatement: (node) => replace(node, ';'),
    Literal(node) {
      if (typeof node.value === 'number') replace(node, String(node.value + 1));
      if (typeof node.value === 'boolean') replace(node, String(!node.value));
    },
    CallExpression(node) {
      const { callee } = node;
      if (callee.type !== 'MemberExpression' || callee.property.type !== 'Identifier') return;
      const { name } = callee.property;
      const other = methods.get(name);
      if (other !== undefined) replace(callee.property, other);
      if (queryCalls.has(name)) replace({ start: callee.object.end, end: node.end }, '');
      for (const argument of node.arguments) {
        if (argument.type !== 'Literal' || typeof argument.value !== 'string') continue;
        const wrong = queryOperators.get(argument.value);
        if (wrong !== undefined) replace(argument, `'${wrong}'`);
      }
    },
    TaggedTemplateExpression(node) {
      if (node.tag.type !== 'Identifier' || node.tag.name !== 'sql') return;
      for (const part of node.quasi.quasis) {
        for (const match of textOf(part).matchAll(/ (<=?|>=?|=|\+|-) /g)) {
          const operator = match[1] ?? '';
          const start = part.start + match.index + 1;
          const wrong = operator === '=' ? ['<>'] : (operators.get(operator) ?? []);
          replace({ start, end: start + operator.length }, ...wrong);
        }
      }
    },
    Identifier(node) {
      // A duration, where it is used: its own declaration and imports have other parents.
      if (/^(second|minute|hour|day)Ms$/.test(node.name) && !isDeclared(text, node)) {
        replace(node, `(2 * ${node.name})`);
      }
    },
  }).visit(parse(path, text));
  return found.sort((left, right) => left.start - right.start || left.end - right.end);
}

function parse(path: string, text: string) {
  const { program, errors } = parseSync(path, text);
  const [error] = errors;
  if (error !== undefined) throw new Error(`${path}: ${error.message}`);
  return program;
}

/** Whether the name stands in an import, a declaration or a key. */
function isDeclared(text: string, { start, end }: Span): boolean {
  const before = text.slice(text.lastIndexOf('\n', start) + 1, start);
  return (
    /\b(?:import|const)\b[^=]*$/.test(before) ||
    (/^\s*[:,}]/.test(text.slice(end)) && /[{,]\s*$/.test(before))
  );
}

/** The file with the fault in it. */
export function plant(mutant: Mutant, text: string): string {
  return text.slice(0, mutant.start) + mutant.replacement + text.slice(mutant.end);
}

/** The line, from 1, on which the fault begins, with its text; and the fault: what stands there and what replaces it. */
export function factsOf(
  mutant: Mutant,
  text: string,
): { readonly at: number; readonly line: string; readonly fault: string } {
  const before = text.slice(0, mutant.start).split('\n');
  const rest = text.slice(mutant.start).split('\n', 1)[0] ?? '';
  const to = short(mutant.replacement);
  const fault = `${short(text.slice(mutant.start, mutant.end))} -> ${to === '' || to === ';' ? '(nothing)' : to}`;
  return { at: before.length, line: short(`${before.at(-1)}${rest}`), fault };
}

/** The same in one line. */
export function describeMutant(mutant: Mutant, text: string): string {
  const { at, line, fault } = factsOf(mutant, text);
  return `${mutant.path}:${at}  ${line}  ||  ${fault}`;
}

function short(part: string): string {
  const one = part.trim().replace(/\s+/g, ' ');
  return one.length > 90 ? `${one.slice(0, 87)}...` : one;
}
