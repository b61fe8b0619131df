/**
 * Sets the clock of the real program forward and back, for `npm run torture`: by 400 days and by a day, for a second, on SQLite
 * and on PostgreSQL. The server runs on, or is killed meanwhile and started again with the right clock. While the clock is
 * wrong, callers use up their limits, sign in with wrong passwords, sign up and are deleted. Afterwards no one may wait longer
 * than a minute, what was there before must work, and every deletion must get its receipt. The clock of the program alone is
 * changed, by libfaketime (Debian's package `faketime`); its durations run on. Takes three minutes.
 *
 *     node test/torture/clock.ts 1     on SQLite alone
 */
import { existsSync, globSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type ServerProcess, startRoster } from '../../bench/processes.ts';
import { openDirectory } from '../../src/app/open-directory.ts';
import { readConfig } from '../../src/config/config.ts';
import { createOrganization } from '../../src/core/directory/organization-lifecycle.ts';
import { createApiKey } from '../../src/core/keys/api-key-lifecycle.ts';
import { ensureProgram } from '../support/machine/program.ts';
import { createDatabase } from '../support/postgres/postgres.ts';

const minuteMs = 60_000;
const jumps = {
  '400 days forward': '+400d',
  'a day forward': '+1d',
  'a day back': '-1d',
  '400 days back': '-400d',
};
const signups = 3;
/** A pass of housekeeping comes each minute; a machine under load is late. */
const patienceMs = 3 * minuteMs;

interface Answer {
  readonly status: number;
  readonly waitMs: number;
  header(name: string): string;
  readonly body: Readonly<Record<string, unknown>>;
}

interface Asked {
  readonly from?: string;
  readonly session?: string;
  readonly bearer?: string;
  readonly json?: unknown;
}

/** One server, whose clock its own file sets. */
class Deployment {
  readonly faults: string[] = [];
  readonly #env: Readonly<Record<string, string>>;
  readonly #file: string;
  readonly #apiKey: string;
  #server: ServerProcess;

  constructor(parts: {
    env: Readonly<Record<string, string>>;
    file: string;
    apiKey: string;
    server: ServerProcess;
  }) {
    this.#env = parts.env;
    this.#file = parts.file;
    this.#apiKey = parts.apiKey;
    this.#server = parts.server;
  }

  static async open(
    folder: string,
    library: string,
    settings: Readonly<Record<string, string>>,
  ): Promise<Deployment> {
    const file = join(folder, 'clock');
    await writeFile(file, '+0');
    const own = {
      ...{ ROSTER_DATA_DIR: join(folder, 'data'), ROSTER_LOG_LEVEL: 'error' },
      ...{ ROSTER_LIMIT_SIGNUP: String(signups), ...settings },
    };
    const directory = await openDirectory(readConfig(own));
    const { organization } = await createOrganization(directory.core, 'torture', 'Default');
    const admin = { organization, role: 'admin', expiresAt: null } as const;
    const { apiKey } = await createApiKey(directory.core, 'torture', admin);
    await directory.close();
    const env = {
      ...own,
      ...{ LD_PRELOAD: library, FAKETIME_TIMESTAMP_FILE: file, FAKETIME_NO_CACHE: '1' },
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
    };
    return new Deployment({ env, file, apiKey, server: await startRoster({ env, apiKey }) });
  }

