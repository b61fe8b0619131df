/** Answers with a part of the tokens, with the former ones, or about their state: what is stored, and what is asked next. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { acme, given, openScripted, type ScriptedDeployment } from './scripted-deployment.ts';

const hourMs = 3_600_000;

const introspected = {
  ...acme,
  name: 'introspected',
  title: 'Introspected',
  introspectionEndpoint: 'https://introspected.example/introspect',
};

let scripted: ScriptedDeployment;
before(async () => {
  scripted = await openScripted([introspected]);
});
after(() => scripted.close());

test('a refresh token alone is stored, and used at once', async () => {
  const { id } = await scripted.connect('acme', { ...given, access_token: null });
  assert.equal((await scripted.tokensOf(id)).refreshToken, 'refresh-1');
  scripted.answer(() => ({ body: { ...given, access_token: 'access-2', refresh_token: 'refresh-2' } }));
  await scripted.work();
  const { accessToken, refreshToken } = await scripted.tokensOf(id);
  assert.deepEqual([accessToken, refreshToken], ['access-2', 'refresh-2']);
});

test('a refresh token alone is revoked alone', async () => {
  const { user, id } = await scripted.connect('acme', { refresh_token: 'refresh-1' });
  await scripted.disconnect(user, id);
  const asked = scripted.asked.length;
  scripted.answer(() => ({}));
  await scripted.work();
  assert.deepEqual(
    scripted.asked.slice(asked).map(({ form }) => form['token']),
    ['refresh-1'],
  );
  assert.equal((await scripted.connectionOf(id)).status, 'revoked');
});

test('a refresh token alone in the answer to a refresh replaces the former one', async () => {
  const { id } = await scripted.connect('acme');
  scripted.deployment.clock.advance(hourMs);
  scripted.answer(() => ({ body: { refresh_token: 'refresh-2' } }));
  await scripted.work();
  const { accessToken, refreshToken } = await scripted.tokensOf(id);
  assert.deepEqual([accessToken, refreshToken], ['access-1', 'refresh-2']);
});

/** The connection ends before the whole body has arrived. */
const cutHeaders = { 'content-length': '5000', connection: 'close' };

for (const provider of ['acme', 'withings']) {
  test(`tokens of ${provider} that arrived before the connection broke are stored`, async () => {
    const user = await scripted.addUser();
    const { id, parameters } = await scripted.visit(user, provider);
    const body = provider === 'withings' ? { status: 0, body: given } : given;
    scripted.answer(() => ({ body, headers: cutHeaders }));
    assert.equal(await scripted.comeBack(parameters), 'connected');
    assert.equal((await scripted.tokensOf(id)).refreshToken, 'refresh-1');
    assert.deepEqual(scripted.revocationsOf(id), []);
  });
}

test('an answer that broke off before the tokens is lost', async () => {
  const user = await scripted.addUser();
  const { id, parameters } = await scripted.visit(user, 'acme');
  scripted.answer(() => ({ body: '{"token_type":"Bearer","access_tok', headers: cutHeaders }));
  assert.equal(await scripted.comeBack(parameters), 'failed');
  assert.deepEqual(
    scripted.revocationsOf(id).map((row) => row['state']),
    ['pending'],
  );
});

test('a confirmation of an end that broke off confirms nothing', async () => {
  const { user, id } = await scripted.connect('acme');
  await scripted.disconnect(user, id);
  scripted.answer(() => ({ body: '{"error":"server_er', headers: cutHeaders }));
  await scripted.work();
  assert.equal((await scripted.connectionOf(id)).status, 'revoking');
});

test('the former tokens beside an error are no answer', async () => {
  const { id } = await scripted.connect('acme');
  scripted.deployment.clock.advance(hourMs);
  scripted.answer(() => ({ body: { ...given, error: 'invalid_grant' } }));
  await scripted.work();
  assert.equal((await scripted.connectionOf(id)).status, 'needs_user');
});

test('an answer settles its own call alone: answers that were lost before it still count', async () => {
  const { id } = await scripted.connect('acme');
  const unreadable = { body: '<!doctype html>' };
  const refusal = { status: 400, body: { error: 'invalid_request' } };
  const unanswered: number[] = [];
  for (const answer of [unreadable, unreadable, refusal, { status: 503 }]) {
    scripted.deployment.clock.advance(hourMs);
    scripted.answer(() => answer);
    await scripted.work();
    unanswered.push((await scripted.connectionOf(id)).unanswered);
  }
  assert.deepEqual(unanswered, [1, 2, 2, 3]);
});

test('a date in Retry-After is compared with the clock of the provider', async () => {
  const { id } = await scripted.connect('acme');
  scripted.deployment.clock.advance(hourMs);
  const headers = { date: 'Mon, 02 Mar 2026 12:00:00 GMT', 'retry-after': 'Mon, 02 Mar 2026 12:30:00 GMT' };
  scripted.answer(() => ({ status: 503, headers }));
  await scripted.work();
  const { refreshAt } = await scripted.connectionOf(id);
  const waitMs = Number(refreshAt) - scripted.deployment.clock.now();
  assert.ok(waitMs > hourMs / 2 - 1_000 && waitMs <= hourMs / 2, String(waitMs));
});

for (const [body, status] of [
  [{ active: false }, 'revoked'],
  [{ active: 'false' }, 'revoked'],
  [{ error: 'invalid_token' }, 'revoked'],
  [{ active: true }, 'revoking'],
  [{ active: 'true' }, 'revoking'],
  [{}, 'revoking'],
  [{ error: 'server_error' }, 'revoking'],
] as const) {
  test(`introspection that answers ${JSON.stringify(body)} leaves the connection ${status}`, async () => {
    const { user, id } = await scripted.connect('introspected');
    await scripted.disconnect(user, id);
    scripted.answer(({ url }) => ({ body: url === introspected.introspectionEndpoint ? body : {} }));
    await scripted.work();
    assert.equal((await scripted.connectionOf(id)).status, status);
  });
}
