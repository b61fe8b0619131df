/**
 * What is written about requests: one line each, of fields that cannot hold personal data. The path is the
 * pattern of the route, never what was sent; bodies, header values and query values are not logged at all. Of a
 * fault it keeps name, code and place, and leaves out the message, which may quote what was being worked on.
 */
import { writeFileSync } from 'node:fs';
import { type DestinationStream, destination, pino } from 'pino';

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
  /** Null where the request was too broken to tell, and for a method that Node does not know. */
  readonly method: string | null;
  /** The contract's name; null where it reached none. */
  readonly contract: string | null;
  /** The route's pattern in its internal form; null where it reached none. */
  readonly route: string | null;
  readonly status: number;
  readonly ms: number;
  /** Whether the caller hung up before the answer was written whole. */
  readonly isAborted?: true;
}

/**
 * Names under which a secret or a person might stand in an object that somebody logs whole. Only at its top:
 * a search in all depths costs as much as answering a request.
 */
const guarded = [
  ...['authorization', 'body', 'cookie', 'dateOfBirth', 'email', 'externalId', 'firstName', 'headers'],
  ...['lastName', 'name', 'password', 'passwordHash', 'phone', 'query', 'secret', 'to', 'token', 'url'],
];

export interface LoggerOptions {
  /** Where lines go; standard error unless given, without waiting for it. */
  readonly stream?: DestinationStream;
  /** Whether other processes write to the same place: each line then says which one it is of. */
  readonly isShared?: boolean;
}

/** A logger of JSON lines. */
export function createLogger(level: LogLevel, options: LoggerOptions = {}): Logger {
  const { isShared = false, stream = standardError(isShared) } = options;
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

/** As pino would; by hand, because it is written for every request and its fields need no escaping. */
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

/** The present instant in UTC; rendered once a millisecond. */
function clockText(): string {
  const now = Date.now();
  if (now !== clockAt) {
    clockAt = now;
    clockLast = new Date(now).toISOString();
  }
  return clockLast;
}

/** How long a line may wait for others to be written with. */
const gatherMs = 20;

/** What is written at once to a pipe is not torn apart by what others write to it, up to this size. */
const wholeBytes = 4_096;

/** Standard error; lines that come soon after each other are written together, the last ones at the exit. */
function standardError(isShared: boolean): DestinationStream {
  const gatherMax = isShared ? wholeBytes : Number.POSITIVE_INFINITY;
  const stream = destination({ dest: 2, sync: false, ...(isShared ? { maxWrite: wholeBytes } : {}) });
  let gathered = '';
  const take = (): string => {
    const text = gathered;
    gathered = '';
    return text;
  };
  // What the stream is given at the exit would not leave the process any more.
  process.on('exit', () => {
    try {
      writeFileSync(2, take());
    } catch {
      // Nobody reads any more, and there is nobody else to tell.
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

/** The loggable part of whatever was thrown. */
export function faultFields(error: unknown): object {
  const chain: object[] = [];
  let current = error;
  while (current instanceof Error && chain.length < causesMax) {
    chain.push({ kind: current.name, code: codeOf(current), place: placeOf(current) });
    current = current.cause;
  }
  const [fault = { kind: typeof error }, ...causes] = chain;
  return causes.length === 0 ? fault : { ...fault, causes };
}

/** How long an outage of one kind is not told again: every request meets it, and the log may be on the full disk. */
const outageRestMs = 10_000;

/**
 * Tells that the database is away: each kind of outage at once, and then every ten seconds while it lasts, with
 * how many were not told (`untold`). `now` gives milliseconds.
 */
export function createOutageTeller(
  logger: Pick<Logger, 'error'>,
  now: () => number = () => performance.now(),
): (error: unknown) => void {
  const kinds = new Map<string | undefined, { restsUntil: number; untold: number }>();
  return (error) => {
    const kind = error instanceof Error ? codeOf(error) : undefined;
    const told = kinds.get(kind);
    const at = now();
    if (told !== undefined && at < told.restsUntil) {
      told.untold++;
      return;
    }
    kinds.set(kind, { restsUntil: at + outageRestMs, untold: 0 });
    logger.error({ ...faultFields(error), untold: told?.untold ?? 0 }, 'the database is away');
  };
}

function codeOf(error: Error): string | undefined {
  return 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

/** The stack without the lines of the message. */
function placeOf({ stack = '', message }: Error): readonly string[] {
  const start = stack.indexOf(message);
  return (start < 0 ? stack : stack.slice(start + message.length))
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line.startsWith('at '));
}
