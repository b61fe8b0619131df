/** How the page of keys and apps names what it reads. */
import type { KeyItem } from '../../../src/contracts/console/shapes/keys.ts';

export const keysKey = ['keys'] as const;
export const appsKey = ['apps'] as const;

/** What a key is called: its name, or else the beginning of its id. */
export function nameOfKey({ name, id }: Pick<KeyItem, 'name' | 'id'>): string {
  return name ?? `${id.slice(0, 12)}…`;
}
