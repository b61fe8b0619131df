/**
 * The reference page at `/docs`: the OpenAPI documents of all published contracts in one viewer (Scalar), which can try
 * the calls. The page loads nothing from other hosts, and its content security policy forbids it. The viewer's code is
 * large, and a plugin for Fastify; both are loaded at the first request for the page.
 *
 * The page has documents of its own. Their server is the host that the page came from, the only one that its policy allows. So
 * that a first call succeeds, their parameters begin with the app of the installation in development, and the viewer
 * sends no example of another optional parameter by itself.
 */
import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';
import { findPublicApp } from '../../core/access/authentication.ts';
import type { Core } from '../../core/core.ts';
import { acceptedCoding } from '../answering/accepted-coding.ts';
import type { Answer, Call, Contract } from '../contract.ts';
import { refuseHttp } from '../http-refusals.ts';
import { type PageRoute, permissionsPolicy } from '../page.ts';
import { describeContract, type ServedContract } from './openapi.ts';

const base = '/docs';
const scriptFolder = `${base}/js`;
const plainName = 'scalar.js';

type Coding = 'br' | 'gzip';

interface Reference {
  readonly html: string;
  /** The name of the script, with a digest of it. */
  readonly scriptName: string;
  readonly script: Uint8Array;
  readonly compressed: Readonly<Record<Coding, Uint8Array>>;
  /** The content security policy of the page. */
  readonly policy: string;
}

/** The page, its documents, its script, and the icon that browsers request by themselves. */
export function referenceRoutes(core: Core, served: readonly ServedContract[]): readonly PageRoute[] {
  let loading: Promise<Reference> | null = null;
  const load = (): Promise<Reference> => {
    loading ??= loadReference(served);
    return loading;
  };
  const page = async (): Promise<Answer> => {
    const { html, policy } = await load();
    const headers = {
      'content-security-policy': policy,
      'referrer-policy': 'no-referrer',
      'permissions-policy': permissionsPolicy,
      'cross-origin-opener-policy': 'same-origin',
    };
    return { status: 200, headers, content: html, contentType: 'text/html; charset=utf-8' };
  };
  const script = async ({ params, headers }: Call): Promise<Answer> => {
    const reference = await load();
    const { name } = params;
    if (name !== reference.scriptName && name !== plainName) throw refuseHttp('route_not_found', {});
    const coding = acceptedCoding(headers, ['br', 'gzip']);
    return {
      status: 200,
      headers: {
        'cache-control': name === plainName ? 'public, max-age=3600' : 'public, max-age=31536000, immutable',
        vary: 'Accept-Encoding',
        ...(coding === null ? {} : { 'content-encoding': coding }),
      },
      content: coding === null ? reference.script : reference.compressed[coding],
      contentType: 'text/javascript; charset=utf-8',
    };
  };
  const noIcon = async (): Promise<Answer> => ({ status: 204 });
  return [
    { method: 'GET', path: '/favicon.ico', operationId: 'favicon', isUnlimited: true, handle: noIcon },
    { method: 'GET', path: base, operationId: 'reference', handle: page },
    {
      method: 'GET',
      path: `${scriptFolder}/:name`,
      operationId: 'reference.script',
      isUnlimited: true,
      handle: script,
    },
    ...served.map((each): PageRoute => {
      const { contract } = each;
      return {
        method: 'GET',
        path: documentPath(each),
        operationId: `reference.${contract.name}`,
        async handle() {
          const parameters = core.policy.isProduction ? {} : await sampleParameters(core, contract);
          return { status: 200, body: describeContract(each, { parameters, isForViewer: true }) };
        },
      };
    }),
  ];
}

/** The parameters of the app that calls without a credential reach. */
async function sampleParameters(core: Core, contract: Contract): Promise<Readonly<Record<string, string>>> {
  if (contract.sampleParameters === undefined) return {};
  const found = await findPublicApp(core, 'docs', undefined);
  return found === null ? {} : contract.sampleParameters({ appId: found.app.id });
}

function documentPath({ contract }: ServedContract): string {
  return `${base}/openapi/${contract.name}.json`;
}

/** Lets the plugin render page and script once, in a Fastify that does not listen. */
async function loadReference(served: readonly ServedContract[]): Promise<Reference> {
  const [{ fastify }, { default: plugin }] = await Promise.all([
    import('fastify'),
    import('@scalar/fastify-api-reference'),
  ]);
  const app = fastify();
  await app.register(plugin, {
    routePrefix: base,
    configuration: {
      pageTitle: 'Roster: reference',
      cdn: `${scriptFolder}/${plainName}`,
      sources: served.map((each) => ({
        title: each.contract.title,
        slug: each.contract.name,
        url: documentPath(each),
        agent: { disabled: true },
      })),
      // Features that would call the viewer's vendor, or need the internet, are off.
      telemetry: false,
      withDefaultFonts: false,
      customCss: phoneCss,
      hideClientButton: true,
      showDeveloperTools: 'never',
      proxyUrl: '',
      mcp: { disabled: true },
    },
  });
  const [{ body }, { body: code }] = await Promise.all([
    app.inject({ url: `${base}/` }),
    app.inject({ url: `${scriptFolder}/${plainName}` }),
  ]);
  await app.close();
  const script = Buffer.from(code);
  const scriptName = `scalar-${createHash('sha256').update(script).digest('hex').slice(0, 16)}.js`;
  const html = body.replaceAll(`${scriptFolder}/${plainName}`, `${scriptFolder}/${scriptName}`);
  const [br, gz] = await Promise.all([
    promisify(brotliCompress)(script, { params: { [constants.BROTLI_PARAM_QUALITY]: brotliQuality } }),
    promisify(gzip)(script),
  ]);
  return { html, scriptName, script, compressed: { br, gzip: gz }, policy: policyFor(html) };
}

/** On a phone the viewer lays a button over the address of a call, and shows the icon of the license without its name. */
const phoneCss =
  '@media (max-width: 767px) { .scalar-sidebar-toggle, .icons-only { display: none !important } }';

/** The highest takes seconds, for a tenth of the size less. */
const brotliQuality = 6;

/** Allows files of this server and the inline scripts of this page; the viewer needs inline styles. */
function policyFor(html: string): string {
  const inline = [...html.matchAll(/<script(?![^>]*\ssrc=)[^>]*>([\s\S]*?)<\/script>/g)];
  const hashes = inline.map(
    ([, code = '']) => `'sha256-${createHash('sha256').update(code).digest('base64')}'`,
  );
  return [
    "default-src 'none'",
    `script-src 'self' ${hashes.join(' ')}`,
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' data: blob:",
    "font-src 'self' data:",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
}
