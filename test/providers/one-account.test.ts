/** Which account a grant is for, as each provider says it, and a second user of an app that takes an account once. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { updateApp } from '../../src/core/directory/organization-lifecycle.ts';
import { testDoor } from '../support/server/start.ts';
import { openScripted, type ScriptedDeployment } from './scripted-deployment.ts';

let scripted: ScriptedDeployment;
before(async () => {
  scripted = await openScripted();
  const { core, deployment } = scripted;
  const [app] = await core.work.readSystem('operator', (tx) => tx.apps.list());
  assert.equal(app?.orgKey, deployment.orgKey);
  await updateApp(core, testDoor, { appId: app.id, isOneAccount: true });
});
after(() => scripted.close());

const tokens = { access_token: 'access-1', refresh_token: 'refresh-1', expires_in: 3_600 };

/** A second user comes back from the provider; the tokens that their answer gives are others. */
async function second(provider: string, said: object): Promise<{ outcome: string; id: string }> {
  const { id, parameters } = await scripted.visit(await scripted.addUser(), provider);
  const body = { ...tokens, access_token: 'access-2', refresh_token: 'refresh-2', ...said };
  scripted.answer(() => ({ body: provider === 'withings' ? { status: 0, body } : body }));
  return { outcome: await scripted.comeBack(parameters), id };
}

for (const [provider, said, endsAll] of [
  ['fitbit', { user_id: 'GGNJL9' }, false],
  ['strava', { athlete: { id: 227615 } }, false],
  ['polar', { x_user_id: 42 }, true],
  ['withings', { userid: '363' }, true],
] as const) {
  test(`${provider} says it, and a second user with it is refused`, async () => {
    const first = await scripted.connect(provider, { ...tokens, ...said });
    const { outcome, id } = await second(provider, said);
    assert.equal(outcome, 'account_taken');
    // Where an end ends the person's whole consent, it would end the connection of the first user.
    const states = scripted.revocationsOf(id).map((row) => row['state']);
    assert.deepEqual(states, endsAll ? [] : ['pending']);
    assert.equal((await scripted.connectionOf(first.id)).status, 'active');
    assert.equal((await scripted.connectionOf(id)).sealedGrants, null);
  });
}

test('a provider that does not say it is not refused', async () => {
  await scripted.connect('oura', tokens);
  assert.equal((await second('oura', {})).outcome, 'connected');
});
