/**
 * The remains that a database leaves in its own files: former versions of rows in a log, and copies of what was
 * deleted in pages that it has not filled again. The port to whoever knows these files.
 */
export interface Residue {
  /**
   * Has the files hold nothing of what was deleted before, but for what `clear` looks for. False where somebody
   * still reads a former state: then it is tried again later.
   */
  flush(): Promise<boolean>;
  /**
   * Looks for the texts in what the files hold beside live rows, and clears the places where they are. The texts
   * that are still there: they are tried again later. To be asked after a `flush`.
   */
  clear(sought: SoughtTexts): Promise<ReadonlySet<string>>;
}

export interface SoughtTexts {
  /** Four bytes long at least. */
  readonly texts: ReadonlySet<string>;
  /** Those of them that may be in indexes too. */
  readonly keys: ReadonlySet<string>;
}

/** Of a database whose files are not ours to look into. */
export const noResidue: Residue = {
  flush: async () => true,
  clear: async () => new Set(),
};
