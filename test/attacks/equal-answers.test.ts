/**
 * With `ROSTER_TELL_ACCOUNTS=off`, what a stranger gets is equal for every state of an account, and for none: status, body,
 * names of headers, and the work of the server in password hashes, statements, commits, composed messages and seals.
 */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { NewUser } from '../../src/core/directory/user.ts';
import { type QuietServer, startQuietServer, type Work } from './support/quiet-server.ts';

const password = 'securepassword123';
const passwords = { wrong: 'another-password-1', empty: '', huge: 'long '.repeat(20_000) };

/** The addresses have one length, so that bodies can be compared. */
const states = [
  'unknown',
  'pending',
  'active',
  'inactive',
  'keyless',
  'invited',
  'unproved',
  'claimed',
] as const;
type State = (typeof states)[number];

const addressOf = (state: string): string => spellings.get(state) ?? `${state.padEnd(10, '-')}@example.com`;

/** The domain in the other spelling than the account has, and one without an account. */
const spellings: ReadonlyMap<string, string> = new Map([
  ['label', 'ana@xn--bcher-kva.example'],
  ['no label', 'ana@xn--bchen-kva.example'],
  ['unicode', 'Bob@Bücher.example'],
  ['no unicode', 'Bob@Büchen.example'],
]);

interface Answer {
  readonly status: number;
  readonly text: string;
  readonly headers: readonly string[];
}

interface Seen extends Answer {
  readonly work: Work;
  /** The work of the jobs after the answer. */
  readonly later: Work;
}

