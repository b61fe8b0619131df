import assert from 'node:assert/strict';
import { test } from 'node:test';
import { WriteStream } from 'node:tty';
import { ProgressBar } from './progress-bar.ts';

/** A terminal, or a stream that is none, which records its writes. */
function fakeTerminal(isTTY: boolean): { terminal: WriteStream; written: string[] } {
  const written: string[] = [];
  const terminal: WriteStream = Object.assign(Object.create(WriteStream.prototype), {
    isTTY,
    write: (text: string) => written.push(text) > 0,
  });
  return { terminal, written };
}

test('a bar is drawn in place on a terminal, not too often, and cleared at the end', () => {
  const { terminal, written } = fakeTerminal(true);
  const bar = new ProgressBar(terminal);
  bar.show({ share: 0.5, text: '12,000 users' });
  bar.show({ share: 0.6, text: 'too soon' });
  bar.clear();
  assert.deepEqual(written, ['\r\x1b[K[############............]  50% 12,000 users', '\r\x1b[K']);
});

test('without a share there is no bar, and without a terminal nothing at all', () => {
  const open = fakeTerminal(true);
  new ProgressBar(open.terminal).show({ share: null, text: '1 user' });
  assert.deepEqual(open.written, ['\r\x1b[K1 user']);
  const closed = fakeTerminal(false);
  const bar = new ProgressBar(closed.terminal);
  bar.show({ share: 1, text: '1 user' });
  bar.clear();
  assert.deepEqual(closed.written, []);
});
