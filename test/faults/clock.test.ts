/**
 * The clock of the machine jumps and comes back. What was written meanwhile waits no longer than its own time, seen from now;
 * what was written before is still there. Each jump is tried with the server running on, and with a start after it.
 */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, describe, test } from 'node:test';
import { idempotencyLifeMs } from '../../src/core/access/idempotency-store.ts';
import { passwordLeaseMs } from '../../src/core/access/password-change.ts';
import { sessionIdleMs } from '../../src/core/access/session.ts';
import { guessesLeft } from '../../src/core/access/throttle.ts';
import { ClockWatch, steadyAfterMs } from '../../src/core/clock-watch.ts';
import { erasureLeaseMs, userDigestOf } from '../../src/core/erasure/erasure.ts';
import { newDatedId, newUserId } from '../../src/core/ids.ts';
import { dayMs, hourMs, minuteMs, secondMs, toSecondText } from '../../src/core/time.ts';
import { codeLifeMs } from '../../src/core/verification/confirmation-code.ts';
import { passwordTokenLifeMs } from '../../src/core/verification/password-token.ts';
import { createEndEmailRequestsJob } from '../../src/jobs/end-email-requests.ts';
import { createHousekeepingJob } from '../../src/jobs/housekeeping.ts';
import {
  goodPassword,
  signInStatus,
  signUp,
  signUpBody,
  tokenOf,
  wrongCode,
} from '../contracts/general/sign-up.ts';
import { createTestJournal } from '../jobs/deployment.ts';
import { addPerson, bareId } from '../support/contracts/people.ts';
import { createFakeClock, steady } from '../support/server/clock.ts';
import type { Reply } from '../support/server/http.ts';
import { type Roster, startRoster, type Tenant } from '../support/server/start.ts';

const path = '/general/v1/users';
const signupsMax = 3;

const forward = { '400 days forward': 400 * dayMs, 'a day forward': dayMs };
const back = { '400 days back': -400 * dayMs, 'a day back': -dayMs };

