/**
 * What is written about requests: one line each, of fields that cannot hold personal data. The path is the
 * pattern of the route, never what was sent; bodies, header values and query values are not logged at all. Of a
 * fault it keeps name, code and place, and leaves out the message, which may quote what was being worked on.
 */
import { type DestinationStream, destination, pino, stdTimeFunctions } from 'pino';

/** Where lines go; a pino logger is one. */
export interface Logger {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

export type LogLevel = 'silent' | 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace';

export interface RequestLine {
  readonly requestId: string;
  /** Null where the request was too broken to tell. */
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

/** Names under which a secret or a person might stand in an object that somebody logs whole. */
const guarded = [
  ...['authorization', 'body', 'cookie', 'dateOfBirth', 'email', 'externalId', 'firstName', 'headers'],
  ...['lastName', 'name', 'password', 'passwordHash', 'phone', 'query', 'secret', 'to', 'token', 'url'],
];

/** A logger of JSON lines; to standard error unless told otherwise, without waiting for it. */
export function createLogger(level: LogLevel, stream?: DestinationStream): Logger {
  return pino(
    {
      level,
      base: null,
      timestamp: stdTimeFunctions.isoTime,
      redact: { paths: guarded.flatMap((name) => [name, `*.${name}`]), censor: '[redacted]' },
    },
    stream ?? destination({ dest: 2, sync: false }),
  );
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
