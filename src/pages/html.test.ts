import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { characters } from '../../test/support/arbitraries.ts';
import { Html, html } from './html.ts';

test('no text becomes markup, and no text is lost', () => {
  fc.assert(
    fc.property(fc.string({ unit: characters }), (text) => {
      const inside = html`<a title="${text}">`.text.slice('<a title="'.length, -'">'.length);
      assert.doesNotMatch(inside, /[<>"']|&(?!#\d+;)/);
      const back = inside.replace(/&#(\d+);/g, (_, code: string) => String.fromCharCode(Number(code)));
      assert.equal(back, text);
    }),
  );
});

test('HTML is inserted unchanged, alone and in lists', () => {
  const item = html`<li>${'a & b'}</li>`;
  assert.equal(html`<ul>${[item, item]}</ul>`.text, '<ul><li>a &#38; b</li><li>a &#38; b</li></ul>');
  assert.equal(html`${new Html('<hr>')}${null}${7}`.text, '<hr>7');
});