for (const isRestarted of [false, true]) {
  describe(isRestarted ? 'a jump of the clock, and a start after it' : 'a jump of the clock', () => {
    const clock = createFakeClock();
    let folder: string;
    let roster: Roster;
    let tenant: Tenant;
    let addresses = 0;

    before(async () => {
      folder = await mkdtemp(join(tmpdir(), 'roster-clock-'));
      roster = await start();
      // A start adds another one.
      tenant = roster.organization;
    });
    after(async () => {
      await roster.close();
      await rm(folder, { recursive: true, force: true });
    });
    afterEach(() => clock.advance(hourMs));

    const start = (): Promise<Roster> =>
      startRoster({
        ...{ folder, clock },
        env: { ROSTER_LIMIT_SIGNUP: String(signupsMax), ROSTER_TRUSTED_PROXIES: '127.0.0.1' },
      });

    /** Does the work while the clock is wrong by `jumpMs`; afterwards the clock is right again. */
    async function meanwhile<T>(jumpMs: number, work: () => Promise<T>): Promise<T> {
      clock.jump(jumpMs);
      const result = await work();
      clock.jump(-jumpMs);
      if (isRestarted) {
        await roster.close();
        roster = await start();
      }
      return result;
    }

    /** The pass that housekeeping makes each minute, with a clock that has been right for long. */
    const housekeep = async (): Promise<void> => {
      const job = createHousekeepingJob(roster.core, createTestJournal(), steady);
      while (await job.run());
    };

    /** Each caller has a network of its own. */
    const ask = () => {
      addresses += 1;
      return { headers: { 'x-forwarded-for': `203.${addresses >> 8}.${addresses & 255}.7` } };
    };
    const join_ = () => signUp(roster, {}, { ask: ask() });
    const resend = (session: string): Promise<Reply> =>
      roster.call(`POST ${path}/resend_confirmation`, { session });
    const tokenIsValid = async (token: string): Promise<boolean> =>
      (await roster.call(`GET ${path}/passwords/validate?token=${encodeURIComponent(token)}`)).status === 200;
    const sessionStatus = async (session: string): Promise<number> =>
      (await roster.call('GET /general/v1/users', { session })).status;

    /** Either nothing waits, or at most so long, and then no more. */
    async function assertFree(what: () => Promise<Reply>, longestMs: number, right: number): Promise<void> {
      const reply = await what();
      if (reply.status === right) return;
      assert.equal(reply.status, 429, reply.text);
      const waitMs = Number(reply.header('retry-after')) * secondMs;
      assert.ok(waitMs <= longestMs, `waits ${waitMs} ms`);
      await housekeep();
      clock.advance(longestMs);
      assert.equal((await what()).status, right);
    }

    for (const [title, jumpMs] of Object.entries(forward)) {
      test(`${title}: a network that used up its sign-ups meanwhile waits a minute at most`, async () => {
        const own = ask();
        const call = () => roster.call(`POST ${path}`, { json: signUpBody(), ...own });
        await meanwhile(jumpMs, async () => {
          for (let each = 0; each < signupsMax; each += 1) assert.equal((await call()).status, 201);
          assert.equal((await call()).status, 429);
        });
        await assertFree(call, minuteMs, 201);
        await housekeep();
        clock.advance(minuteMs);
        for (let each = 0; each < signupsMax; each += 1) assert.equal((await call()).status, 201);
        assert.equal((await call()).status, 429);
      });

      test(`${title}: a person who got a code meanwhile gets another one after a minute at most`, async () => {
        const { session } = await meanwhile(jumpMs, join_);
        await assertFree(() => resend(session), minuteMs, 200);
      });

      test(`${title}: wrong passwords meanwhile delay the right one by a minute at most`, async () => {
        const { email } = await join_();
        const own = ask();
        const signIn = (password: string) =>
          roster.call('POST /general/v1/sessions', { json: { email, password }, ...own });
        await meanwhile(jumpMs, async () => {
          for (let each = 0; each < 12; each += 1) {
            await signIn('a wrong password');
            clock.advance(minuteMs);
          }
          await signIn('a wrong password');
        });
        await assertFree(() => signIn(goodPassword), minuteMs, 201);
      });

      test(`${title}: wrong passwords from unknown networks meanwhile block others for their window at most`, async () => {
        const { email } = await join_();
        const { core } = roster;
        const { guessQuota } = core.policy;
        const tries = (count: number) =>
          core.work.change(tenant.key, async (tx) => {
            const subject = core.secrets.keyedDigest('none', email);
            for (let each = 0; each < count; each += 1) {
              const from = { network: `n${each}`, group: 'unknown' } as const;
              await tx.throttles.addFailure(
                subject,
                from,
                clock.now(),
                guessQuota.windowMs / guessQuota.limit,
              );
            }
            return subject;
          });
        const subject = await meanwhile(jumpMs, () => tries(guessQuota.limit));
        const waitsMs = async (): Promise<number> => {
          const failures = await roster.core.work.read(tenant.key, (tx) =>
            tx.throttles.findFailures(subject, 'n'),
          );
          const left = guessesLeft(failures.unknown, guessQuota, clock.now());
          return left >= 1 ? 0 : (1 - left) * (guessQuota.windowMs / guessQuota.limit);
        };
        assert.ok((await waitsMs()) <= guessQuota.windowMs);
        await housekeep();
        clock.advance(guessQuota.windowMs);
        assert.equal(await waitsMs(), 0);
      });

      test(`${title}: a session that began meanwhile works, and ends at its own time from now`, async () => {
        const { session } = await meanwhile(jumpMs, join_);
        assert.equal(await sessionStatus(session), 200);
        await housekeep();
        assert.equal(await sessionStatus(session), 200);
        clock.advance(sessionIdleMs + 1);
        assert.equal(await sessionStatus(session), 401);
      });

      test(`${title}: a code that was sent meanwhile works, and no longer than its own time from now`, async () => {
        const [first, second] = await meanwhile(jumpMs, async () => [await join_(), await join_()]);
        assert.ok(first !== undefined && second !== undefined);
        const codes = [await roster.lastMessage(first.email), await roster.lastMessage(second.email)];
        const status = async (number: number, confirmation_code = '') =>
          (await roster.call(`POST ${path}/confirmation`, { json: { user_id: number, confirmation_code } }))
            .status;
        assert.equal(await status(first.number, wrongCode(codes[0]?.code ?? '')), 401);
        assert.equal(await status(first.number, codes[0]?.code), 200);
        await housekeep();
        clock.advance(codeLifeMs + 1);
        assert.equal(await status(second.number, codes[1]?.code), 401);
      });

      test(`${title}: a link that was sent meanwhile works, and no longer than its own time from now`, async () => {
        const { email } = await join_();
        const token = await meanwhile(jumpMs, async () => {
          await roster.call(`POST ${path}/passwords`, { json: { email } });
          return tokenOf(roster, email);
        });
        assert.equal(await tokenIsValid(token), true);
        await housekeep();
        assert.equal(await tokenIsValid(token), true);
        clock.advance(passwordTokenLifeMs.reset + 1);
        assert.equal(await tokenIsValid(token), false);
      });

      test(`${title}: a key of a request that came meanwhile is free again after its own time`, async () => {
        const create = (timezone: string) =>
          roster.call('POST /sonar/v1/users', {
            bearer: tenant.apiKeys.member,
            headers: { 'Idempotency-Key': `clock ${title}` },
            json: { timezone },
          });
        await meanwhile(jumpMs, () => create('UTC'));
        assert.equal((await create('Asia/Tokyo')).status, 422);
        await housekeep();
        clock.advance(idempotencyLifeMs);
        assert.equal((await create('Asia/Tokyo')).status, 201);
      });

      test(`${title}: an erasure that was under way meanwhile gets its receipt after its lease`, async () => {
        const { key } = tenant;
        const id = await meanwhile(jumpMs, async () => {
          // As a process leaves it that was killed during the pass.
          const id = newDatedId('era', clock.now());
          await roster.core.work.change(key, (tx) =>
            tx.erasures.insert({
              ...{ id, requestedAt: clock.now(), requestedBy: 'operator', door: 'test', state: 'running' },
              ...{ userDigest: userDigestOf(newUserId()), removed: {}, sealedTraces: null, receipt: null },
              dueAt: clock.now() + erasureLeaseMs,
              ...{ abandonReason: null, replayedAt: null, completedAt: null },
            }),
          );
          return id;
        });
        await housekeep();
        clock.advance(erasureLeaseMs);
        await roster.settle();
        const erasure = await roster.core.work.read(key, (tx) => tx.erasures.find(id));
        assert.equal(erasure?.state, 'complete');
        const claims = JSON.parse(Buffer.from(erasure.receipt?.split('.')[1] ?? '', 'base64url').toString());
        assert.ok(claims.requested_at <= claims.completed_at);
      });

      test(`${title}: a change of a password that was under way meanwhile locks the account for its lease`, async () => {
        const { key } = tenant;
        const { userId } = await addPerson(roster, {}, tenant);
        const claim = () =>
          roster.core.work.change(key, (tx) =>
            tx.passwordLeases.claim(
              bareId(userId),
              crypto.randomUUID(),
              clock.now(),
              clock.now() + passwordLeaseMs,
            ),
          );
        assert.equal(await meanwhile(jumpMs, claim), true);
        await housekeep();
        clock.advance(passwordLeaseMs);
        assert.equal(await claim(), true);
      });

      test(`${title}: the last report that came meanwhile is replaced by the next one`, async () => {
        const { userId } = await addPerson(roster, {}, tenant);
        const bearer = tenant.apiKeys.member;
        const report = () => roster.call(`POST /sonar/v1/users/${userId}/syncs`, { bearer, json: {} });
        await meanwhile(jumpMs, report);
        const now = await report();
        assert.equal(now.status, 202, now.text);
        assert.equal(now.at('data.last_sync_at'), toSecondText(clock.now()));
      });

      test(`${title}: users who came before, meanwhile and after are in one list, each once`, async () => {
        const bearer = tenant.apiKeys.admin;
        const early = await addPerson(roster, {}, tenant);
        const meantime = await meanwhile(jumpMs, async () => [
          await addPerson(roster, {}, tenant),
          await addPerson(roster, {}, tenant),
        ]);
        const late = await addPerson(roster, {}, tenant);
        const ids: string[] = [];
        const dates: string[] = [];
        for (let page = 1; ; page += 1) {
          const reply = await roster.call(`GET /sonar/v1/users?per_page=3&page=${page}`, { bearer });
          assert.equal(reply.status, 200, reply.text);
          const found = reply.at('data') as readonly { id: string; created_at: string }[];
          ids.push(...found.map(({ id }) => id));
          dates.push(...found.map(({ created_at }) => created_at));
          if (found.length < 3) break;
        }
        assert.equal(new Set(ids).size, ids.length);
        for (const { userId } of [early, ...meantime, late]) assert.ok(ids.includes(userId));
        assert.equal(ids.length, await roster.rows.count('users', `org_key = ${tenant.key}`));
        const sorted = dates.toSorted();
        assert.ok(dates.join() === sorted.join() || dates.join() === sorted.toReversed().join());
      });

      test(`${title}: housekeeping that ran meanwhile has deleted nothing`, async () => {
        const { session, email } = await join_();
        const token = await (async () => {
          await roster.call(`POST ${path}/passwords`, { json: { email } });
          return tokenOf(roster, email);
        })();
        const journal = createTestJournal();
        const watch = new ClockWatch(clock);
        clock.advance(steadyAfterMs);
        const jobs = [
          createHousekeepingJob(roster.core, journal, watch),
          createEndEmailRequestsJob(roster.core, watch),
        ];
        const counts = async () =>
          Promise.all(
            ['users', 'sessions', 'password_tokens', 'messages'].map((each) => roster.rows.count(each)),
          );
        for (const job of jobs) await job.run();
        const stored = await counts();
        await meanwhile(jumpMs, async () => {
          for (const job of jobs) await job.run();
        });
        assert.deepEqual(await counts(), stored);
        assert.equal(await sessionStatus(session), 200);
        assert.equal(await tokenIsValid(token), true);
      });
    }

    for (const [title, jumpMs] of Object.entries(back)) {
      test(`${title}: what was there before works meanwhile and afterwards`, async () => {
        const { number, email, session } = await join_();
        const code = (await roster.lastMessage(email)).code ?? '';
        await roster.call(`POST ${path}/passwords`, { json: { email } });
        const token = await tokenOf(roster, email);
        const watch = new ClockWatch(clock);
        const job = createHousekeepingJob(roster.core, createTestJournal(), watch);
        await meanwhile(jumpMs, async () => {
          assert.equal(await sessionStatus(session), 200);
          assert.equal(await tokenIsValid(token), true);
          await assertFreeMeanwhile(() => resend(session));
          assert.equal(await signInStatus(roster, email, goodPassword), 201);
          await join_();
          await job.run();
        });
        assert.equal(await sessionStatus(session), 200);
        assert.equal(await tokenIsValid(token), true);
        const json = { user_id: number, confirmation_code: code };
        const confirmed = await roster.call(`POST ${path}/confirmation`, { json });
        // A second code was sent meanwhile, whose time is long over.
        assert.ok([200, 401].includes(confirmed.status));
        await assertFree(() => resend(session), minuteMs, confirmed.status === 200 ? 422 : 200);
      });

      test(`${title}: it stays so: what is ahead of the clock ends at its own time from now`, async () => {
        const { session, email } = await join_();
        await roster.call(`POST ${path}/passwords`, { json: { email } });
        const token = await tokenOf(roster, email);
        clock.jump(jumpMs);
        await housekeep();
        assert.equal(await sessionStatus(session), 200);
        assert.equal(await tokenIsValid(token), true);
        clock.advance(passwordTokenLifeMs.reset + minuteMs + 1);
        assert.equal(await tokenIsValid(token), false);
        clock.advance(sessionIdleMs + minuteMs + 1);
        assert.equal(await sessionStatus(session), 401);
      });
    }

    async function assertFreeMeanwhile(what: () => Promise<Reply>): Promise<void> {
      const reply = await what();
      assert.ok(reply.status === 200 || Number(reply.header('retry-after')) <= 60, reply.text);
    }
  });
}
