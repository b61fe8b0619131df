/**
 * IP addresses, and the networks by which limits count callers. An address is parsed before it is trusted or counted: the
 * same address in two notations is one address, and any other text is no address.
 *
 * A network is one IPv4 address or the /64 of an IPv6 address, because a subscriber owns the whole /64 and could use a new
 * address for every request. Limits also count the wider networks around it (`levelsOf`): providers give a customer up to a
 * /48. An address that only carries an IPv4 address through IPv6 is counted as this IPv4 address.
 */

/** Two words of 16 bits for IPv4, eight for IPv6. An IPv4-mapped IPv6 address is the IPv4 address (RFC 4291, 2.5.5.2). */
export type Address = readonly number[];

/** The widths at which limits count; the first of a family is its network. */
export type NetworkWidth = '/32' | '/24' | '/64' | '/56' | '/48';

/** A network that is counted. */
export interface NetworkLevel {
  readonly width: NetworkWidth;
  /** The network in one notation. */
  readonly network: string;
}

/** The network of a caller without an address, such as one behind a local socket. */
export const noNetwork = 'unknown';

/**
 * The address in a text. Quotes, brackets, the port and the zone around it are left out, as proxies and systems add them. Null
 * for any other text, also for decimal parts with leading zeros, which some programs read as octal.
 */
export function parseAddress(text: string): Address | null {
  const bare = text.trim();
  // The longest notation is an IPv6 address with its zone, brackets and port.
  if (bare.length > longestNotation) return null;
  const plain = bare.startsWith('"') && bare.endsWith('"') ? bare.slice(1, -1) : bare;
  const bracketed = /^\[([^\]]*)\](?::(\d{1,5}))?$/.exec(plain);
  if (bracketed !== null) return isPort(bracketed[2]) ? parseBare(bracketed[1] ?? '') : null;
  const [, host, port] = /^([\d.]+):(\d{1,5})$/.exec(plain) ?? [];
  if (host !== undefined) return isPort(port) ? parseIpv4(host) : null;
  return parseBare(plain);
}

const longestNotation = 100;

function isPort(text: string | undefined): boolean {
  return text === undefined || Number(text) <= 65_535;
}

function parseBare(text: string): Address | null {
  if (!text.includes(':')) return parseIpv4(text);
  const [, address = ''] = /^([^%]*)(?:%\S+)?$/.exec(text) ?? [];
  const words = parseIpv6(address);
  return words !== null && startsWith(words, [0, 0, 0, 0, 0, 0xffff]) ? words.slice(6) : words;
}

function parseIpv4(text: string): Address | null {
  const parts = text.split('.');
  if (parts.length !== 4 || !parts.every((part) => /^(?:0|[1-9]\d{0,2})$/.test(part))) return null;
  const [a = 0, b = 0, c = 0, d = 0] = parts.map(Number);
  return Math.max(a, b, c, d) > 255 ? null : [a * 256 + b, c * 256 + d];
}

function parseIpv6(text: string): Address | null {
  const dotted = text.includes('.') ? text.lastIndexOf(':') + 1 : text.length;
  const tail = dotted === text.length ? [] : parseIpv4(text.slice(dotted));
  if (tail === null) return null;
  // The colon before a dotted tail separates it, unless it is the second of a gap.
  const head = tail.length > 0 && !text.slice(0, dotted).endsWith('::') ? dotted - 1 : dotted;
  const [before = '', after, ...more] = text.slice(0, head).split('::');
  if (more.length > 0) return null;
  const left = wordsOf(before);
  const right = after === undefined ? [] : wordsOf(after);
  if (left === null || right === null) return null;
  const missing = 8 - left.length - right.length - tail.length;
  if (after === undefined ? missing !== 0 : missing < 1) return null;
  return [...left, ...Array.from({ length: missing }, () => 0), ...right, ...tail];
}

