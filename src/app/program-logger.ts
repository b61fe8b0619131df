/** The log of the program on standard error: lines that a person reads on a terminal, JSON elsewhere, or as the settings say. */
import type { Config } from '../config/config.ts';
import { createLogger, type Logger } from '../http/log.ts';

export function createProgramLogger({ logLevel, logFormat, workers }: Config): Logger {
  const format = logFormat ?? (process.stderr.isTTY ? 'text' : 'json');
  return createLogger(logLevel, { isShared: workers > 1, isText: format === 'text' });
}
