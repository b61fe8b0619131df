/**
 * The colours of an app on the web pages, in light and in dark, with the contrast of WCAG 2.2, level AA: 4.5 for text
 * (1.4.3), and 3 for a button against the page (1.4.11). A colour that has too little contrast with the page moves
 * towards black or white until it has enough; the text on it is black or white, the one with more contrast.
 */

/** The ground of the pages, as in `web/connect/connect.css`. */
const grounds = { light: '#ffffff', dark: '#1a1b1e' } as const;
type Scheme = keyof typeof grounds;

const textContrastMin = 4.5;
const partContrastMin = 3;

export interface SchemeColours {
  /** Of links, marks and outlines on the page. */
  readonly accent: string;
  /** Of buttons. */
  readonly fill: string;
  /** Of the text on buttons. */
  readonly onFill: string;
}

/** `colour` is six hex digits after a `#`. */
export function coloursFor(colour: string, scheme: Scheme): SchemeColours {
  const fill = withContrast(colour, scheme, partContrastMin);
  const onFill = contrast('#ffffff', fill) >= contrast('#000000', fill) ? '#ffffff' : '#000000';
  return { accent: withContrast(colour, scheme, textContrastMin), fill, onFill };
}

/** The custom properties with the colours, as a style sheet. */
export function brandStyle(colour: string): string {
  const properties = (scheme: Scheme): string => {
    const { accent, fill, onFill } = coloursFor(colour, scheme);
    return `:root:root { --accent: ${accent}; --fill: ${fill}; --on-fill: ${onFill}; --initial: ${onFill}; --initial-ground: ${fill}; }`;
  };
  return `${properties('light')}\n@media (prefers-color-scheme: dark) { ${properties('dark')} }\n`;
}

/** The ratio of WCAG 2.2: from 1 to 21. */
export function contrast(one: string, other: string): number {
  const [low = 0, high = 0] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (high + 0.05) / (low + 0.05);
}

function withContrast(colour: string, scheme: Scheme, min: number): string {
  const target = scheme === 'light' ? 0 : 255;
  for (let step = 0; step < 100; step += 1) {
    const mixed = toText(channelsOf(colour).map((each) => Math.round(each + ((target - each) * step) / 100)));
    if (contrast(mixed, grounds[scheme]) >= min) return mixed;
  }
  return toText([target, target, target]);
}

function luminance(colour: string): number {
  const [red = 0, green = 0, blue = 0] = channelsOf(colour).map((each) => {
    const part = each / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function channelsOf(colour: string): number[] {
  return [1, 3, 5].map((at) => Number.parseInt(colour.slice(at, at + 2), 16));
}

function toText(channels: readonly number[]): string {
  return `#${channels.map((each) => each.toString(16).padStart(2, '0')).join('')}`;
}
