/**
 * The reference page at `/docs`: the OpenAPI documents of all published contracts in one viewer (Scalar), which can try
 * the calls. The page loads nothing from other hosts, and its content security policy forbids it. The viewer's code is
 * large, and a plugin for Fastify; both are loaded at the first request for the page.
 */
import { createHash } from 'node:crypto';
import type { Answer, Contract } from '../contract.ts';
import type { PageRoute } from '../page.ts';
import { openApiPath } from './openapi.ts';

const base = '/docs';
const scriptPath = `${base}/js/scalar.js`;

interface Reference {
  readonly html: string;
  readonly script: Uint8Array;
  /** The content security policy of the page. */
  readonly policy: string;
}

/** The page, its script, and the icon that browsers request by themselves. */
export function referenceRoutes(contracts: readonly Contract[]): readonly PageRoute[] {
  let loading: Promise<Reference> | null = null;
  const load = (): Promise<Reference> => {
    loading ??= loadReference(contracts);
    return loading;
  };
  const page = async (): Promise<Answer> => {
    const { html, policy } = await load();
    const headers = { 'content-security-policy': policy, 'referrer-policy': 'no-referrer' };
    return { status: 200, headers, content: html, contentType: 'text/html; charset=utf-8' };
  };
  const script = async (): Promise<Answer> => ({
    status: 200,
    headers: { 'cache-control': 'public, max-age=3600' },
    content: (await load()).script,
    contentType: 'text/javascript; charset=utf-8',
  });
  const noIcon = async (): Promise<Answer> => ({ status: 204 });
  return [
    { method: 'GET', path: '/favicon.ico', operationId: 'favicon', handle: noIcon },
    { method: 'GET', path: base, operationId: 'reference', handle: page },
    { method: 'GET', path: scriptPath, operationId: 'reference.script', handle: script },
  ];
}

/** Lets the plugin render page and script once, in a Fastify that does not listen. */
async function loadReference(contracts: readonly Contract[]): Promise<Reference> {
  const [{ fastify }, { default: plugin }] = await Promise.all([
    import('fastify'),
    import('@scalar/fastify-api-reference'),
  ]);
  const app = fastify();
  await app.register(plugin, {
    routePrefix: base,
    configuration: {
      pageTitle: 'Roster: reference',
      cdn: scriptPath,
      sources: contracts.map((contract) => ({
        title: contract.title,
        slug: contract.name,
        url: openApiPath(contract),
        agent: { disabled: true },
      })),
      // Features that would call the viewer's vendor, or need the internet, are off.
      telemetry: false,
      withDefaultFonts: false,
      hideClientButton: true,
      showDeveloperTools: 'never',
      proxyUrl: '',
      mcp: { disabled: true },
    },
  });
  const [{ body: html }, { body: script }] = await Promise.all([
    app.inject({ url: `${base}/` }),
    app.inject({ url: scriptPath }),
  ]);
  await app.close();
  return { html, script: Buffer.from(script), policy: policyFor(html) };
}

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
