/**
 * The files with the brand of an app (its logo, and a style sheet with its colours), and the marks of providers. Browsers
 * may store them for ever.
 */

import type { Core } from '../../core/core.ts';
import { pictureTypeOf, readColour } from '../../core/directory/app-brand.ts';
import type { App } from '../../core/directory/organization.ts';
import { findLogo } from '../../core/directory/organization-lifecycle.ts';
import type { ProviderMark } from '../../core/providers/provider-mark.ts';
import { refuseHttp } from '../../http/http-refusals.ts';
import type { PageRoute } from '../../http/page.ts';
import { brandStyle } from '../brand.ts';
import type { PageBrand } from '../layout.ts';

const path = '/connect';

const headers = {
  'cache-control': 'public, max-age=31536000, immutable',
  'cross-origin-resource-policy': 'same-origin',
  // A browser that shows the file by itself runs nothing in it.
  'content-security-policy': "default-src 'none'; sandbox",
  'x-content-type-options': 'nosniff',
} as const;

/** An SVG picture may have styles of its own. */
const markHeaders = {
  ...headers,
  'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'; sandbox",
} as const;

export function brandFiles(core: Core): readonly PageRoute[] {
  return [
    {
      method: 'GET',
      path: `${path}/logos/:app/:digest`,
      operationId: 'connect.logo',
      async handle({ params }) {
        const bytes = await findLogo(core, params['app'] ?? '', params['digest'] ?? '');
        const type = bytes === null ? null : pictureTypeOf(bytes);
        if (bytes === null || type === null) throw refuseHttp('route_not_found', {});
        return { status: 200, headers, contentType: type, content: Buffer.from(bytes) };
      },
    },
    {
      method: 'GET',
      path: `${path}/marks/:provider/:digest`,
      operationId: 'connect.mark',
      isUnlimited: true,
      async handle({ params }) {
        const mark = core.providers.findMark(params['provider'] ?? '');
        if (mark === null || mark.digest !== params['digest']) throw refuseHttp('route_not_found', {});
        const { type, bytes } = mark;
        const contentType = type === 'image/svg+xml' ? `${type}; charset=utf-8` : type;
        return { status: 200, headers: markHeaders, contentType, content: Buffer.from(bytes) };
      },
    },
    {
      method: 'GET',
      path: `${path}/colours/:name`,
      operationId: 'connect.colours',
      async handle({ params }) {
        const [, hex] = /^([0-9a-f]{6})\.css$/.exec(params['name'] ?? '') ?? [];
        const colour = readColour(`#${hex ?? ''}`);
        if (!('value' in colour)) throw refuseHttp('route_not_found', {});
        return {
          ...{ status: 200, headers },
          contentType: 'text/css; charset=utf-8',
          content: brandStyle(colour.value),
        };
      },
    },
  ];
}

/** The address of a mark below the address of the Connect page. */
export function markPath(provider: string, { digest }: ProviderMark): string {
  return `marks/${provider}/${digest}`;
}

/** The addresses of the files of an app, below the address of the Connect page; null for a file that it does not have. */
export function brandAddresses({ id, colour, logoDigest }: App): {
  readonly logo: string | null;
  readonly colours: string | null;
} {
  return {
    logo: logoDigest === null ? null : `logos/${id}/${logoDigest}`,
    colours: colour === null ? null : `colours/${colour.slice(1)}.css`,
  };
}

/** The brand of an app for a page; `base` leads from the page to the address of the Connect page, with a slash. */
export function pageBrand(app: App, base: string): PageBrand {
  const { logo } = brandAddresses(app);
  return { name: app.name, colour: app.colour, logo: logo === null ? null : `${base}${logo}` };
}
