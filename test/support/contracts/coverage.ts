/**
 * Checks that the tests receive every answer that the documents list, for each operation. Every process of a test run
 * records the answers that it receives. The run fails at its end if an answer was never received. `npm test` switches
 * this check on with `--test-global-setup`; a run of a few files has no such check.
 */
import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { OpenApiCheck, OpenApiDocument } from './openapi-check.ts';

/** The statuses of one operation: those that its document lists, or those that tests received. */
export interface Coverage {
  readonly contract: string;
  readonly operation: string;
  readonly statuses: readonly string[];
}

const variable = 'ROSTER_TEST_COVERAGE';
let isKept = false;

/**
 * Answers that are the same for every operation, and are tested once for all: late bodies, callers over their share and
 * networks over their limit, faults, overload.
 */
const sharedStatuses = new Set(['408', '429', '500', '503']);

/** The same check, which also records the documented statuses and the received ones. */
export function withCoverage(
  check: OpenApiCheck,
  documents: readonly (readonly [contract: string, document: OpenApiDocument])[],
): OpenApiCheck {
  for (const [contract, { paths }] of documents) {
    for (const { operationId, responses } of Object.values(paths).flatMap((item) => Object.values(item))) {
      note({ documented: { contract, operation: operationId, statuses: Object.keys(responses) } });
    }
  }
  return {
    check(exchange) {
      const reached = check.check(exchange);
      const { contract, operation } = reached;
      if (contract !== null && operation !== null) {
        note({ seen: { contract, operation, statuses: [String(exchange.status)] } });
      }
      return reached;
    },
  };
}

interface Entry {
  readonly documented?: Coverage;
  readonly seen?: Coverage;
}

const noted = new Set<string>();

function note(entry: Entry): void {
  const folder = process.env[variable];
  const line = `${JSON.stringify(entry)}\n`;
  if (folder === undefined || noted.has(line)) return;
  noted.add(line);
  appendFileSync(join(folder, `${process.pid}.ndjson`), line);
}

/** Documented answers that the test client cannot provoke. */
const unseen = new Set([
  // The access rules may change, but today every API key may read.
  ...['sonar.listUsers 403', 'sonar.getUser 403', 'sonar.listDevices 403'],
  // An operation without a body skips a body that is sent, and refuses only broken chunks.
  ...['sonar.deleteUser 400', 'organization.deleteUser 400', 'humanapi.deleteUser 400'],
  ...['general.deleteUser 400', 'general.deleteSession 400', 'general.endSession 400'],
  'sonar.disconnectDevice 400',
  ...['console.endSession 400', 'console.endOtherSession 400', 'console.removeTotp 400'],
  ...['console.removePasskey 400', 'console.removeStaff 400'],
  ...['console.discardBulkAct 400', 'console.revokeKey 400'],
  // Today every role of the console may see these.
  ...['console.getOverview 403', 'console.getPerson 403', 'console.getPersonContracts 403'],
  'console.listPeople 403',
  // A change of the password holds the account for the time of a hash; the core has the tests of it.
  'console.editPerson 409',
]);

/** The documented answers that no test received, as `contract.operation status`. */
export function missingOf(documented: readonly Coverage[], seen: readonly Coverage[]): string[] {
  const name = (each: Coverage, status: string): string => `${each.contract}.${each.operation} ${status}`;
  const all = (list: readonly Coverage[]): Set<string> =>
    new Set(list.flatMap((each) => each.statuses.map((status) => name(each, status))));
  const known = all(seen);
  const shared = [...sharedStatuses];
  return [...all(documented)]
    .filter((line) => !shared.some((status) => line.endsWith(` ${status}`)))
    .filter((line) => !known.has(line) && !unseen.has(line))
    .sort();
}

/** Called by the test runner before the first file. A folder that the caller names is kept, with what a former run received. */
export function globalSetup(): void {
  isKept = process.env[variable] !== undefined;
  process.env[variable] ??= mkdtempSync(join(tmpdir(), 'roster-coverage-'));
}

/** Called by the test runner after the last file. */
export function globalTeardown(): void {
  const folder = process.env[variable];
  if (folder === undefined) return;
  const lines = readdirSync(folder).flatMap((name) =>
    readFileSync(join(folder, name), 'utf8').trimEnd().split('\n'),
  );
  if (!isKept) rmSync(folder, { recursive: true });
  const entries = lines.map((line): Entry => JSON.parse(line));
  const missing = missingOf(
    entries.flatMap(({ documented }) => documented ?? []),
    entries.flatMap(({ seen }) => seen ?? []),
  );
  if (missing.length === 0) return;
  process.stderr.write(`No test has seen these documented answers:\n  ${missing.join('\n  ')}\n`);
  throw new Error('the tests do not cover the documents');
}
