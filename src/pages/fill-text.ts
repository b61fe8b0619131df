/** Texts with values in place of their placeholders. The code of the browser reads this file too. */

/** `{{name}}` with the name as its group: `split` alternates between text and names. */
export const placeholderText = /\{\{\s*(\w+)\s*\}\}/g;

/** The text with its values; an absent one is empty. */
export function fillText(text: string, values: Readonly<Record<string, string>>): string {
  return text.replace(placeholderText, (_, name: string) => values[name] ?? '');
}
