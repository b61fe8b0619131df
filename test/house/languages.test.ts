/** The code of the browser may not import the core, so its list of languages is compared here. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { languages } from '../../src/core/messaging/language.ts';
import { languages as shown } from '../../web/connect/texts.ts';

test('the Connect page has every language that messages and the other pages have', () => {
  assert.deepEqual([...shown].sort(), [...languages].sort());
});
