/**
 * Replays for `npm run torture` the pumping of texts over simulated days: the texts of no day cost more than the budget, and
 * all honest people confirm, by text or by mail. Starts one server and one service on loopback, and stops by itself.
 *
 *     npm run torture -- pumping      3 days
 *     npm run torture -- pumping 2    2 days
 */
import assert from 'node:assert/strict';
import { replayPumping } from '../attacks/support/pumping.ts';
import { startTextService } from '../attacks/support/text-service.ts';
import { startRoster } from '../support/server/start.ts';

const days = Number(process.argv[2] ?? 3);
if (!Number.isSafeInteger(days) || days < 1) throw new Error('the number of days must be 1 or more');

/** A text to the United States costs 0.013, so that a day has room for 200. */
const service = await startTextService({ ROSTER_TRUSTED_PROXIES: '127.0.0.1', ROSTER_SMS_BUDGET_DAY: '2.6' });
const textsMax = 200;
const roster = await startRoster({ env: service.env });
try {
  const stepsPerDay = 144;
  const { textsByDay, honest } = await replayPumping({ roster, service }, days * stepsPerDay);
  process.stdout.write(
    `texts by day: ${textsByDay.join(' ')}; honest people: ${honest.byText} by text, ${honest.byMail} by mail\n`,
  );
  assert.ok(textsByDay.every((texts) => texts <= textsMax));
  assert.equal(honest.byText + honest.byMail, 2 * days * stepsPerDay);
} finally {
  await roster.close();
  service.close();
}
