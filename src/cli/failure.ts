/**
 * Explains a failed command to a person: one line for each fault, never a stack trace. A wrong call ends with exit
 * code 2, every other failure with 1.
 */
import { ConfigError } from '../config/config.ts';
import { errorCodeOf } from '../core/error-code.ts';
import { DomainError, type FieldFault, type FieldFaultCode, isRefusal } from '../core/errors.ts';
import { CommandError, UsageError } from './command.ts';

export interface Failure {
  readonly lines: readonly string[];
  readonly exitCode: 1 | 2;
}

export function explain(error: unknown): Failure {
  if (error instanceof UsageError) {
    const command = error.command === null ? 'roster' : `roster ${error.command}`;
    return { lines: [error.message, `Try \`${command} --help\`.`], exitCode: 2 };
  }
  if (error instanceof CommandError) return { lines: [error.message], exitCode: 1 };
  if (error instanceof ConfigError) return { lines: error.message.split('\n'), exitCode: 1 };
  if (error instanceof DomainError) return { lines: explainRefusal(error), exitCode: 1 };
  const reason = error instanceof Error ? error.message : String(error);
  return { lines: [`failed: ${reason.split('\n', 1)[0]}`], exitCode: 1 };
}

function explainRefusal(refusal: DomainError): readonly string[] {
  if (isRefusal(refusal, 'invalid_fields')) return refusal.details.faults.map(explainFault);
  if (isRefusal(refusal, 'not_found')) {
    const { noun } = refusal.details;
    return [noun === 'api_key' ? 'there is no such key, or it is revoked' : `there is no such ${noun}`];
  }
  if (isRefusal(refusal, 'rate_limited')) {
    return [
      `too many were sent: try again in ${refusal.details.retryAfterSeconds} s, or run \`roster user unlock\``,
    ];
  }
  if (isRefusal(refusal, 'wrong_state')) return [`not possible while the state is ${refusal.details.from}`];
  return [refusals.get(refusal.code) ?? `refused: ${refusal.code}`];
}

/** The refusals that an operator's command can meet. */
const refusals: ReadonlyMap<DomainError['code'], string> = new Map([
  ['email_taken', 'the email has already been taken'],
  ['last_owner', 'an organization keeps at least one owner of the console: make another one first'],
  ['already_confirmed', 'the user is confirmed already'],
  ['last_admin', 'the user is the last active admin of the organization: give another one the role first'],
  ['external_id_taken', 'another user of the app has this external id'],
  ['unavailable', 'the database or the data folder is busy or unavailable: try again'],
  ['damaged', 'a page of the database is damaged: `roster check` names it'],
]);

/** Why the database refuses changes, if a retry would not help; null if it would help, or the cause is not known. */
export function explainOutage(error: unknown): string | null {
  const code = errorCodeOf(error);
  if (fullCodes.has(code)) return `the disk is full (${code}): earlier changes are kept`;
  if (code === 'FILES_LOST') return 'the data folder was removed or replaced while the command worked on it';
  if (brokenCodes.test(code)) return `the database cannot be read or written (${code})`;
  return null;
}

/** Error codes of SQLite, of the system, and of PostgreSQL. */
const fullCodes: ReadonlySet<string> = new Set(['SQLITE_FULL', 'ENOSPC', 'EDQUOT', '53100']);
const brokenCodes = /^(SQLITE_(IOERR|READONLY|CANTOPEN|CORRUPT|NOTADB)|E(IO|ROFS|FBIG|ACCES)$|58|XX)/;

function explainFault({ field, fault, min, max }: FieldFault): string {
  return `the ${field} ${faultTexts[fault](min, max)}`;
}

const faultTexts: Readonly<Record<FieldFaultCode, (min?: number, max?: number) => string>> = {
  blank: () => 'is missing',
  invalid: () => 'is not valid',
  too_short: (min) => `must have at least ${min} characters`,
  too_long: (_, max) => `must have at most ${max} characters`,
  too_common: () => 'is too common',
  same_as_email: () => "can't be the email",
  differs: () => 'is not the same',
  taken: () => 'has already been taken',
  out_of_range: (min, max) => `must be from ${min} to ${max}`,
  read_only: () => 'cannot be set',
  unknown: () => 'is not a name that is known here',
  in_future: () => 'is in the future',
  required_for_change: () => 'is needed for this change',
  unproved: () => 'is not verified',
  unlisted: () => 'is not one of the allowed values',
};
