/** All known ways to pump texts at the same time stay under the budget, and honest people still confirm. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { replayPumping } from '../support/pumping.ts';
import { setUpTexted } from '../support/text-service.ts';

const shared = { ROSTER_TRUSTED_PROXIES: '127.0.0.1' };

describe('pumping', () => {
  const ample = setUpTexted({ ...shared, ROSTER_SMS_BUDGET_DAY: '1' });
  const tight = setUpTexted({ ...shared, ROSTER_SMS_BUDGET_DAY: '0.26' });

  test('keeps no text from honest people on other ranges, also on the same network', async () => {
    const { textsByDay, honest } = await replayPumping(ample, 6);
    assert.deepEqual(honest, { byText: 12, byMail: 0 });
    // Of the 36 numbers in one range, 20 got a text. A text costs 0.013.
    assert.equal(ample.service.texts.filter(({ to }) => to.startsWith('+1202301')).length, 20);
    assert.ok(
      textsByDay.every((texts) => texts <= 76),
      String(textsByDay),
    );
  });

  test('never spends more than the budget, and then honest people confirm by mail', async () => {
    const { textsByDay, honest } = await replayPumping(tight, 6);
    assert.deepEqual(textsByDay, [20]);
    assert.equal(tight.service.texts.length, 20);
    assert.equal(honest.byText + honest.byMail, 12);
    assert.ok(honest.byMail > 0);
  });
});
