/**
 * The program's log. A request is one line, with fields that cannot contain personal data: the path is the pattern of
 * the route and never the requested path; bodies, header values and query values are not logged. A fault is logged
 * with its name, code and stack, without its message, which may quote personal data.
 */
import { writeFileSync } from 'node:fs';
import { type DestinationStream, destination, pino } from 'pino';
import { errorCodeOf } from '../core/error-code.ts';
import { logLineText } from './log-text.ts';

/** Where lines go; a pino logger is one. */
export interface Logger {
  /** The line of a request, at level `info`. */
  request(line: RequestLine): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

export type LogLevel = 'silent' | 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace';

export interface RequestLine {
  readonly requestId: string;
  /** Null where the request could not be parsed, and for a method that Node does not know. */
  readonly method: string | null;
  /** The contract's name; null where the request reached none. */
  readonly contract: string | null;
  /** The route's pattern in its internal form; null where the request reached none. */
  readonly route: string | null;
  readonly status: number;
  readonly ms: number;
  /** Whether the caller hung up before the answer was complete. */
  readonly isAborted?: true;
}

/**
 * Names of fields that may contain a secret or personal data, if an object is logged whole. Only the top level is
 * masked: a search at all depths costs as much as answering a request.
 */
const guarded = [
  ...['authorization', 'body', 'cookie', 'dateOfBirth', 'email', 'externalId', 'firstName', 'headers'],
  ...['lastName', 'name', 'password', 'passwordHash', 'phone', 'query', 'secret', 'to', 'token', 'url'],
];

export interface LoggerOptions {
  /** Where lines go; standard error unless given, without waiting for it. */
  readonly stream?: DestinationStream;
  /** Whether other processes write to the same stream: each line then has a `pid`. */
  readonly isShared?: boolean;
  /** Whether lines are written for a person, and not as JSON. */
  readonly isText?: boolean;
}

/** A logger of JSON lines, or of the same lines as text. */
export function createLogger(level: LogLevel, options: LoggerOptions = {}): Logger {
  const { isShared = false, isText = false, stream: given = standardError(isShared) } = options;
  const stream = isText ? { write: (line: string) => given.write(logLineText(line)) } : given;
  const about = isShared ? `"pid":${process.pid},` : '';
  const lines = pino(
    {
      level,
      base: isShared ? { pid: process.pid } : null,
      timestamp: () => `,"time":"${clockText()}"`,
      redact: { paths: guarded, censor: '[redacted]' },
    },
    stream,
  );
  const isRequestLogged = lines.isLevelEnabled('info');
  return {
    request(line) {
      if (isRequestLogged) stream.write(renderLine(about, line));
    },
    info: (fields, message) => lines.info(fields, message),
    warn: (fields, message) => lines.warn(fields, message),
    error: (fields, message) => lines.error(fields, message),
  };
}

/** The line that pino would write. Written by hand, because every request has one and its fields need no escaping. */
function renderLine(
  about: string,
  { requestId, method, contract, route, status, ms, isAborted }: RequestLine,
): string {
  const reached = `"method":${quoted(method)},"contract":${quoted(contract)},"route":${quoted(route)}`;
  const end = isAborted === true ? ',"isAborted":true' : '';
  const start = `{"level":30,"time":"${clockText()}",${about}"requestId":"${requestId}"`;
  return `${start},${reached},"status":${status},"ms":${ms}${end},"msg":"request"}\n`;
}

function quoted(text: string | null): string {
  return text === null ? 'null' : `"${text}"`;
}

let clockAt = 0;
let clockLast = '';

/** The current time in UTC; rendered once per millisecond. */
function clockText(): string {
  const now = Date.now();
  if (now !== clockAt) {
    clockAt = now;
    clockLast = new Date(now).toISOString();
  }
  return clockLast;
}

/** How long a line may wait, so that several are written together. */
const gatherMs = 20;

/** A write to a pipe of at most this size is atomic: lines of other processes do not split it. */
const wholeBytes = 4_096;

/** Standard error. Lines of the last milliseconds are written together; the rest is written at exit. */
function standardError(isShared: boolean): DestinationStream {
  const gatherMax = isShared ? wholeBytes : Number.POSITIVE_INFINITY;
  const stream = destination({ dest: 2, sync: false, ...(isShared ? { maxWrite: wholeBytes } : {}) });
  let gathered = '';
  const take = (): string => {
    const text = gathered;
    gathered = '';
    return text;
  };
  // The stream is asynchronous and would lose lines at exit.
  process.on('exit', () => {
    try {
      writeFileSync(2, take());
    } catch {
      // Standard error is closed, and there is no other output.
    }
  });
  const flush = (): void => {
    if (gathered !== '') stream.write(take());
  };
  return {
    write(line) {
      if (gathered.length + line.length > gatherMax) flush();
      if (gathered === '') setTimeout(flush, gatherMs).unref();
      gathered += line;
    },
  };
}

const causesMax = 5;

/** The part of a thrown value that may be logged. */
export function faultFields(error: unknown): object {
  const chain: object[] = [];
  let current = error;
  while (current instanceof Error && chain.length < causesMax) {
    chain.push({ kind: current.name, code: errorCodeOf(current) || undefined, place: stackLinesOf(current) });
    current = current.cause;
  }
  const [fault = { kind: typeof error }, ...causes] = chain;
  return causes.length === 0 ? fault : { ...fault, causes };
}

/** How long an outage of one kind is not logged again: every request meets it, and the log may be on the full disk. */
const outageSilenceMs = 10_000;

/**
 * Logs an outage, such as that the database is away: each kind of error immediately, and then every ten seconds while it lasts, with the
 * number of errors that were not logged (`untold`). `now` gives milliseconds.
 */
export function createOutageReporter(
  logger: Pick<Logger, 'error'>,
  message: string,
  now: () => number = () => performance.now(),
): (error: unknown) => void {
  const kinds = new Map<string, { silentUntil: number; untold: number }>();
  return (error) => {
    const kind = errorCodeOf(error);
    const last = kinds.get(kind);
    const at = now();
    if (last !== undefined && at < last.silentUntil) {
      last.untold++;
      return;
    }
    kinds.set(kind, { silentUntil: at + outageSilenceMs, untold: 0 });
    logger.error({ ...faultFields(error), untold: last?.untold ?? 0 }, message);
  };
}

/** The stack without the lines of the message. */
function stackLinesOf({ stack = '', message }: Error): readonly string[] {
  const start = stack.indexOf(message);
  return (start < 0 ? stack : stack.slice(start + message.length))
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line.startsWith('at '));
}
