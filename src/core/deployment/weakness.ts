/**
 * What is wrong with a server that answers some requests: too many of them, a damaged page, a changed ledger of erasures, a data folder
 * that was lost, or that takes no writes. With these two it is not ready. Or a machine of a distributed database that is away.
 */
export const weaknesses = ['overload', 'damage', 'ledger', 'lost', 'read_only', 'machine'] as const;

export type Weakness = (typeof weaknesses)[number];
