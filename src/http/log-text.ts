/** A line of the log as a person reads it: the time in UTC, the level, the event, and the fields as `name=value`. */

const levels: Readonly<Record<number, string>> = {
  10: 'TRACE',
  20: 'DEBUG',
  30: 'INFO',
  40: 'WARN',
  50: 'ERROR',
  60: 'FATAL',
};

/** The text of a JSON line. Lists of texts, such as a stack, are lines of their own. Never contains a control character. */
export function logLineText(json: string): string {
  const { level, time, msg, ...fields }: Record<string, unknown> = JSON.parse(json);
  const short: string[] = [];
  const long: string[] = [];
  for (const [name, value] of Object.entries(fields)) {
    if (value === null) continue;
    if (Array.isArray(value)) long.push(...value.map((each) => `    ${shown(each)}`));
    else short.push(`${name}=${shown(value)}`);
  }
  const clock = String(time).slice(11, 23);
  const start = [clock, (levels[Number(level)] ?? '').padEnd(5), ...(msg === undefined ? [] : [shown(msg)])];
  return `${[[...start, ...short].join(' '), ...long].join('\n')}\n`;
}

/** The value in one line: a text as it is, anything else as JSON, with control characters escaped. */
function shown(value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return text.replace(/\p{Cc}/gu, (each) => `\\u${each.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