function wordsOf(text: string): number[] | null {
  if (text === '') return [];
  const groups = text.split(':');
  return groups.every((group) => /^[\da-f]{1,4}$/i.test(group))
    ? groups.map((group) => Number.parseInt(group, 16))
    : null;
}

/** Addresses with a common beginning of `bits` bits. */
export interface AddressBlock {
  readonly address: Address;
  readonly bits: number;
}

/** An address, or a block in CIDR notation; null for any other text. */
export function parseBlock(text: string): AddressBlock | null {
  const [first = '', length, ...more] = text.trim().split('/');
  const address = parseAddress(first);
  if (address === null || more.length > 0) return null;
  const width = address.length * 16;
  if (length === undefined) return { address, bits: width };
  // The prefix of an IPv4-mapped block counts from the beginning of the IPv6 address.
  const mappedBits = first.includes(':') && width === 32 ? 96 : 0;
  const bits = /^\d{1,3}$/.test(length) ? Number(length) - mappedBits : -1;
  return bits < 0 || bits > width ? null : { address, bits };
}

export function isInBlock(address: Address, block: AddressBlock): boolean {
  if (address.length !== block.address.length) return false;
  return address.every((word, at) => {
    const bits = Math.min(16, Math.max(0, block.bits - at * 16));
    return (word ^ (block.address[at] ?? 0)) >>> (16 - bits) === 0;
  });
}

/** The network of an address, as limits count it and as accounts know it. */
export function networkOf(address: Address): string {
  const counted = carriedIpv4(address) ?? address;
  return counted.length === 2 ? dotted(counted) : prefix(counted, 64);
}

/**
 * The IPv4 address behind an IPv6 address: of a translator with the well-known prefix (RFC 6052) or a stateless one (RFC 2765),
 * or of a 6to4 site (RFC 3056), which owns a whole /48. Null where there is none, or none of the public internet.
 */
function carriedIpv4(address: Address): Address | null {
  if (address.length === 2) return null;
  const isTranslated = translators.some((words) => startsWith(address, words));
  const carried = isTranslated
    ? address.slice(6)
    : startsWith(address, [0x2002])
      ? address.slice(1, 3)
      : null;
  return carried === null || privateBlocks.some((block) => isInBlock(carried, block)) ? null : carried;
}

function startsWith(address: Address, words: readonly number[]): boolean {
  return words.every((word, at) => address[at] === word);
}

const translators = [
  [0x64, 0xff9b, 0, 0, 0, 0],
  [0, 0, 0, 0, 0xffff, 0],
];

/** IPv4 addresses that no host of the public internet has (RFC 6890). */
const privateBlocks = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.168.0.0/16',
  '224.0.0.0/3',
].flatMap((text) => parseBlock(text) ?? []);

/** The network itself, and the wider networks around it, the narrowest first. */
export function levelsOf(network: string): readonly NetworkLevel[] {
  const block = network === noNetwork ? null : parseBlock(network);
  if (block === null) return [{ width: '/32', network }];
  const { address } = block;
  if (address.length === 2)
    return [
      { width: '/32', network },
      { width: '/24', network: prefix(address, 24) },
    ];
  return [
    { width: '/64', network },
    { width: '/56', network: prefix(address, 56) },
    { width: '/48', network: prefix(address, 48) },
  ];
}

/** The beginning of an address in CIDR notation. */
function prefix(address: Address, bits: number): string {
  const kept = address.map((word, at) => {
    const zeros = 16 - Math.min(16, Math.max(0, bits - at * 16));
    return (word >>> zeros) << zeros;
  });
  if (address.length === 2) return `${dotted(kept)}/${bits}`;
  const words = kept.slice(0, Math.ceil(bits / 16)).map((word) => word.toString(16));
  return `${words.join(':')}::/${bits}`;
}

function dotted(address: Address): string {
  return address.flatMap((word) => [word >>> 8, word & 0xff]).join('.');
}
