/** Booleans are stored as the integers 0 and 1, which both databases have. */
export type Flag = 0 | 1;

export function toFlag(value: boolean): Flag {
  return value ? 1 : 0;
}
