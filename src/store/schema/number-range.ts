/**
 * The ranges of the sequence numbers of users. On one server all numbers are in the first range. On a Citus cluster the sequence
 * of each worker begins at 2^48 times the number of its group, so users who are created through several machines have
 * numbers of several ranges, and each range grows on its own.
 */
const rangeNumbers = 2 ** 48;

/** The first number of the range of a number. */
export function startOfRange(seq: number): number {
  return seq - (seq % rangeNumbers);
}

/** The first number after the range of a number. */
export function endOfRange(seq: number): number {
  return startOfRange(seq) + rangeNumbers;
}
