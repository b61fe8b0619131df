/**
 * Floods the queue of passwords from one network, for `npm run torture`, with sign-ins for addresses without an account. A person
 * on another network signs in meanwhile: each sign-in succeeds. Starts one server on loopback, and stops by itself.
 *
 *     npm run torture -- password-flood 10     for ten seconds
 */
import { Agent, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { startQuietServer } from '../attacks/support/quiet-server.ts';

const seconds = Number(process.argv[2] ?? 10);
const flooders = 300;
const pauseMs = 200;
const password = 'securepassword123';

const server = await startQuietServer({ ROSTER_TRUSTED_PROXIES: '127.0.0.1' });
const passwordHash = await server.core.hasher.hash(password);
await server.addUser({ email: 'jane@example.com', passwordHash, emailProvedAt: 1, confirmedAt: 1 });

/** A connection of its own, so that the person does not wait for the flood to connect. */
const ownConnection = new Agent({ keepAlive: true, maxSockets: 1 });

function signIn(agent: Agent, network: string, email: string, typed: string): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const headers = { 'content-type': 'application/json', 'x-forwarded-for': network };
  const sent = request(`${server.origin}/general/v1/sessions`, { method: 'POST', headers, agent });
  sent.on('error', reject).on('response', (answer) => {
    answer.resume().on('end', () => resolve(answer.statusCode ?? 0));
  });
  sent.end(JSON.stringify({ email, password: typed }));
  return promise;
}

const until = performance.now() + seconds * 1_000;
const flood = new Map<number, number>();
async function floodOn(): Promise<void> {
  const agent = new Agent({ keepAlive: true });
  while (performance.now() < until) {
    const email = `${crypto.randomUUID()}@example.com`;
    const status = await signIn(agent, '192.0.2.1', email, 'a wrong one');
    flood.set(status, (flood.get(status) ?? 0) + 1);
  }
  agent.destroy();
}

const times: number[] = [];
let refused = 0;
async function signInOn(): Promise<void> {
  while (performance.now() < until) {
    const startedAt = performance.now();
    const status = await signIn(ownConnection, '198.51.100.7', 'jane@example.com', password);
    if (status !== 201) refused += 1;
    times.push(performance.now() - startedAt);
    await sleep(pauseMs);
  }
}

await signIn(ownConnection, '198.51.100.7', 'jane@example.com', password);
await Promise.all([...Array.from({ length: flooders }, floodOn), signInOn()]);
ownConnection.destroy();
await server.close();

const counts = [...flood].map(([status, count]) => `${count} times ${status}`).join(', ');
process.stdout.write(`the flood got ${counts}\n`);
process.stdout.write(
  `${times.length} sign-ins of a person, ${refused} refused, ${Math.round(Math.max(...times))} ms at most\n`,
);
if (refused > 0) process.exitCode = 1;
