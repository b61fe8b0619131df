/**
 * Sixteen writers of all kinds. Each makes one change after the other and repeats a refused one until it is acknowledged,
 * with the same `Idempotency-Key` where the contract has it. So in the end every change is settled: what is there is known exactly.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Directory } from '../../src/app/open-directory.ts';
import { type MessageContent, messageContext } from '../../src/core/messaging/message.ts';

/** What the writers have been promised. */
export interface Promised {
  /** By user: the reference that the last acknowledged change gave. */
  readonly users: Map<string, string>;
  readonly deleted: Set<string>;
  /** Tokens of acknowledged sign-ins, with the number of the user. */
  readonly sessions: { readonly token: string; readonly number: number }[];
  /** Users who were acknowledged as confirmed. */
  readonly confirmed: { readonly number: number; readonly session: string; readonly code: string }[];
  /** By import: its rows. */
  readonly imports: Map<string, number>;
  /** Accounts that exist apart from the users above. */
  accounts: number;
  /** Answers that no fault explains, without data. */
  readonly wrong: string[];
  /** When a change was acknowledged, by server, on the clock of `performance`. */
  readonly acknowledged: readonly number[][];
  refused: number;
  lost: number;
}

export interface Writers {
  readonly promised: Promised;
  stop(): Promise<void>;
}

export interface WriterOptions {
  /** Where the servers are now; null while one is restarted. */
  readonly urls: readonly (string | null)[];
  readonly bearer: string;
  /** For the codes in the messages. */
  readonly directory: Directory;
  /** Imports rows under a name, from where the last try ended; resolves to what the command said if it failed, else to null. */
  runImport(name: string, rows: number): Promise<string | null>;
}

interface Answer {
  readonly status: number;
  readonly text: string;
  readonly headers: Headers;
}

interface Call {
  readonly method: string;
  readonly path: string;
  readonly json?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

const pauseMs = 100;
/** A repeated request waits as long as a careful client does. */
const repeatMs = 250;
const answerMaxMs = 60_000;
const importRows = 40;
/** Longer than the outages of two faults that follow each other. */
const importMaxMs = 120_000;
const password = 'securepassword123';

export function startWriters(options: WriterOptions): Writers {
  const promised: Promised = {
    users: new Map(),
    deleted: new Set(),
    sessions: [],
    confirmed: [],
    imports: new Map(),
    accounts: 0,
    wrong: [],
    acknowledged: options.urls.map(() => []),
    refused: 0,
    lost: 0,
  };
  let isStopped = false;
  const each = (at: number): Writer => new Writer(options, promised, at % options.urls.length);
  const kinds: ((writer: Writer) => Promise<unknown>)[] = [
    ...Array.from({ length: 6 }, () => create),
    ...Array.from({ length: 3 }, () => update),
    ...Array.from({ length: 3 }, () => remove),
    signIn,
    confirm,
    confirm,
    (writer) => importBatch(writer, options),
  ];
  const running = kinds.map(async (kind, at) => {
    const writer = each(at);
    while (!isStopped) {
      try {
        await kind(writer);
      } catch (error) {
        if (!(error instanceof WrongAnswerError)) throw error;
      }
      await sleep(pauseMs);
    }
  });
  return {
    promised,
    async stop() {
      isStopped = true;
      await Promise.all(running);
    },
  };
}

/** No fault explains the answer. The writer goes on with another change. */
class WrongAnswerError extends Error {
  override readonly name = 'WrongAnswerError';
}

class Writer {
  readonly promised: Promised;
  readonly options: WriterOptions;
  readonly #server: number;

  constructor(options: WriterOptions, promised: Promised, server: number) {
    this.options = options;
    this.promised = promised;
    this.#server = server;
  }

