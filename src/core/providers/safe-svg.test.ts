import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { cpuTimeOf } from '../../../test/support/cpu-time.ts';
import { svgProblem } from './safe-svg.ts';

const xmlns = 'xmlns="http://www.w3.org/2000/svg"';
const svg = (content: string, attributes = ''): string => `<svg ${xmlns} ${attributes}>${content}</svg>`;

describe('an SVG picture', () => {
  const good = [
    svg('<path d="M0 0h24v24z" fill="#e4002b"/>', 'viewBox="0 0 24 24"'),
    `<?xml version="1.0" encoding="utf-8"?>\n<!-- Generator: a drawing program -->\n${svg(
      '\n<style type="text/css">.a{fill:url(#b);} @media (prefers-color-scheme:dark){.a{fill:#fff}}</style>\n<g class="a"><title>Acme &amp; Co</title></g>\n',
      'xmlns:xlink="http://www.w3.org/1999/xlink" xml:space="preserve" x="0px" version=\'1.1\'',
    )}\n`,
    svg(
      '<defs><linearGradient id="b"><stop offset="0" style="stop-color:#fff"/></linearGradient></defs><use xlink:href="#b" href=" #b" clip-path="url( \'#c\' )"/>',
    ),
    svg('<text aria-label="one: two">a &#62; b &#x263a;</text>'),
    svg(''),
  ];
  for (const [index, text] of good.entries()) {
    test(`of shapes and colours is taken (${index + 1})`, () => assert.equal(svgProblem(text), null));
  }

  const outside = /^must not refer to anything outside the file$/;
  const malformed = /^is not a well-formed SVG picture$/;
  const bad: readonly (readonly [string, RegExp])[] = [
    [svg('<script>alert(1)</script>'), /must not have the element script/],
    [svg('<SCRIPT/>'), /must not have the element SCRIPT/],
    [svg('<s:script xmlns:s="http://www.w3.org/2000/svg">1</s:script>'), /element s:script/],
    [svg('<foreignObject><p/></foreignObject>'), /element foreignObject/],
    [svg('<a href="#x"/>'), /element a$/],
    [svg('<set attributeName="href" to="javascript:1"/>'), /element set/],
    [svg('<animate attributeName="x"/>'), /element animate/],
    [svg('<image href="#x"/>'), /element image/],
    [svg('<feImage href="https://tracker.example/x"/>'), /element feImage/],
    [svg('<metadata/>'), /element metadata/],
    [svg('', 'onload="x()"'), /attribute onload/],
    [svg("<g OnClick = 'x'/>"), /attribute OnClick/],
    [svg('<g ev:onclick="x"/>'), /attribute ev:onclick/],
    [svg('<g xml:base="https://x.example/"/>'), /attribute xml:base/],
    [svg('<g src="x"/>'), /attribute src/],
    [svg('<use href="https://x.example/a.svg#b"/>'), outside],
    [svg('<use xlink:href="data:image/svg+xml,x"/>'), outside],
    [svg('<use x:href="//x.example/"/>'), outside],
    [svg('<use href="&#104;ttps://x.example/"/>'), outside],
    [svg('<g fill="url(https://x.example/)"/>'), outside],
    [svg('<g fill="u&#x72;l(//x.example/)"/>'), outside],
    [svg('<g style="fill:URL( \'x.svg#a\')"/>'), outside],
    [svg('<g style="fill:url/**/(x)"/>'), outside],
    [svg('<g style="cursor:-webkit-image-set(\'x\')"/>'), outside],
    [svg('<g fill="\\75rl(x)"/>'), /must not have a backslash in the attribute fill/],
    [svg('<style>@import "x.css";</style>'), /must not have an at-rule/],
    [svg('<style>&#64;import "x.css";</style>'), /must not have an at-rule/],
    [svg('<style>@font-face{src:url(x)}</style>'), /must not have an at-rule/],
    [svg('<style>a{b:u\\72l(x)}</style>'), /must not have a backslash in the element style/],
    [svg('<style>a{b:url(#x) url(y)}</style>'), outside],
    [svg('<style><!-- --><![CDATA[a{b:url(y)}]]></style>'), /CDATA/],
    [`<!DOCTYPE svg [<!ENTITY x "y">]>${svg('&x;')}`, /must not have a document type/],
    [`<?xml-stylesheet href="x.css"?>${svg('')}`, /an instruction/],
    [`<?xml version="1.0" encoding="iso-2022-jp"?>${svg('')}`, /must be in UTF-8/],
    [svg('&x;'), malformed],
    [svg('a & b'), malformed],
    [svg('<g>'), malformed],
    [svg('</g>'), malformed],
    [svg('<g x="1" x="2"/>'), malformed],
    [svg('<g x=1/>'), malformed],
    [`${svg('')}${svg('')}`, malformed],
    [`${svg('')}text`, malformed],
    [`text${svg('')}`, malformed],
    [`<svg ${xmlns}`, malformed],
    ['<html><svg/></html>', malformed],
    ['', malformed],
    ['<svg/>', /needs xmlns="http:\/\/www\.w3\.org\/2000\/svg"/],
    [svg('<style xmlns="http://www.w3.org/1999/xhtml"/>'), /must not have another namespace/],
  ];
  for (const [text, problem] of bad) {
    test(`with something else is refused: ${text.replace(` ${xmlns}`, '')}`, () => {
      assert.match(svgProblem(text) ?? 'taken', problem);
    });
  }

  test('of any length is judged in time that grows with its length', () => {
    const ms = cpuTimeOf(() => {
      for (const each of ['<g ', '<!--', '<g x="1" ', '&', '<g>', 'url(#a'])
        svgProblem(svg(each.repeat(16_000)));
    });
    assert.ok(ms < 2_000, `${ms} ms`);
  });
});
