/**
 * A real, certified authorization server on a free port, whose people allow or refuse access immediately. It stores every
 * token that it has given, also those of lost answers, so that a test can ask which of them are still valid.
 */
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { AdapterFactory, Provider as OidcProvider } from 'oidc-provider';
import { createMemoryAdapter } from 'oidc-provider/lib/adapters/memory_adapter.js';
import { Provider } from 'oidc-provider/lib/provider.js';
import { clientId, clientSecret, redirectUri } from './linked-provider.ts';

export interface AuthorizationServer {
  /** The issuer and address of the server. */
  readonly url: string;
  /** Every token that was given, in order. */
  readonly issued: readonly string[];
  /** Follows the address as a person does; returns the address of the callback. */
  authorize(authUrl: string, decision?: 'allow' | 'deny'): Promise<URL>;
  /** The tokens since the index `from` that introspection reports as active. */
  liveTokens(from?: number): Promise<readonly string[]>;
  close(): Promise<void>;
}

export interface ServerOptions {
  /** A server that does not store used codes and tokens, so it does not end a grant that is reused. */
  readonly isForgetful?: boolean;
}

export async function startAuthorizationServer(options: ServerOptions = {}): Promise<AuthorizationServer> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const provider = createProvider(url, options);
  const issued: string[] = [];
  provider.on('grant.success', ({ body }) => {
    const { access_token: access, refresh_token: refresh } = Object(body);
    issued.push(...[access, refresh].filter((token) => typeof token === 'string'));
  });
  const answer = provider.callback();
  server.on('request', (request, response) => {
    if (request.url?.startsWith('/interaction/')) void interact(provider, request, response);
    else answer(request, response);
  });

  return {
    url,
    issued,
    authorize: (authUrl, decision = 'allow') => travel(authUrl, decision),
    async liveTokens(from = 0) {
      const states = await Promise.all(
        issued.slice(from).map(async (token) => [token, await isActive(url, token)]),
      );
      return states.flatMap(([token, active]) => (active === true ? [String(token)] : []));
    },
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

function createProvider(url: string, { isForgetful = false }: ServerOptions): OidcProvider {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const jwk = { ...privateKey.export({ format: 'jwk' }), use: 'sig', alg: 'ES256', kid: 'test' };
  return new Provider(url, {
    adapter: isForgetful ? createForgetfulAdapter() : createMemoryAdapter(),
    clients: [
      {
        client_id: clientId,
        client_secret: clientSecret,
        redirect_uris: [redirectUri],
        grant_types: ['authorization_code', 'refresh_token'],
        response_types: ['code'],
        id_token_signed_response_alg: 'ES256',
      },
    ],
    scopes: ['activity', 'offline_access'],
    claims: {},
    jwks: { keys: [jwk] },
    cookies: { keys: [randomBytes(16).toString('hex')] },
    features: {
      devInteractions: { enabled: false },
      introspection: { enabled: true, allowedPolicy: isOwnToken },
      revocation: { enabled: true, allowedPolicy: isOwnToken },
    },
    interactions: { url: (_, { uid }) => `/interaction/${uid}` },
    findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
    issueRefreshToken: () => true,
    expiresWithSession: () => false,
    rotateRefreshToken: true,
    ttl: {
      AccessToken: 3_600,
      AuthorizationCode: 60,
      Grant: 86_400,
      IdToken: 3_600,
      Interaction: 600,
      RefreshToken: 86_400,
      Session: 600,
    },
  });
}

/** Stores nothing of what was used. */
function createForgetfulAdapter(): AdapterFactory {
  const create = createMemoryAdapter();
  return (model) => {
    const adapter = create(model);
    adapter.consume = (id) => adapter.destroy(id);
    return adapter;
  };
}

const isOwnToken = (_: unknown, client: { clientId: string }, token: object): boolean =>
  'clientId' in token && token.clientId === client.clientId;

/** The person decides as a cookie of the test says. */
async function interact(
  provider: OidcProvider,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { params } = await provider.interactionDetails(request, response);
  const isDenied = request.headers.cookie?.includes('decision=deny') === true;
  const accountId = `person-${randomBytes(4).toString('hex')}`;
  const grant = new provider.Grant({ accountId, clientId: String(params['client_id']) });
  grant.addOIDCScope(String(params['scope'] ?? ''));
  const result = isDenied
    ? { error: 'access_denied' }
    : { login: { accountId }, consent: { grantId: await grant.save() } };
  await provider.interactionFinished(request, response, result, { mergeWithLastSubmission: false });
}

/** Follows redirects with cookies, as a browser, until they lead away from the server. */
async function travel(authUrl: string, decision: string): Promise<URL> {
  const { origin } = new URL(authUrl);
  const cookies = new Map([['decision', decision]]);
  let url = new URL(authUrl);
  for (let step = 0; step < 10; step += 1) {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const response = await fetch(url, { redirect: 'manual', headers: { cookie } });
    await response.text();
    for (const line of response.headers.getSetCookie()) {
      const [pair = ''] = line.split(';');
      const [name = '', value = ''] = pair.split('=', 2);
      cookies.set(name, value);
    }
    const location = response.headers.get('location');
    if (location === null) throw new Error(`${url.pathname} answered ${response.status} and led nowhere`);
    url = new URL(location, url);
    if (url.origin !== origin) return url;
  }
  throw new Error('the way back was not found');
}

async function isActive(url: string, token: string): Promise<boolean> {
  const response = await fetch(`${url}/token/introspection`, {
    method: 'POST',
    headers: { authorization: `Basic ${Buffer.from(`${clientId}:${clientSecret}`).toString('base64')}` },
    body: new URLSearchParams({ token }),
  });
  const { active } = Object(await response.json());
  return active === true;
}
