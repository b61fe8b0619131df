/**
 * Measures, for `npm run torture`, whether the time of an answer tells that an address has an account, with
 * `ROSTER_TELL_ACCOUNTS=off`: Welch's t of each kind of call, known against unknown, must stay below 4.5. Starts one server on
 * loopback, and stops by itself.
 *
 *     npm run torture -- account-times         100,000 pairs of calls that hash nothing, 5,000 of those that hash
 *     npm run torture -- account-times 1000    1,000 pairs, and 50
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { startQuietServer } from '../attacks/support/quiet-server.ts';
import { compareTimes } from './welch.ts';

const pairs = Number(process.argv[2] ?? 100_000);
if (!Number.isSafeInteger(pairs) || pairs < 20) throw new Error('the number of pairs must be 20 or more');
const hashingPairs = Math.ceil(pairs / 20);
const tMax = 4.5;

const server = await startQuietServer({ ROSTER_TELL_ACCOUNTS: 'off' });
const passwordHash = await server.core.hasher.hash('securepassword123');
const proved = { passwordHash, emailProvedAt: 1, confirmedAt: 1 };
let failures = 0;
let made = 0;

async function send(path: string, json: object): Promise<void> {
  const headers = { 'content-type': 'application/json' };
  const reply = await fetch(`${server.origin}${path}`, {
    method: 'POST',
    headers,
    body: JSON.stringify(json),
  });
  await reply.arrayBuffer();
}

async function timeOf(call: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  await call();
  return performance.now() - startedAt;
}

/** An address that no call has named yet, with or without an account. */
async function newAddress(isKnown: boolean): Promise<string> {
  made += 1;
  const email = `person-${String(made).padStart(8, '0')}@example.com`;
  // An account of another address in place of this one, so that both kinds are preceded by the same writes.
  await server.addUser({ ...proved, email: isKnown ? email : `other-${email}` });
  return email;
}

async function measure(
  name: string,
  count: number,
  call: (isKnown: boolean) => Promise<number>,
): Promise<void> {
  const { t, one, other } = await compareTimes(
    count,
    () => call(true),
    () => call(false),
  );
  const isAlike = Math.abs(t) < tMax;
  if (!isAlike) failures += 1;
  const means = `${one.toFixed(3)} ms known, ${other.toFixed(3)} ms unknown`;
  const verdict = isAlike ? 'alike ' : 'TELLS ';
  process.stdout.write(`${verdict} t = ${t.toFixed(2)}  ${name}: ${count} pairs, ${means}\n`);
}

/** A call to one address of its kind, again and again, an hour apart. */
function repeated(path: string, body: (email: string) => object): (isKnown: boolean) => Promise<number> {
  const addresses = new Map<boolean, Promise<string>>();
  return async (isKnown) => {
    const address = addresses.get(isKnown) ?? newAddress(isKnown);
    addresses.set(isKnown, address);
    const json = body(await address);
    server.clock.advance(3_600_000);
    return timeOf(() => send(path, json));
  };
}

const general = '/general/v1';
try {
  await measure(
    'email_has_account',
    pairs,
    repeated(`${general}/users/email_has_account`, (email) => ({ email })),
  );
  await measure(
    'request for a reset link',
    pairs,
    repeated(`${general}/users/passwords`, (email) => ({ email })),
  );
  // What another request sees while the jobs answer: it is sent 1 ms after the answer to the request for the link.
  await measure('neighbour of a reset', Math.ceil(pairs / 10), async (isKnown) => {
    const email = await newAddress(isKnown);
    await server.runJobs();
    await send(`${general}/users/passwords`, { email });
    const jobs = server.runJobs();
    await sleep(1);
    const time = await timeOf(() => send(`${general}/users/email_has_account`, { email: 'x@example.com' }));
    await jobs;
    return time;
  });
  await measure(
    'sign-in with a wrong password',
    hashingPairs,
    repeated(`${general}/sessions`, (email) => ({ email, password: 'not the password' })),
  );
  const person = {
    password: 'securepassword123',
    first_name: 'Ann',
    last_name: 'Lee',
    phone: '+15552009999',
  };
  await measure('sign-up', hashingPairs, async (isKnown) => {
    const email = await newAddress(isKnown);
    return timeOf(() => send(`${general}/users`, { user: { ...person, email } }));
  });
} finally {
  await server.close();
}
if (failures > 0) process.exitCode = 1;