  set(text: string): Promise<void> {
    return writeFile(this.#file, text);
  }

  async killed(): Promise<void> {
    this.#server.child.kill('SIGKILL');
    await this.#server.stop();
  }

  async start(): Promise<void> {
    this.#server = await startRoster({ env: this.#env, apiKey: this.#apiKey });
  }

  stop(): Promise<void> {
    return this.#server.stop();
  }

  async ask(line: string, { from = '127.0.0.1', session, bearer, json }: Asked = {}): Promise<Answer> {
    const [method = '', path = ''] = line.split(' ');
    const response = await fetch(this.#server.url + path, {
      method,
      headers: {
        'x-forwarded-for': from,
        ...(session === undefined ? {} : { 'x-user-token': session }),
        ...(bearer === undefined ? {} : { authorization: `Bearer ${bearer}` }),
        ...(json === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(json === undefined ? {} : { body: JSON.stringify(json) }),
    });
    const text = await response.text();
    return {
      status: response.status,
      waitMs: Number(response.headers.get('retry-after') ?? 0) * 1_000,
      header: (name) => response.headers.get(name) ?? '',
      body: text.startsWith('{') ? JSON.parse(text) : {},
    };
  }

  erasure(id: string): Promise<Answer> {
    return this.ask(`GET /sonar/v1/erasures/${id}`, { bearer: this.#apiKey });
  }

  /** The id of the erasure. */
  async createAndDelete(): Promise<string> {
    const bearer = this.#apiKey;
    const made = await this.ask('POST /sonar/v1/users', { bearer, json: {} });
    const { id } = made.body['data'] as { readonly id: string };
    return (await this.ask(`DELETE /sonar/v1/users/${id}`, { bearer })).header('x-erasure-id');
  }

  check(isRight: boolean, what: string): void {
    if (!isRight) this.faults.push(what);
  }

  /** The call is answered with that status; before, each wait that an answer tells is a minute at most. */
  async free(what: string, status: number, call: () => Promise<Answer>): Promise<void> {
    const until = performance.now() + patienceMs;
    for (;;) {
      const answer = await call();
      if (answer.status === status) return;
      if (answer.waitMs > minuteMs) this.faults.push(`${what}: has to wait ${answer.waitMs} ms`);
      if (answer.waitMs > minuteMs || performance.now() > until) {
        this.faults.push(`${what}: ${answer.status}`);
        return;
      }
      await sleep(Math.max(1_000, answer.waitMs));
    }
  }
}

const password = 'a-quiet-harbour-41';
let people = 0;

function person() {
  people += 1;
  return { email: `person-${people}@example.com`, password, first_name: 'Ann', last_name: 'Lee' };
}

async function attempt(it: Deployment, jump: string, isKilled: boolean): Promise<void> {
  const join = (from: string, user = person()) => it.ask('POST /general/v1/users', { from, json: { user } });
  const [ann, bob] = [person(), person()];
  const before = await join('10.0.0.1', ann);
  const other = await join('10.0.0.2', bob);
  it.check(before.status === 201 && other.status === 201, 'the first sign-ups');
  const session = before.header('x-user-token');
  const signIn = (from: string, word: string) =>
    it.ask('POST /general/v1/sessions', { from, json: { email: ann.email, password: word } });
  const resend = (token: string) => it.ask('POST /general/v1/users/resend_confirmation', { session: token });

  await it.set(jump);
  const meanwhile: string[] = [];
  const erasures: string[] = [];
  for (let each = 0; each < signups; each += 1) {
    const made = await join('10.0.0.3');
    it.check(made.status === 201, 'a sign-up meanwhile');
    meanwhile.push(made.header('x-user-token'));
  }
  it.check((await join('10.0.0.3')).status === 429, 'the limit of sign-ups meanwhile');
  for (let each = 0; each < 7; each += 1) await signIn('10.0.0.4', 'a wrong password');
  await it.ask('POST /general/v1/users/passwords', { from: '10.0.0.5', json: { email: ann.email } });
  for (let each = 0; each < 2; each += 1) erasures.push(await it.createAndDelete());
  if (isKilled) await it.killed();
  await it.set('+0');
  if (isKilled) await it.start();

  it.check(
    erasures.every((id) => id.startsWith('era_')),
    'the deletions meanwhile',
  );
  const status = async (token: string) => (await it.ask('GET /general/v1/users', { session: token })).status;
  it.check((await status(session)) === 200, 'a session from before');
  if (!jump.startsWith('-')) it.check((await status(meanwhile[0] ?? '')) === 200, 'a session from meanwhile');
  await Promise.all([
    it.free('a sign-up', 201, () => join('10.0.0.3')),
    it.free('a sign-in', 201, () => signIn('10.0.0.4', password)),
    it.free('a code', 200, () => resend(session)),
    ...erasures.map((id) =>
      it.free('a receipt', 200, async () => {
        const found = await it.erasure(id);
        const state = (found.body['data'] as { state?: string } | undefined)?.state;
        return state === 'complete' ? found : { ...found, status: 0 };
      }),
    ),
  ]);
}

const isOnSqliteAlone = process.argv[2] === '1';
ensureProgram({ name: 'faketime', places: ['/usr/bin/faketime'] });
const [library = ''] = globSync('/usr/lib/*/faketime/libfaketimeMT.so.1');
if (!existsSync(library)) throw new Error('the package faketime has no library');

const cases = ['SQLite', ...(isOnSqliteAlone ? [] : ['PostgreSQL'])].flatMap((database) =>
  [false, true].map((isKilled) => ({ database, isKilled })),
);
for (const { database, isKilled } of cases) {
  const runs = Object.entries(jumps).map(async ([title, jump]) => {
    const folder = await mkdtemp(join(tmpdir(), 'roster-torture-'));
    const own = database === 'PostgreSQL' ? await createDatabase() : null;
    const it = await Deployment.open(folder, library, own === null ? {} : { DATABASE_URL: own.url });
    try {
      await attempt(it, jump, isKilled);
    } finally {
      await it.stop();
      await own?.drop();
      await rm(folder, { recursive: true, force: true });
    }
    if (it.faults.length > 0) process.exitCode = 1;
    const how = isKilled ? ', killed meanwhile' : '';
    process.stdout.write(
      `${it.faults.length > 0 ? 'FAILS ' : 'kept  '} ${title}${how}, ${database}: ${it.faults.join('; ') || 'nothing waits'}\n`,
    );
  });
  await Promise.all(runs);
}
