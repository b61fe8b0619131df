/** Tells keys that are commands from keys that go into a field. */

/** Whether a key goes into a field, so that it is no command. */
export function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  return (
    target.isContentEditable || ['INPUT', 'TEXTAREA', 'SELECT'].includes(target.tagName) || isInDialog(target)
  );
}

function isInDialog(element: HTMLElement): boolean {
  return element.closest('[role="dialog"]') !== null;
}
