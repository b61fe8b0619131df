/** The environment that settings are read from, and the form in which a fault of a setting is reported. */

export type Environment = Readonly<Record<string, string | undefined>>;

/** A fault in one setting: name and problem together are a sentence. Never includes the value. */
export interface SettingFault {
  readonly name: string;
  readonly problem: string;
}
