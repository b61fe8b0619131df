/** The messages of a start about what text messages may cost. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { makeFolder, refused, removeFolder, serve } from './program.ts';

let folder: string;
before(async () => {
  folder = await makeFolder();
});
after(() => removeFolder(folder));

const twilio = {
  PORT: '0',
  ROSTER_SMS: 'twilio',
  TWILIO_ACCOUNT_SID: 'AC0',
  TWILIO_AUTH_TOKEN: 'token',
  TWILIO_FROM: '+12025550100',
  TWILIO_BASE_URL: 'http://127.0.0.1:9',
};

describe('a server with a real sender of texts', () => {
  test('does not start without a country that it may text', async () => {
    const { exitCode, lines } = await refused(folder, ['serve'], twilio);
    assert.equal(exitCode, 1);
    assert.match(
      lines.join('\n'),
      /^roster: ROSTER_SMS_HOME must be set with ROSTER_SMS=twilio, to the ISO 3166 code/,
    );
    assert.equal(lines.length, 1);
  });

  test('does not start with faulty prices, and names their lines', async () => {
    const path = join(folder, 'prices.txt');
    const linesOf = async (): Promise<readonly string[]> => {
      const settings = { ...twilio, ROSTER_SMS_HOME: 'US', ROSTER_SMS_PRICES: path };
      const { exitCode, lines } = await refused(folder, ['serve'], settings);
      assert.equal(exitCode, 1);
      return lines.map((line) => line.replace(path, 'FILE'));
    };
    assert.deepEqual(await linesOf(), ['roster: ROSTER_SMS_PRICES FILE cannot be read']);
    writeFileSync(path, '# prices\n* 0.5\n1 0.01\n+44 free\n');
    assert.deepEqual(await linesOf(), [
      'roster: ROSTER_SMS_PRICES FILE line 3: must begin with + and the first digits of numbers, or with *',
      'roster: ROSTER_SMS_PRICES FILE line 4: must have one price, a decimal number such as 0.05 with at most six digits after the point',
    ]);
  });

  test('warns where every country is open, and where there is no budget', async () => {
    const open = { ROSTER_SMS_COUNTRIES: 'all', ROSTER_SMS_BUDGET_DAY: 'none' };
    const serving = await serve(folder, { ...twilio, ...open });
    const { stderr } = await serving.stop('SIGTERM');
    assert.match(stderr, /text messages may go to every country/);
    assert.match(stderr, /text messages have no budget/);
  });

  test('is silent about a home and a budget', async () => {
    const serving = await serve(folder, { ...twilio, ROSTER_SMS_HOME: 'US' });
    const { stderr } = await serving.stop('SIGTERM');
    assert.doesNotMatch(stderr, /text messages/);
  });
});
