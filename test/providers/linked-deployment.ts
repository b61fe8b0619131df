/**
 * A directory that is linked to an authorization server through a fault proxy, with a real database, the real protocol
 * and a clock that the test moves. Its jobs run when the test says so.
 */
import { randomBytes } from 'node:crypto';
import type { Core } from '../../src/core/core.ts';
import type { User } from '../../src/core/directory/user.ts';
import { finishConnection } from '../../src/core/providers/callback.ts';
import type { Connection } from '../../src/core/providers/connection.ts';
import type { Revocation } from '../../src/core/providers/revocation.ts';
import { startConnection } from '../../src/core/providers/user-connections.ts';
import { createProviderHttp } from '../../src/gateways/providers/provider-http.ts';
import { createCompleteErasuresJob } from '../../src/jobs/complete-erasures.ts';
import { createRefreshTokensJob } from '../../src/jobs/refresh-tokens.ts';
import { createRevokeGrantsJob } from '../../src/jobs/revoke-grants.ts';
import { createTestJournal, type Deployment, openDeployment } from '../jobs/deployment.ts';
import {
  type AuthorizationServer,
  type ServerOptions,
  startAuthorizationServer,
} from './authorization-server.ts';
import { begin, browser } from './begin.ts';
import { type FaultProxy, startFaultProxy } from './fault-proxy.ts';
import { type LinkOptions, linkProvider, providerName } from './linked-provider.ts';

export type OpenOptions = Partial<LinkOptions> & ServerOptions;

export interface Linked {
  readonly deployment: Deployment;
  readonly core: Core;
  readonly server: AuthorizationServer;
  readonly proxy: FaultProxy;
  readonly operator: { readonly kind: 'operator'; readonly door: 'test'; readonly orgKey: number };
  /** Sends the user to the server and back; the callback is not handled yet. */
  visit(
    user: User,
    decision?: 'allow' | 'deny',
  ): Promise<{ readonly connection: Connection; readonly callback: URL }>;
  /** Handles a callback. */
  comeBack(callback: URL): Promise<string>;
  /** A user with an active connection. */
  connectUser(): Promise<{ readonly user: User; readonly connection: Connection }>;
  connectionOf(connection: Pick<Connection, 'id'>): Promise<Connection | null>;
  /** Every revocation. */
  revocations(): readonly RevocationFacts[];
  /** Runs each job once. */
  work(): Promise<void>;
  /** Moves the clock and runs the jobs until nothing is open, or until that many hours have passed. Default: a week. */
  workOff(hours?: number): Promise<void>;
  /** Abandons what is open, so that it does not use up the faults of the next test. */
  abandonAll(): Promise<void>;
  close(): Promise<void>;
}

export type RevocationFacts = Pick<
  Revocation,
  'id' | 'connectionId' | 'erasureId' | 'state' | 'outcome' | 'unanswered'
>;

const hourMs = 3_600_000;

export async function openLinked(options: OpenOptions = {}): Promise<Linked> {
  const server = await startAuthorizationServer(options);
  const proxy = await startFaultProxy(server.url);
  const deployment = await openDeployment();
  const { clock, orgKey, rows } = deployment;
  const http = {
    ...createProviderHttp({ isInsecureAllowed: true }),
    deadline: () => AbortSignal.timeout(proxy.patienceMs),
  };
  const urls = { serverUrl: server.url, proxyUrl: proxy.url };
  const providers = linkProvider({ ...urls, clock, http, ...options });
  const core: Core = { ...deployment.core, providers };
  const operator = { kind: 'operator', door: 'test', orgKey } as const;
  const journal = createTestJournal();
  const jobs = [
    createRefreshTokensJob(core, journal),
    createRevokeGrantsJob(core, journal),
    createCompleteErasuresJob(core, journal, { restMinMs: 0, restsPerPass: 0 }),
  ];

  const visit: Linked['visit'] = async (user, decision) => {
    const input = { user: { id: user.id }, provider: providerName, returnTo: 'page' } as const;
    const { connection, authUrl } = await startConnection(core, operator, input);
    return { connection, callback: await server.authorize(await begin(core, authUrl), decision) };
  };
  const comeBack: Linked['comeBack'] = async (callback) => {
    const outcome = await finishConnection(core, {
      door: 'connect',
      parameters: callback.searchParams,
      browser,
    });
    return outcome.kind;
  };
  const connectionOf: Linked['connectionOf'] = ({ id }) =>
    core.work.read(orgKey, (tx) => tx.connections.find(id));
  const revocations: Linked['revocations'] = () =>
    rows.all('revocations').map((row) => ({
      id: String(row['id']),
      connectionId: String(row['connection_id']),
      erasureId: row['erasure_id'] === null ? null : String(row['erasure_id']),
      state: row['state'] as Revocation['state'],
      outcome: row['outcome'] === null ? null : String(row['outcome']),
      unanswered: Number(row['unanswered']),
    }));
  async function work(): Promise<void> {
    for (const job of jobs) {
      while (await job.run()) await job.finish?.();
      await job.finish?.();
    }
  }

  return {
    ...{ deployment, core, server, proxy, operator, visit, comeBack, connectionOf, revocations, work },
    async connectUser() {
      const user = await deployment.addUser({ externalId: randomBytes(8).toString('hex') });
      const { connection, callback } = await visit(user);
      if ((await comeBack(callback)) !== 'connected') throw new Error('the user was not connected');
      return { user, connection };
    },
    async workOff(hours = 7 * 24) {
      for (let hour = 0; hour < hours; hour += 1) {
        await work();
        if (revocations().every(({ state }) => state !== 'pending' && state !== 'overdue')) return;
        clock.advance(hourMs);
      }
    },
    async abandonAll() {
      await core.work.change(orgKey, async (tx) => {
        for (const { id, state } of revocations()) {
          const revocation = await tx.revocations.find(id);
          if (revocation === null || (state !== 'pending' && state !== 'overdue')) continue;
          await tx.revocations.update(revocation, { state: 'abandoned', sealedGrant: null });
        }
      });
    },
    async close() {
      await deployment.close();
      await proxy.close();
      await server.close();
    },
  };
}
