/**
 * A real authorization server inside the process, for development only: a developer can connect, disconnect and erase
 * without an account anywhere. Its grants are in memory and end with the process. The library is loaded at the first
 * request, because most starts do not need it.
 */
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Configuration, InteractionResults, JWK, Provider } from 'oidc-provider';
import { closestLanguage, type Language, readAcceptLanguage } from '../core/messaging/language.ts';
import type { OwnProvider } from '../core/providers/provider-description.ts';
import { dayMs, hourMs, minuteMs, secondMs } from '../core/time.ts';
import type { Answer } from '../http/contract.ts';
import type { Mount } from '../http/mount.ts';
import { html } from '../pages/html.ts';
import { renderPage } from '../pages/layout.ts';
import { demoPath, demoScopes } from './demo-description.ts';
import { demoTexts } from './demo-texts.ts';

const interactionPath = /^\/interaction\/([A-Za-z0-9_-]+)$/;
const bodyBytesMax = 4_096;

/** Both are called at the first request, because the server's address is certain only then. */
export interface DemoProviderParts {
  describe(): OwnProvider;
  /** The address of the callback. */
  redirectUri(): string;
}

/** Answers the paths below `/demo-provider`. */
export function createDemoProvider(parts: DemoProviderParts): Mount {
  let loading: Promise<Provider> | undefined;

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    loading ??= load(parts);
    const provider = await loading;
    const original = request.url ?? '';
    const url = original.slice(demoPath.length);
    const isInteraction = interactionPath.test(pathOf(url));
    if (isInteraction) return interact(provider, request, response);
    // The library derives the prefix of its paths from the difference between the two.
    Object.assign(request, { originalUrl: original, url: url === '' ? '/' : url });
    provider.callback()(request, response);
  }

  return {
    path: demoPath,
    handle(request, response) {
      handle(request, response).catch(() => {
        if (!response.headersSent) send(response, gonePage(request));
        else response.destroy();
      });
    },
  };
}

async function load({ describe, redirectUri }: DemoProviderParts): Promise<Provider> {
  const [{ Provider }, { createMemoryAdapter }] = await Promise.all([
    import('oidc-provider/lib/provider.js'),
    import('oidc-provider/lib/adapters/memory_adapter.js'),
  ]);
  const { description, credentials } = describe();
  const { issuer } = description;
  const provider = new Provider(issuer, {
    ...configuration(),
    adapter: createMemoryAdapter(),
    clients: [
      {
        client_id: credentials.clientId,
        client_secret: credentials.clientSecret,
        redirect_uris: [redirectUri()],
        grant_types: ['authorization_code', 'refresh_token'],
        response_types: ['code'],
        id_token_signed_response_alg: 'ES256',
      },
    ],
  });
  // Behind a proxy that ends TLS, the library takes protocol and host from the proxy's headers.
  provider.proxy = issuer.startsWith('https:');
  // Tells the person's id with the tokens, as providers of device data do.
  provider.use(async (ctx, next) => {
    await next();
    const { route, entities } = ctx.oidc ?? {};
    if (route === 'token' && entities?.Account !== undefined && typeof ctx.body === 'object') {
      ctx.body = { ...ctx.body, sub: entities.Account.accountId };
    }
  });
  return provider;
}

const seconds = (ms: number): number => ms / secondMs;

function configuration(): Configuration {
  return {
    scopes: [...demoScopes],
    claims: {},
    jwks: { keys: [signingKey()] },
    cookies: {
      keys: [randomBytes(32).toString('base64url')],
      names: {
        session: 'roster_demo_session',
        interaction: 'roster_demo_interaction',
        resume: 'roster_demo_resume',
      },
    },
    features: {
      devInteractions: { enabled: false },
      introspection: { enabled: true, allowedPolicy: isOwnToken },
      revocation: { enabled: true, allowedPolicy: isOwnToken },
      userinfo: { enabled: false },
      rpInitiatedLogout: { enabled: false },
    },
    interactions: { url: (_, { uid }) => `${demoPath}/interaction/${uid}` },
    findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
    issueRefreshToken: () => true,
    expiresWithSession: () => false,
    rotateRefreshToken: true,
    ttl: {
      AccessToken: seconds(hourMs),
      AuthorizationCode: seconds(minuteMs),
      Grant: seconds(30 * dayMs),
      IdToken: seconds(hourMs),
      Interaction: seconds(10 * minuteMs),
      RefreshToken: seconds(30 * dayMs),
      Session: seconds(hourMs),
    },
    renderError(ctx) {
      const page = gonePage(ctx.req);
      ctx.status = page.status;
      ctx.set(headersOf(page));
      ctx.body = page.content;
    },
  };
}

/** A client may introspect and revoke only its own tokens. */
function isOwnToken(_: unknown, client: { readonly clientId: string }, token: object): boolean {
  return 'clientId' in token && token.clientId === client.clientId;
}

function signingKey(): JWK {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return { ...privateKey.export({ format: 'jwk' }), use: 'sig', alg: 'ES256', kid: 'demo' };
}

/** The consent page: shows it, or handles its form. */
async function interact(
  provider: Provider,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const details = await provider.interactionDetails(request, response);
  if (request.method !== 'POST') return send(response, consentPage(request));
  const isAllowed = (await readForm(request)).get('decision') === 'allow';
  const result: InteractionResults = isAllowed
    ? await allow(provider, details)
    : { error: 'access_denied', error_description: 'the person has said no' };
  await provider.interactionFinished(request, response, result, { mergeWithLastSubmission: false });
}

/** A browser is one person for as long as its session lasts. Each consent is a grant of its own. */
async function allow(
  provider: Provider,
  { params, session }: Awaited<ReturnType<Provider['interactionDetails']>>,
): Promise<InteractionResults> {
  const accountId = session?.accountId ?? `demo-${randomBytes(8).toString('hex')}`;
  const grant = new provider.Grant({ accountId, clientId: String(params['client_id']) });
  grant.addOIDCScope(String(params['scope'] ?? ''));
  return { login: { accountId }, consent: { grantId: await grant.save() } };
}

async function readForm(request: IncomingMessage): Promise<URLSearchParams> {
  let text = '';
  for await (const chunk of request) {
    text += String(chunk);
    if (text.length > bodyBytesMax) throw new Error('the form is too large');
  }
  return new URLSearchParams(text);
}

function consentPage(request: IncomingMessage): Answer {
  const language = languageOf(request);
  const { heading, body, allow, deny } = demoTexts[language];
  const content = html`<h1>${heading}</h1>
<p>${body}</p>
<form method="post">
<button type="submit" name="decision" value="allow">${allow}</button>
<button type="submit" name="decision" value="deny" class="quiet">${deny}</button>
</form>
`;
  return renderPage({ status: 200, language, title: heading, content });
}

function gonePage(request: IncomingMessage): Answer {
  const language = languageOf(request);
  const { heading, body } = demoTexts[language].gone;
  const content = html`<h1>${heading}</h1>
<p>${body}</p>
`;
  return renderPage({ status: 400, language, title: heading, content });
}

function languageOf({ headers }: IncomingMessage): Language {
  return closestLanguage(readAcceptLanguage(headers['accept-language']));
}

function headersOf({
  headers = {},
  contentType = 'text/html; charset=utf-8',
}: Answer): Record<string, string> {
  return { ...headers, 'Content-Type': contentType };
}

function send(response: ServerResponse, page: Answer): void {
  response.writeHead(page.status, headersOf(page)).end(page.content);
}

function pathOf(url: string): string {
  return url.split('?', 1)[0] ?? '';
}