  /** Sends the call until it has an answer that is no refusal. */
  async settle(call: Call, expected: readonly number[]): Promise<Answer> {
    for (;;) {
      const answer = await this.#send(call);
      if (answer !== null && expected.includes(answer.status)) {
        this.promised.acknowledged[this.#server]?.push(performance.now());
        return answer;
      }
      if (answer === null) this.promised.lost += 1;
      else if (answer.status === 503) {
        this.promised.refused += 1;
        if (!/^[1-9]\d*$/.test(answer.headers.get('retry-after') ?? ''))
          this.#complain(call, '503 without Retry-After');
      } else if (answer.status !== 409 || !answer.text.includes('idempotency_in_progress')) {
        this.#complain(call, `${answer.status} ${answer.text.slice(0, 200)}`);
        throw new WrongAnswerError();
      }
      await sleep(repeatMs);
    }
  }

  async #send({ method, path, json, headers = {} }: Call): Promise<Answer | null> {
    const url = this.options.urls[this.#server] ?? null;
    if (url === null) return null;
    try {
      const answer = await fetch(`${url}${path}`, {
        method,
        headers: {
          authorization: `Bearer ${this.options.bearer}`,
          ...(json === undefined ? {} : { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(json === undefined ? {} : { body: JSON.stringify(json) }),
        signal: AbortSignal.timeout(answerMaxMs),
      });
      return { status: answer.status, text: await answer.text(), headers: answer.headers };
    } catch (error) {
      if (error instanceof Error && error.name === 'TimeoutError')
        this.#complain({ method, path }, 'no answer in time');
      return null;
    }
  }

  #complain({ method, path }: Call, what: string): void {
    this.promised.wrong.push(`${method} ${path.replaceAll(/\d+|usr_\w+/g, '…')}: ${what}`);
  }
}

async function create(writer: Writer): Promise<string> {
  const reference = crypto.randomUUID();
  const answer = await writer.settle(
    {
      method: 'POST',
      path: '/sonar/v1/users',
      json: { reference_id: reference },
      headers: { 'Idempotency-Key': crypto.randomUUID() },
    },
    [201],
  );
  const body: { data: { id: string } } = JSON.parse(answer.text);
  if (writer.promised.users.has(body.data.id)) writer.promised.wrong.push('POST: one user for two keys');
  writer.promised.users.set(body.data.id, reference);
  return body.data.id;
}

async function update(writer: Writer): Promise<void> {
  const id = await create(writer);
  for (let times = 0; times < 3; times += 1) {
    const reference = crypto.randomUUID();
    await writer.settle(
      { method: 'PATCH', path: `/sonar/v1/users/${id}`, json: { reference_id: reference } },
      [200],
    );
    writer.promised.users.set(id, reference);
  }
}

async function remove(writer: Writer): Promise<void> {
  const id = await create(writer);
  await writer.settle({ method: 'DELETE', path: `/sonar/v1/users/${id}` }, [204, 404]);
  writer.promised.users.delete(id);
  writer.promised.deleted.add(id);
}

interface Account {
  readonly email: string;
  readonly number: number;
  readonly session: string;
}

async function signUp(writer: Writer): Promise<Account> {
  const email = `${crypto.randomUUID()}@example.com`;
  const user = { email, password, first_name: 'John', last_name: 'Doe' };
  // A sign-up has no Idempotency-Key: after a lost answer the email is taken, and signing in gives the session.
  const made = await writer.settle(
    { method: 'POST', path: '/general/v1/users', json: { user } },
    [201, 409, 422],
  );
  writer.promised.accounts += 1;
  if (made.status === 201) {
    const body: { id: number } = JSON.parse(made.text);
    return { email, number: body.id, session: made.headers.get('x-user-token') ?? '' };
  }
  return { email, ...(await startSession(writer, email)) };
}

async function startSession(writer: Writer, email: string): Promise<Omit<Account, 'email'>> {
  const answer = await writer.settle(
    { method: 'POST', path: '/general/v1/sessions', json: { email, password } },
    [201],
  );
  const body: { token: string; user: { id: number } } = JSON.parse(answer.text);
  return { number: body.user.id, session: body.token };
}

async function signIn(writer: Writer): Promise<void> {
  const { email } = await signUp(writer);
  for (let times = 0; times < 3; times += 1) {
    const { number, session } = await startSession(writer, email);
    writer.promised.sessions.push({ number, token: session });
  }
}

async function confirm(writer: Writer): Promise<void> {
  const { email, number, session } = await signUp(writer);
  const code = await codeOf(writer.options.directory, email);
  if (code === null) return;
  // A code that was spent in a try without an answer is refused in the next one.
  const json = { user_id: number, confirmation_code: code };
  await writer.settle({ method: 'POST', path: '/general/v1/users/confirmation', json }, [200, 401]);
  writer.promised.confirmed.push({ number, session, code });
}

/** The code in the newest message to an address; null where the database does not tell it in time. */
async function codeOf({ core }: Directory, to: string): Promise<string | null> {
  for (let tries = 0; tries < 200; tries += 1) {
    try {
      const messages = await core.work.readSystem('operator', (tx) => tx.messages.listWithContent(100));
      for (const message of messages) {
        const content: MessageContent = JSON.parse(
          core.secrets.open(message.sealedContent ?? '', messageContext(message)),
        );
        if (content.to === to && content.code !== undefined) return content.code;
      }
    } catch {
      // The database is away.
    }
    await sleep(repeatMs);
  }
  return null;
}

async function importBatch({ promised }: Writer, { runImport }: WriterOptions): Promise<void> {
  const name = `import-${crypto.randomUUID()}`;
  const begun = performance.now();
  for (;;) {
    const fault = await runImport(name, importRows);
    if (fault === null) break;
    if (performance.now() - begun > importMaxMs) {
      promised.wrong.push(`an import does not come to its end: ${fault}`);
      throw new WrongAnswerError();
    }
    await sleep(repeatMs);
  }
  promised.imports.set(name, importRows);
  await sleep(2_000);
}
