/** Hands a file to the reader: the browser stores it among the downloads. */
const keptMs = 60_000;

export function saveFile({ blob, name }: { readonly blob: Blob; readonly name: string }): void {
  const address = URL.createObjectURL(blob);
  const link = document.createElement('a');
  link.href = address;
  link.download = name;
  link.click();
  // The browser may still be reading it.
  window.setTimeout(() => URL.revokeObjectURL(address), keptMs);
}
