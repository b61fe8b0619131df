/**
 * Finds the contract of a request. The first label of the host wins over the prefix of the path, and the prefix
 * wins over the bare path, which the contracts claim in the order of their list. The paths of our own pages belong
 * to no contract, on any host.
 *
 * All three ways lead to one internal form, `/<contract>/<documented path>`, under which every route is registered
 * once. A path with a slash at its end is the same path, and so is one with several slashes before its first segment or
 * after its version, which clients send whose base address ends in a slash. Percent-encoding is decoded first, because the router decodes it too.
 */
import type { IncomingHttpHeaders } from 'node:http';
import type { Contract } from '../contract.ts';

export interface ContractRouter {
  /** The internal form of a request's URL; unchanged where it reaches no contract. */
  rewrite(url: string, headers: IncomingHttpHeaders): string;
  /** The contract of a URL in the internal form; null where there is none. */
  contractAt(url: string): Contract | null;
  /**
   * The absolute address before the documented paths of the contract of that name: its prefix below `url`, which is the
   * public URL by default, or `url` alone where that has the contract's own host. `Host` is not asked: a client chooses it.
   */
  baseUrlOf(name: string | null, url?: string): string;
}

export interface ContractRouterOptions {
  readonly contracts: readonly Contract[];
  /** Paths that belong to no contract; their first segment decides. */
  readonly ownPaths: readonly string[];
  readonly isHostRouted: boolean;
  /** The address of the deployment, without a slash at the end. It may be known only once the server listens. */
  publicUrl(): string;
}

export function createContractRouter({
  contracts,
  ownPaths,
  isHostRouted,
  publicUrl,
}: ContractRouterOptions): ContractRouter {
  const byName = new Map(contracts.map((contract) => [contract.name, contract]));
  const byHost = new Map(
    contracts.filter(({ hasOwnHost = true }) => isHostRouted && hasOwnHost).map((each) => [each.name, each]),
  );
  const bySegment = new Map<string, Contract | 'own'>(byName);
  for (const path of ownPaths) bySegment.set(firstSegment(path), 'own');
  const slashedPaths = new Set(ownPaths.filter((path) => path.endsWith('/')));

  return {
    rewrite(target, headers) {
      const absolute = target.startsWith('/') ? null : splitAbsolute(target);
      const given = withOneSlash(absolute?.url ?? target);
      const prefixed = bySegment.get(firstSegment(given));
      const url = withoutLastSlash(given);
      if (prefixed === 'own') return slashedPaths.has(pathOf(given)) ? given : url;
      if (byHost.size > 0) {
        const contract = byHost.get(hostLabel(absolute?.authority ?? headers.host ?? ''));
        if (contract !== undefined) return `/${contract.name}${url}`;
      }
      if (prefixed !== undefined) {
        const end = endOfSegment(given);
        return withoutLastSlash(given.slice(0, end) + withOneSlash(given.slice(end)));
      }
      const path = decoded(pathOf(url));
      const claimant = contracts.find((contract) => contract.claims(path, headers));
      return claimant === undefined ? url : `/${claimant.name}${url}`;
    },
    contractAt: (url) => byName.get(firstSegment(url)) ?? null,
    baseUrlOf(name, url = publicUrl()) {
      if (name === null) return url;
      const host = byHost.get(hostLabel(new URL(url).host));
      return host?.name === name ? url : `${url}/${name}`;
    },
  };
}

/** A URL without its query. */
export function pathOf(url: string): string {
  const end = url.search(/[?#]/);
  return end < 0 ? url : url.slice(0, end);
}

/** A base address may end before the first segment, or after the version. */
const slashesAfterVersion = /^((?:\/[^/?#]+)?\/v\d+)\/{2,}/;

/** The URL with one slash where it has several at the end of a base address. */
function withOneSlash(url: string): string {
  if (!url.includes('//')) return url;
  return url.replace(/^\/+/, '/').replace(slashesAfterVersion, '$1/');
}

/** The URL without the one slash at the end of its path; an empty segment before that is no path that we know. */
function withoutLastSlash(url: string): string {
  if (!url.endsWith('/') && !url.includes('/?') && !url.includes('/#')) return url;
  const path = pathOf(url);
  const isSlashed = path.length > 1 && path.endsWith('/') && !path.endsWith('//');
  return isSlashed ? path.slice(0, -1) + url.slice(path.length) : url;
}

/** The text between the first two slashes, decoded. */
function firstSegment(url: string): string {
  return decoded(url.slice(1, endOfSegment(url)));
}

/** The position after the first segment. */
function endOfSegment(url: string): number {
  let end = 1;
  while (end < url.length && !isDelimiter(url.charCodeAt(end))) end += 1;
  return end;
}

/** A slash, a question mark or a hash sign. */
function isDelimiter(code: number): boolean {
  return code === 0x2f || code === 0x3f || code === 0x23;
}

/** Unchanged if it cannot be decoded: no route has such a path. */
function decoded(text: string): string {
  if (!text.includes('%')) return text;
  try {
    return decodeURI(text);
  } catch {
    return text;
  }
}

function hostLabel(host: string): string {
  const end = host.search(/[.:]/);
  return (end < 0 ? host : host.slice(0, end)).toLowerCase();
}

const absoluteForm = /^[a-z][a-z0-9+.-]*:\/\/(?:[^/?#@]*@)?([^/?#]*)(.*)$/is;

/** The parts of an absolute request target (RFC 9112, section 3.2.2), whose authority stands for `Host`. */
function splitAbsolute(target: string): { authority: string; url: string } | null {
  const match = absoluteForm.exec(target);
  if (match?.[1] === undefined || match[2] === undefined) return null;
  return { authority: match[1], url: match[2].startsWith('/') ? match[2] : `/${match[2]}` };
}
