import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { brandStyle, coloursFor, contrast } from './brand.ts';

const colour = fc.integer({ min: 0, max: 0xffffff }).map((each) => `#${each.toString(16).padStart(6, '0')}`);

test('every colour has the contrast of WCAG AA in light and in dark', () => {
  const examples = ['#ffffff', '#000000', '#ffff00', '#1a1b1e', '#777777', '#0000ff'].map(
    (each): [string] => [each],
  );
  fc.assert(
    fc.property(colour, (each) => {
      for (const [scheme, ground] of [
        ['light', '#ffffff'],
        ['dark', '#1a1b1e'],
      ] as const) {
        const { accent, fill, onFill } = coloursFor(each, scheme);
        assert.ok(contrast(accent, ground) >= 4.5, `${each} ${scheme} accent ${accent}`);
        assert.ok(contrast(fill, ground) >= 3, `${each} ${scheme} fill ${fill}`);
        assert.ok(contrast(onFill, fill) >= 4.5, `${each} ${scheme} text on ${fill}`);
      }
    }),
    { examples },
  );
});

test('a colour with enough contrast stays as it is', () => {
  assert.equal(contrast('#000000', '#ffffff'), 21);
  assert.deepEqual(coloursFor('#1a4fa3', 'light'), { accent: '#1a4fa3', fill: '#1a4fa3', onFill: '#ffffff' });
  assert.match(
    brandStyle('#1a4fa3'),
    /^:root:root \{ --accent: #1a4fa3; --fill: #1a4fa3; --on-fill: #ffffff;/,
  );
});
