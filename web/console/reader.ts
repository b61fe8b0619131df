/** When the reader did something last, so that a page tells the server which calls it makes by itself. */

let inputAt = Date.now();

/** From now on, what the reader presses, types and scrolls is noticed. */
export function noticeReader(): void {
  const notice = (): void => {
    inputAt = Date.now();
  };
  for (const kind of ['pointerdown', 'keydown', 'wheel', 'touchmove'] as const) {
    window.addEventListener(kind, notice, { capture: true, passive: true });
  }
}

/** When the reader did something last, in milliseconds since 1970; at first when the page was opened. */
export function lastInput(): number {
  return inputAt;
}
