/** A person who begins to connect one source in two windows, and finishes in one of them. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { given, openScripted, type ScriptedDeployment } from './scripted-deployment.ts';

let scripted: ScriptedDeployment;
before(async () => {
  scripted = await openScripted();
});
after(() => scripted.close());

/** Two flows for one connection, both at the provider. */
async function twoFlows() {
  const user = await scripted.addUser();
  const [first, second] = [await scripted.visit(user, 'acme'), await scripted.visit(user, 'acme')];
  assert.equal(first.id, second.id, 'both windows are for one connection');
  assert.notEqual(first.parameters.get('state'), second.parameters.get('state'));
  scripted.answer(() => ({ body: given }));
  return { user, id: first.id, first: first.parameters, second: second.parameters };
}

for (const which of ['first', 'second'] as const) {
  test(`the window that was opened ${which} connects, and the other one ends without a call to the provider`, async () => {
    const flows = await twoFlows();
    assert.equal(await scripted.comeBack(flows[which]), 'connected');
    const other = flows[which === 'first' ? 'second' : 'first'];
    const asked = scripted.asked.length;
    const tokens = await scripted.tokensOf(flows.id);
    assert.equal(await scripted.comeBack(other), 'refused');
    assert.equal(scripted.asked.length, asked, 'the second code was exchanged');
    assert.equal((await scripted.connectionOf(flows.id)).status, 'active');
    assert.deepEqual(await scripted.tokensOf(flows.id), tokens);
    assert.deepEqual(
      scripted.revocationsOf(flows.id).filter(({ state }) => state !== 'withdrawn'),
      [],
    );
  });
}

test('the window that has connected still shows so when it is loaded again', async () => {
  const { first } = await twoFlows();
  assert.equal(await scripted.comeBack(first), 'connected');
  assert.equal(await scripted.comeBack(first), 'connected');
});

test('a window where the person denied leaves the other one as it is', async () => {
  const { first, second, id } = await twoFlows();
  const denied = new URLSearchParams({ state: first.get('state') ?? '', error: 'access_denied' });
  assert.equal(await scripted.comeBack(denied), 'denied');
  assert.equal(await scripted.comeBack(second), 'connected');
  assert.equal((await scripted.connectionOf(id)).status, 'active');
});

test('a source that is disconnected ends both windows', async () => {
  const { user, id, first, second } = await twoFlows();
  await scripted.disconnect(user, id);
  const asked = scripted.asked.length;
  for (const parameters of [first, second]) {
    assert.ok(['refused', 'withdrawn'].includes(await scripted.comeBack(parameters)));
  }
  assert.equal(scripted.asked.length, asked);
  assert.equal((await scripted.connectionOf(id)).status, 'revoked');
});

test('the windows of other sources and of other people go on', async () => {
  const { user, first } = await twoFlows();
  const elsewhere = await scripted.visit(user, 'fitbit');
  const neighbour = await scripted.visit(await scripted.addUser(), 'acme');
  scripted.answer(() => ({ body: given }));
  assert.equal(await scripted.comeBack(first), 'connected');
  assert.equal(await scripted.comeBack(elsewhere.parameters), 'connected');
  assert.equal(await scripted.comeBack(neighbour.parameters), 'connected');
});
