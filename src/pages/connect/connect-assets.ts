/**
 * The built files of the Connect page: script and style, under names with their digest, so that browsers may store
 * them for ever. `npm run build` makes them, and `npm ci` runs it. They are read at the first request for the
 * page, so that a start does not wait for them.
 */
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import type { IncomingHttpHeaders } from 'node:http';
import { join } from 'node:path';
import { acceptedCoding } from '../../http/answering/accepted-coding.ts';
import type { Answer } from '../../http/contract.ts';
import { refuseHttp } from '../../http/http-refusals.ts';

/** The folder of the build. */
export const assetsFolder = join(import.meta.dirname, '..', '..', '..', 'dist', 'connect');

/** Whether the build has run. `npm ci --ignore-scripts` leaves it out. */
export function isPageBuilt(folder = assetsFolder): boolean {
  return existsSync(folder);
}

export interface Assets {
  /** File names. */
  readonly script: string;
  readonly styles: readonly string[];
  /** Scripts that several parts of a page import, which a browser may load ahead. */
  readonly shared: readonly string[];
  /** The file with that name as an answer. Refuses with `route_not_found`. */
  answer(name: string, headers: IncomingHttpHeaders): Answer;
}

interface Asset {
  readonly contentType: string;
  readonly bytes: Buffer;
  /** The same file, compressed by Brotli (RFC 7932). */
  readonly compressed: Buffer | null;
}

const contentTypes: Readonly<Record<string, string>> = {
  js: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
};

/** Rejects where the page has not been built. */
export async function readAssets(folder: string): Promise<Assets> {
  const names = await readdir(folder);
  const assets = new Map<string, Asset>();
  for (const name of names) {
    const contentType = contentTypes[name.split('.').at(-1) ?? ''];
    if (contentType === undefined) continue;
    const compressed = names.includes(`${name}.br`) ? await readFile(join(folder, `${name}.br`)) : null;
    assets.set(name, { contentType, bytes: await readFile(join(folder, name)), compressed });
  }
  const script = [...assets.keys()].find((name) => name.startsWith('main-') && name.endsWith('.js'));
  if (script === undefined) throw new Error(`there is no script in ${folder}`);
  return {
    script,
    styles: [...assets.keys()].filter((name) => name.endsWith('.css')),
    shared: [...assets.keys()].filter((name) => name.startsWith('shared-')),
    answer(name, headers) {
      const asset = assets.get(name);
      if (asset === undefined) throw refuseHttp('route_not_found', {});
      return answerOf(asset, headers);
    },
  };
}

function answerOf({ contentType, bytes, compressed }: Asset, headers: IncomingHttpHeaders): Answer {
  const isCompressed = compressed !== null && acceptedCoding(headers, ['br']) !== null;
  return {
    status: 200,
    headers: {
      'cache-control': 'public, max-age=31536000, immutable',
      'cross-origin-resource-policy': 'same-origin',
      vary: 'Accept-Encoding',
      ...(isCompressed ? { 'content-encoding': 'br' } : {}),
    },
    contentType,
    content: isCompressed ? compressed : bytes,
  };
}
