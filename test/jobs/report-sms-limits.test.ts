import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Core } from '../../src/core/core.ts';
import type { Organization } from '../../src/core/directory/organization.ts';
import { noteText, offerText } from '../../src/core/messaging/sms-limits.ts';
import type { SmsRules } from '../../src/core/messaging/sms-rules.ts';
import { createReportSmsLimitsJob } from '../../src/jobs/report-sms-limits.ts';
import { type Deployment, openDeployment } from './deployment.ts';

/** A text costs a tenth of the budget, to every number. */
const sms: SmsRules = {
  destinationOf: () => ({ country: 'US', price: 100_000 }),
  segmentsOf: () => 1,
  budgetDay: 1_000_000,
};

describe('the operator', () => {
  let deployment: Deployment;
  let core: Core;
  const warnings: [string, object][] = [];

  before(async () => {
    deployment = await openDeployment();
    core = { ...deployment.core, sms };
  });
  after(() => deployment.close());

  async function onlyOrganization(): Promise<Organization> {
    const [organization] = await core.work.readSystem('operator', (tx) => tx.organizations.list());
    assert.ok(organization !== undefined);
    return organization;
  }

  /** Offers a text, and writes it where it may be sent. */
  async function send(to: string, code?: string): Promise<string> {
    const user = await deployment.addUser();
    return core.work.change(deployment.orgKey, async (tx) => {
      const text =
        code === undefined
          ? { template: 'new_network' as const, to }
          : { template: 'confirmation' as const, to, code };
      const offer = await offerText(core, tx, user, text);
      await noteText(core, tx, text, offer);
      return offer.kind === 'diverted' ? offer.reason : offer.kind;
    });
  }

  async function report(): Promise<[string, object][]> {
    const journal = {
      note: () => {},
      warn: (event: string, fields: object) => warnings.push([event, fields]),
      fault: (_: string, error: unknown) => {
        throw error;
      },
    };
    await createReportSmsLimitsJob(core, sms, journal).run();
    return warnings.splice(0);
  }

  test('is told once when four fifths of a budget are spent, and once when it is spent', async () => {
    const { id: organization } =
      (await core.work.readSystem('operator', (tx) => tx.organizations.list()))[0] ?? {};
    for (let count = 0; count < 7; count++) assert.equal(await send('+12025550123'), 'charged');
    assert.deepEqual(await report(), []);
    await send('+12025550123');
    assert.deepEqual(await report(), [
      ["four fifths of the day's budget for text messages are spent", { organization, spent: '0.8' }],
    ]);
    assert.deepEqual(await report(), []);
    for (let count = 0; count < 2; count++) assert.equal(await send('+12025550123'), 'charged');
    assert.deepEqual(await report(), []);
    for (let count = 0; count < 3; count++) assert.equal(await send('+12025550123'), 'budget');
    assert.deepEqual(await report(), [
      [
        "the day's budget for text messages is spent: codes go by mail until midnight (UTC)",
        { organization, spent: '1' },
      ],
    ]);
    assert.deepEqual(await report(), []);
  });

  test('is told of a closed range by its country and a digest, without a part of the number', async () => {
    core = { ...core, sms: { ...sms, budgetDay: null } };
    for (let count = 0; count < 20; count++) assert.equal(await send('+12025550123', '012345'), 'charged');
    assert.equal(await send('+12025559999', '012345'), 'range');
    assert.equal(await send('+12025559999'), 'charged', 'a notice');
    const { id: organization } = await onlyOrganization();
    const [[event, fields] = ['', {}], ...more] = await report();
    assert.match(event, /^a range of phone numbers is closed/);
    const until = new Date(deployment.clock.now() + 3_600_000).toISOString();
    const [closing] = deployment.rows.all('sms_closings');
    const range = String(closing?.['phone_range']).slice(0, 10);
    assert.deepEqual(fields, { organization, country: 'US', range, until });
    assert.doesNotMatch(`${event} ${range}`, /555/);
    assert.deepEqual(more, []);
  });

  test('has no lines of texts to template users, and they cost nothing', async () => {
    const user = await deployment.addUser({ isTemplate: true });
    const offer = await core.work.change(deployment.orgKey, (tx) =>
      offerText(core, tx, user, { template: 'confirmation', to: '+19002345678', code: '012345' }),
    );
    assert.deepEqual(offer, { kind: 'free' });
  });
});
