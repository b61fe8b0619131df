/**
 * Mutants that behave like the source: no test can notice them, so they do not count. Each was looked at by a person. Line
 * and fault are as the report writes them, so that an entry ends when its line changes.
 */
import { factsOf, type Mutant } from './mutants-of.ts';

interface KnownEqual {
  readonly path: string;
  readonly line: string;
  readonly fault: string;
  readonly why: string;
}

const knownEqual: readonly KnownEqual[] = [
  {
    path: 'src/core/access/password-changes.ts',
    line: 'if (running !== undefined) running.refused += 1;',
    fault: '1 -> 2',
    why: 'the count is only compared with an earlier one',
  },
  {
    path: 'src/core/providers/end-grants.ts',
    line: 'open += 1;',
    fault: '1 -> 2',
    why: 'the caller only asks whether the number is 0',
  },
  {
    path: 'src/core/providers/callback.ts',
    line: 'revocation !== null &&',
    fault: "revocation !== null && revocation.state === 'pending' -> revocation !== null",
    why: 'a revocation that is not pending has had an attempt or belongs to an erasure, which is asked too',
  },
  {
    path: 'src/core/erasure/replay-grants.ts',
    line: "if (erasure === null || erasure.state === 'complete') return;",
    fault: "erasure === null || erasure.state === 'complete' -> erasure.state === 'complete'",
    why: 'the replay of the same line has inserted the erasure',
  },
];

export function isKnownEqual(mutant: Mutant, text: string): boolean {
  const { line, fault } = factsOf(mutant, text);
  return knownEqual.some((each) => each.path === mutant.path && each.line === line && each.fault === fault);
}
