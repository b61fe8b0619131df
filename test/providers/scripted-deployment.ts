/**
 * A directory whose providers are one HTTP server that answers as the test says, whatever the address: presets and a
 * provider of the deployment's own meet the bodies that real services send. The server remembers what it has given.
 */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Core } from '../../src/core/core.ts';
import type { User } from '../../src/core/directory/user.ts';
import { deleteUser } from '../../src/core/directory/user-lifecycle.ts';
import { finishConnection } from '../../src/core/providers/callback.ts';
import type { CallbackOutcome } from '../../src/core/providers/callback-outcome.ts';
import type { Connection } from '../../src/core/providers/connection.ts';
import { openGrants, type TokenGrant } from '../../src/core/providers/grant.ts';
import {
  commonDescription,
  type PresetName,
  type ProviderDescription,
  presetNames,
} from '../../src/core/providers/provider-description.ts';
import { disconnect, startConnection } from '../../src/core/providers/user-connections.ts';
import { createProviderDirectory } from '../../src/gateways/provider-directory.ts';
import { createProviderHttp } from '../../src/gateways/providers/provider-http.ts';
import { createCompleteErasuresJob } from '../../src/jobs/complete-erasures.ts';
import { createRefreshTokensJob } from '../../src/jobs/refresh-tokens.ts';
import { createRevokeGrantsJob } from '../../src/jobs/revoke-grants.ts';
import { createTestJournal, type Deployment, openDeployment } from '../jobs/deployment.ts';
import type { Row } from '../support/server/rows.ts';
import { begin, browser } from './begin.ts';

export const acme = {
  ...commonDescription,
  name: 'acme',
  title: 'Acme',
  issuer: 'https://acme.example',
  authorizationEndpoint: 'https://acme.example/authorize',
  tokenEndpoint: 'https://acme.example/token',
  scopes: ['activity'],
  end: { kind: 'rfc7009', endpoint: 'https://acme.example/revoke', clientAuthentication: 'post' },
} as const satisfies ProviderDescription;

/** An answer of the server: a status, and a value as JSON or a text as it is. */
export interface Scripted {
  readonly status?: number;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Asked {
  /** The address that Roster called, without its query. */
  readonly url: string;
  readonly form: Readonly<Record<string, string>>;
}

export type Script = (asked: Asked) => Scripted | Promise<Scripted>;

export interface ScriptedDeployment {
  readonly core: Core;
  readonly deployment: Deployment;
  readonly asked: Asked[];
  /** How the next requests are answered. */
  answer(script: Script): void;
  addUser(): Promise<User>;
  /** Sends the user to the provider; returns the parameters of the callback. */
  visit(user: User, provider: string): Promise<{ readonly id: string; readonly parameters: URLSearchParams }>;
  comeBack(parameters: URLSearchParams): Promise<CallbackOutcome['kind']>;
  /** A user with an active connection whose tokens the body gives. */
  connect(provider: string, body?: unknown): Promise<{ readonly user: User; readonly id: string }>;
  connectionOf(id: string): Promise<Connection>;
  tokensOf(id: string): Promise<TokenGrant>;
  disconnect(user: User, id: string): Promise<void>;
  /** Deletes the user; resolves with the state of the erasure. */
  erase(user: User): Promise<() => Promise<string | undefined>>;
  revocationsOf(id: string): readonly Row[];
  /** Runs each job once. */
  work(): Promise<void>;
  close(): Promise<void>;
}

export const given = {
  access_token: 'access-1',
  refresh_token: 'refresh-1',
  expires_in: 3_600,
  token_type: 'Bearer',
  // Polar, Withings.
  x_user_id: 42,
  userid: 42,
};

export async function openScripted(own: readonly ProviderDescription[] = []): Promise<ScriptedDeployment> {
  let script: Script = () => ({ status: 599 });
  const asked: Asked[] = [];
  const server = createServer(async (request, response) => {
    let text = '';
    for await (const chunk of request) text += String(chunk);
    const form = Object.fromEntries(new URLSearchParams(text));
    const call = { url: String(request.headers['x-url']), form };
    asked.push(call);
    const { status = 200, body = '', headers = {} } = await script(call);
    const isText = typeof body === 'string';
    response.writeHead(status, {
      'content-type': isText ? 'text/html' : 'application/json',
      ...headers,
    });
    response.end(isText ? body : JSON.stringify(body));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const local = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const http = createProviderHttp({
    fetch(url, init = {}) {
      const headers = new Headers(init.headers);
      headers.set('x-url', String(url).split('?')[0] ?? '');
      return fetch(local, { ...init, headers });
    },
  });
  const deployment = await openDeployment();
  const { clock, orgKey, rows } = deployment;
  const credentials = { clientId: 'client-1', clientSecret: 'secret-1' };
  const providers = createProviderDirectory({
    presets: presetNames.map((name: PresetName) => ({ name, credentials })),
    own: [acme, ...own].map((description) => ({ description, credentials })),
    demo: null,
    redirectUri: () => 'http://localhost:8080/connect/callback',
    isProduction: true,
    clock,
    http,
  });
  const core: Core = { ...deployment.core, providers };
  const operator = { kind: 'operator', door: 'test', orgKey } as const;
  const journal = createTestJournal();
  const jobs = [
    createRefreshTokensJob(core, journal),
    createRevokeGrantsJob(core, journal),
    createCompleteErasuresJob(core, journal, { restMinMs: 0, restsPerPass: 0 }),
  ];

  const connectionOf = async (id: string): Promise<Connection> => {
    const found = await core.work.read(orgKey, (tx) => tx.connections.find(id));
    if (found === null) throw new Error('there is no such connection');
    return found;
  };
  const addUser = (): Promise<User> => deployment.addUser();
  const visit: ScriptedDeployment['visit'] = async (user, provider) => {
    const input = { user: { id: user.id }, provider, returnTo: 'page' } as const;
    const { connection, authUrl } = await startConnection(core, operator, input);
    const state = new URL(await begin(core, authUrl)).searchParams.get('state') ?? '';
    return { id: connection.id, parameters: new URLSearchParams({ state, code: 'code-1' }) };
  };
  const comeBack: ScriptedDeployment['comeBack'] = async (parameters) =>
    (await finishConnection(core, { door: 'connect', parameters, browser })).kind;

  return {
    ...{ core, deployment, asked, addUser, visit, comeBack, connectionOf },
    answer(next) {
      script = next;
    },
    async connect(provider, body = given) {
      const user = await addUser();
      const { id, parameters } = await visit(user, provider);
      script = () => ({ body: provider === 'withings' ? { status: 0, body } : body });
      const outcome = await comeBack(parameters);
      if (outcome !== 'connected') throw new Error(`the user was not connected: ${outcome}`);
      return { user, id };
    },
    connectionOf,
    async tokensOf(id) {
      const grants = openGrants(core.secrets, await connectionOf(id));
      if (grants === null) throw new Error('the connection has no tokens');
      return grants[0].tokens;
    },
    async disconnect(user, id) {
      await disconnect(core, operator, { user: { id: user.id }, connectionId: id });
    },
    async erase(user) {
      const { erasureId } = await deleteUser(core, operator, { ref: { id: user.id } });
      return async () => (await core.work.readSystem('operator', (tx) => tx.erasures.find(erasureId)))?.state;
    },
    revocationsOf: (id) => rows.all('revocations').filter((row) => row['connection_id'] === id),
    async work() {
      for (const job of jobs) {
        while (await job.run()) await job.finish?.();
        await job.finish?.();
      }
      if (journal.faults.length > 0) throw journal.faults[0];
    },
    async close() {
      await deployment.close();
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
