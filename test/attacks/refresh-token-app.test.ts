/**
 * A refresh token of Connect is bound to the app that it was issued to. The attacker has it, and runs another app of the same
 * organization, or of another one, with valid credentials.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createApp } from '../../src/core/directory/organization-lifecycle.ts';
import { type AppCredentials, addConnection, askToken, openSession } from '../connect-page/connect-calls.ts';
import { setUpLedger, setUpRoster } from '../support/server/set-up.ts';
import { testDoor } from '../support/server/start.ts';

const roster = setUpRoster();
const ledger = setUpLedger(roster);

async function secondApp(): Promise<AppCredentials> {
  const made = await createApp(roster.core, testDoor, { organization: roster.organization, name: 'Second' });
  return { appId: made.app.id, appKey: made.appKey, clientSecret: made.clientSecret };
}

test('a second app cannot use it, learns nothing of it, and does not end it', async () => {
  const { humanId, externalId } = await openSession(roster);
  await addConnection(roster, humanId, { status: 'active' });
  const issued = await askToken(roster, { type: 'access', client_user_id: externalId });
  const first = issued.string('refresh_token');
  const second = (await askToken(roster, { type: 'access', refresh_token: first })).string('refresh_token');
  const unknown = second.replace(/.{20}$/, 'x'.repeat(20));
  const others = [await secondApp(), (await roster.addOrganization()).app];
  await ledger.mark();
  for (const app of others) {
    const answers = [];
    // The present token, one that was consumed and would end its family, and one that never was.
    for (const refresh_token of [second, first, unknown]) {
      for (const said of [{ type: 'access' }, { grant_type: 'refresh_token' }]) {
        const { status, body } = await askToken(
          roster,
          { ...said, refresh_token, client_user_id: externalId },
          app,
        );
        answers.push({ status, body: { ...Object(body), 'x-humanapi-request-id': '' } });
      }
    }
    assert.equal(answers[0]?.status, 400);
    for (const answer of answers) assert.deepEqual(answer, answers[0]);
  }
  await ledger.expect({});
  assert.equal((await askToken(roster, { type: 'access', refresh_token: second })).status, 200);
  await ledger.mark();
});
