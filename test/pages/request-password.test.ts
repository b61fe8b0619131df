/** The page on which a person asks for a link to set a new password. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Reply } from '../support/server/http.ts';
import { setUpRoster } from '../support/server/set-up.ts';

const path = '/request-password';

describe('the page that asks for a new password', () => {
  const roster = setUpRoster({ env: { ROSTER_LIMIT_PASSWORD: '8' } });

  const send = (fields: Record<string, string>): Promise<Reply> =>
    roster.call(`POST ${path}`, { form: fields });

  test('works without script, and answers every address alike', async () => {
    const { email } = await roster.addAdmin();
    const known = await send({ email });
    const unknown = await send({ email: 'stranger@example.com' });
    assert.deepEqual([known.status, known.text], [200, unknown.text]);
    assert.ok((await roster.lastMessage(email)).token?.startsWith('pr_'));
  });

  test('is for the app that its address names', async () => {
    const other = await roster.addOrganization('Other');
    const { email } = await roster.addAdmin(other, 'there@example.com');
    const form = await roster.call(`GET ${path}?app=${other.app.appId}`);
    assert.equal(form.status, 200);
    assert.ok(form.text.includes(`name="app" value="${other.app.appId}"`));
    assert.equal((await send({ email, app: other.app.appId })).status, 200);
    assert.ok((await roster.lastMessage(email)).token?.startsWith('pr_'));
  });

  test('says so where no app has that id', async () => {
    for (const app of ['x', '%00', 'a'.repeat(40), "'"]) {
      const form = await roster.call(`GET ${path}?app=${app}&lang=es`);
      assert.equal(form.status, 404, app);
      assert.match(form.text, /<h1>Este enlace no es correcto<\/h1>/);
    }
    assert.equal((await send({ email: 'ann@example.com', app: 'x' })).status, 404);
  });

  test('says what is wrong with an address, and that there were too many tries', async () => {
    const wrong = await send({ email: '"><script>', lang: 'es' });
    assert.equal(wrong.status, 422);
    assert.match(wrong.text, /role="alert">Escriba una direcci/);
    assert.equal(wrong.text.includes('<script>'), false);
    const statuses: number[] = [];
    for (let time = 0; time < 8; time++) statuses.push((await send({ email: 'ann@example.com' })).status);
    assert.equal(statuses.at(-1), 429);
  });
});
