/**
 * A provider of device data on another origin than Roster, as large ones are: the authorization address redirects to a
 * login on another host, whose page cuts the link to its opener (`Cross-Origin-Opener-Policy`). The test says which
 * account the person is signed in to.
 */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';

export interface Wearable {
  readonly address: string;
  /** The id of the account that the next person allows access to. */
  account: string;
  /** The access tokens that were given, and those whose end was asked for. */
  readonly given: string[];
  readonly revoked: string[];
  /** How many codes were exchanged. */
  readonly exchanged: { count: number };
  /** The settings of a deployment that has this provider, under the name `wearable`; `folder` takes their file. */
  settings(folder: string): Readonly<Record<string, string>>;
  close(): Promise<void>;
}

export async function startWearable(): Promise<Wearable> {
  const codes = new Map<string, string>();
  const given: string[] = [];
  const revoked: string[] = [];
  const exchanged = { count: 0 };
  const server = createServer(async (request, response) => {
    const url = new URL(request.url ?? '/', 'http://wearable');
    let body = '';
    for await (const chunk of request) body += String(chunk);
    const form = new URLSearchParams(body);
    switch (url.pathname) {
      case '/authorize':
        response.writeHead(302, { location: `http://localhost:${port}/login${url.search}` }).end();
        break;
      case '/login':
        response.setHeader('content-type', 'text/html; charset=utf-8');
        response.setHeader('cross-origin-opener-policy', 'same-origin');
        response.end(
          '<!doctype html><title>Wearable</title><form method="post" action="/allow' +
            `${url.search.replaceAll('"', '')}"><button>Allow access</button></form>`,
        );
        break;
      case '/allow': {
        const code = randomBytes(16).toString('hex');
        codes.set(code, wearable.account);
        const back = new URL(url.searchParams.get('redirect_uri') ?? '');
        back.searchParams.set('code', code);
        back.searchParams.set('state', url.searchParams.get('state') ?? '');
        response.writeHead(302, { location: back.href }).end();
        break;
      }
      case '/token': {
        const account = codes.get(form.get('code') ?? '');
        codes.delete(form.get('code') ?? '');
        response.setHeader('content-type', 'application/json');
        if (account === undefined) {
          response.writeHead(400).end(JSON.stringify({ error: 'invalid_grant' }));
          break;
        }
        exchanged.count += 1;
        const token = `access-${randomBytes(8).toString('hex')}`;
        given.push(token);
        response.end(JSON.stringify({ access_token: token, expires_in: 3_600, user_id: account }));
        break;
      }
      case '/revoke':
        revoked.push(form.get('token') ?? '');
        response.end();
        break;
      default:
        response.writeHead(404).end();
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const address = `http://127.0.0.1:${port}`;
  const wearable: Wearable = {
    ...{ address, account: 'account-1', given, revoked, exchanged },
    settings(folder) {
      const file = join(folder, 'wearable.json');
      const provider = {
        ...{ name: 'wearable', title: 'Wearable', client_id: 'client', client_secret: 'client-secret' },
        authorization_endpoint: `${address}/authorize`,
        token_endpoint: `${address}/token`,
        revocation_endpoint: `${address}/revoke`,
        account_field: 'user_id',
        pkce: false,
      };
      writeFileSync(file, JSON.stringify({ providers: [provider] }));
      return { ROSTER_PROVIDERS_FILE: file };
    },
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
  return wearable;
}