describe('a stranger gets equal answers and equal work', () => {
  let server: QuietServer;
  /** A free account of the stranger. */
  let session: string;
  let own: number;
  const numbers = new Map<string, number>();

  before(async () => {
    server = await startQuietServer({ ROSTER_TELL_ACCOUNTS: 'off' }, { isCheap: true });
    const passwordHash = await server.core.hasher.hash(password);
    const proved = { passwordHash, emailProvedAt: 1, confirmedAt: 1 };
    const users: Partial<Record<State, Partial<NewUser>>> = {
      pending: { passwordHash, status: 'pending', emailProvedAt: 1 },
      active: proved,
      inactive: { ...proved, status: 'inactive' },
      keyless: { emailProvedAt: 1 },
      invited: { status: 'pending', role: 'member' },
      unproved: { passwordHash },
      claimed: { passwordHash, status: 'pending', isSelfRegistered: true },
    };
    for (const [state, values] of Object.entries(users)) {
      numbers.set(state, (await server.addUser({ email: addressOf(state), ...values })).number);
    }
    for (const state of ['locked', 'unlocked']) {
      numbers.set(state, (await server.addUser({ email: addressOf(state), ...proved })).number);
    }
    const signedUp = await send('POST /v1/users', signUpOf(addressOf('stranger'), password));
    session = signedUp.token;
    own = JSON.parse(signedUp.text).id;
    // Caches fill at the first call of each kind.
    await send('POST /v1/sessions', { email: addressOf('unlocked'), password: 'wrong' });
    await send('POST /v1/users/passwords', { email: addressOf('nobody') });
    await server.runJobs();
  });
  after(() => server.close());

  const signUpOf = (email: string, chosen: string) => ({
    user: { email, password: chosen, first_name: 'Ann', last_name: 'Lee', phone: '+15552009999' },
  });

  async function send(
    line: string,
    json?: object,
    token?: string,
    contract = 'general',
  ): Promise<Answer & { token: string }> {
    const [method = '', path = ''] = line.split(' ');
    const reply = await fetch(`${server.origin}/${contract}${path}`, {
      method,
      headers: {
        'content-type': 'application/json',
        ...(token === undefined ? {} : { 'x-user-token': token, authorization: `Bearer ${token}` }),
      },
      ...(json === undefined ? {} : { body: JSON.stringify(json) }),
    });
    const text = await reply.text();
    return {
      status: reply.status,
      text,
      headers: [...reply.headers.keys()].sort(),
      token: reply.headers.get('x-user-token') ?? '',
    };
  }

  /** One call for a state. Its address, and each number of a user, are masked. */
  async function look(state: string, call: () => Promise<Answer>): Promise<Seen> {
    server.counters.take();
    const { status, text, headers } = await call();
    const work = server.counters.take();
    await server.runJobs();
    const later = server.counters.take();
    const masked = text.replaceAll(addressOf(state), 'ADDRESS').replaceAll(/\b\d{6,}\b/g, 'NUMBER');
    return { status, text: masked, headers, work, later };
  }

  async function compare(
    all: readonly string[],
    call: (state: string, email: string) => Promise<Answer>,
  ): Promise<Seen> {
    const [first = '', ...others] = all;
    const expected = await look(first, () => call(first, addressOf(first)));
    for (const state of others) {
      assert.deepEqual(await look(state, () => call(state, addressOf(state))), expected, state);
    }
    return expected;
  }

  for (const [name, typed] of Object.entries(passwords)) {
    test(`of a sign-in with a password that is ${name}`, async () => {
      const seen = await compare(states, (_, email) => send('POST /v1/sessions', { email, password: typed }));
      assert.deepEqual([seen.status, seen.work.hashes], name === 'empty' ? [422, 0] : [401, 1]);
    });

    test(`of a sign-up with a password that is ${name}`, async () => {
      const seen = await compare(states, (_, email) => send('POST /v1/users', signUpOf(email, typed)));
      assert.deepEqual([seen.status, seen.work.hashes], name === 'wrong' ? [201, 1] : [422, 0]);
    });

    test(`of a sign-in after five wrong ones, with a password that is ${name}`, async () => {
      const [one, other] = [`gone-${name}`, 'locked'];
      for (let tries = 0; tries < 6; tries += 1) {
        for (const email of [addressOf(one), addressOf(other)]) {
          await send('POST /v1/sessions', { email, password: 'wrong' });
        }
      }
      const seen = await compare([one, other], (_, email) =>
        send('POST /v1/sessions', { email, password: typed }),
      );
      assert.equal(seen.status, name === 'empty' ? 422 : 429);
      server.clock.advance(3_600_000);
    });
  }

  test('of a request for a reset link, also in what the jobs do afterwards', async () => {
    // Those who may get a link, and those who may not.
    const seen = await compare(states, (_, email) => send('POST /v1/users/passwords', { email }));
    assert.deepEqual([seen.status, seen.work.commits], [200, 2]);
    assert.deepEqual([seen.later.commits, seen.later.messages, seen.later.seals], [3, 1, 3]);
    // Of an address without an account nothing stays.
    const left = await server.core.work.readSystem('operator', (tx) => tx.messages.summarize());
    assert.equal(left.queued, 0);
    // The second one within a minute sends nothing, for all alike.
    await compare(states, (_, email) => send('POST /v1/users/passwords', { user: { email } }));
  });

  test('of a sign-up, a reset and a sign-in with another spelling of an international address', async () => {
    for (const email of ['ana@bücher.example', 'bob@xn--bcher-kva.example']) {
      await server.addUser({ email, emailProvedAt: 1, confirmedAt: 1 });
    }
    for (const states of [
      ['label', 'no label'],
      ['unicode', 'no unicode'],
    ]) {
      for (const [line, status, body] of [
        ['POST /v1/users', 201, (email: string) => signUpOf(email, passwords.wrong)],
        ['POST /v1/users/passwords', 200, (email: string) => ({ email })],
        ['POST /v1/sessions', 401, (email: string) => ({ email, password: passwords.wrong })],
        ['POST /v1/users/email_has_account', 200, (email: string) => ({ email })],
      ] as const) {
        const seen = await compare(states, (_, email) => send(line, body(email)));
        assert.equal(seen.status, status, line);
      }
    }
  });

  test('of the question whether an address has an account', async () => {
    const seen = await compare(states, (_, email) => send('POST /v1/users/email_has_account', { email }));
    assert.equal(seen.text, '{"has_account":false}');
  });

  test('of a code for the number of a user', async () => {
    const seen = await compare(['unknown', ...numbers.keys()], (state) =>
      send('POST /v1/users/confirmation', {
        user_id: numbers.get(state) ?? 4711,
        confirmation_code: '000000',
      }),
    );
    assert.equal(seen.status, 401);
  });

  test('of calls with a free session on other users', async () => {
    // The use of a session is noted once a minute.
    await send('GET /v1/users', undefined, session);
    for (const [line, status] of [
      ['GET /v1/users/ID', 404],
      ['PUT /v1/users/ID', 404],
      ['POST /v1/users/ID/cancel', 404],
      ['DELETE /v1/users/ID', 403],
      ['POST /v1/users/ID/approve_clinical', 403],
    ] as const) {
      const seen = await compare(['unknown', ...numbers.keys()], (state) => {
        const number = numbers.get(state) ?? 4711;
        const json = line.startsWith('PUT') ? { user: { first_name: 'Eve' } } : undefined;
        return send(line.replace('ID', String(number)), json, session);
      });
      assert.equal(seen.status, status, line);
    }
  });

  test('of a further code, and of a confirmation, for a sign-up without a phone', async () => {
    const sessions = new Map<string, string>();
    const person = { password, first_name: 'Ann', last_name: 'Lee' };
    for (const state of states) {
      const signedUp = await send('POST /v1/users', { user: { ...person, email: addressOf(state) } });
      sessions.set(state, signedUp.token);
    }
    server.clock.advance(120_000);
    for (const token of sessions.values()) await send('GET /v1/users', undefined, token);
    await server.runJobs();
    const seen = await compare(states, (state) =>
      send('POST /v1/users/resend_confirmation', {}, sessions.get(state)),
    );
    assert.equal(seen.status, 200, seen.text);
    const own = await compare(states, (state) => send('GET /v1/users', undefined, sessions.get(state)));
    assert.match(own.text, /ADDRESS/);
  });

  test('of an invitation by a free account', async () => {
    await send('GET /v1/users', undefined, session);
    const seen = await compare(states, (_, email) => {
      const json = { email, name: 'Ann Lee', role: 'member' };
      return send('POST /api/v1/users', json, session, 'organization');
    });
    assert.equal(seen.status, 403);
  });

  test('of a new email of a free account, before and after it has proved its own', async () => {
    await compareNewEmails();
    const { orgKey, core } = server;
    await core.work.change(orgKey, async (tx) => {
      const user = await tx.users.lock({ number: own });
      assert.ok(user !== null);
      const email = addressOf('proved');
      await tx.users.update(user, { email, emailProvedAt: 1, requestedEmail: null, emailRequestedAt: null });
    });
    await compareNewEmails();
  });

  async function compareNewEmails(): Promise<void> {
    const seen: Seen[] = [];
    for (const state of states) {
      // Each from an hour of its own, because such changes are counted.
      server.clock.advance(3_600_000);
      const { text, ...rest } = await look(state, () =>
        send(
          `PUT /v1/users/${own}`,
          { user: { email: addressOf(state), current_password: password } },
          session,
        ),
      );
      seen.push({ ...rest, text: text.replaceAll(/"updated_at":"[^"]+"/g, 'TIME') });
    }
    for (const each of seen) assert.deepEqual(each, seen[0]);
    assert.equal(seen[0]?.status, 200);
  }
});
