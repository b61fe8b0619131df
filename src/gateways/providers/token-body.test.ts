import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { readMembers } from './answer-body.ts';
import { readTokens } from './token-body.ts';

const now = Date.parse('2026-03-02T12:00:00Z');
const options = { accountField: 'x_user_id', before: null, now };

const read = async (body: unknown) =>
  readTokens(
    await readMembers(new Response(typeof body === 'string' ? body : JSON.stringify(body))),
    options,
  );

describe('tokens', () => {
  test('are found in objects and lists, in any spelling of their names, and in broken JSON', async () => {
    const given = { access_token: 'access-1', refresh_token: 'refresh-1', x_user_id: 42 };
    const json = JSON.stringify(given);
    for (const body of [
      given,
      [given],
      { data: { tokens: [given] } },
      { accessToken: 'access-1', RefreshToken: 'refresh-1', x_user_id: '42' },
      `)]}'\n${json}`,
      `${json},`,
      json.slice(0, -1),
      JSON.stringify(json),
      'access_token=access-1&refresh_token=refresh-1&x_user_id=42',
    ]) {
      const tokens = await read(body);
      assert.deepEqual(
        [tokens?.accessToken, tokens?.refreshToken, tokens?.account],
        ['access-1', 'refresh-1', '42'],
        JSON.stringify(body),
      );
    }
  });

  test('may be numbers, and are never blank', async () => {
    assert.equal((await read({ access_token: 12_345 }))?.accessToken, '12345');
    assert.equal((await read({ access_token: 'a', refresh_token: 7 }))?.refreshToken, '7');
    assert.equal((await read({ access_token: 'a', refresh_token: ' ' }))?.refreshToken, null);
    for (const access_token of ['', ' ', null, 0, true, {}, ['a']]) {
      assert.equal(await read({ access_token }), null, JSON.stringify(access_token));
    }
  });

  test('are not what an error says about them', async () => {
    for (const body of [
      { errors: { access_token: 'is missing' } },
      { error: { refresh_token: 'is invalid' } },
      { detail: [{ access_token: 'required' }] },
    ]) {
      assert.equal(await read(body), null, JSON.stringify(body));
    }
  });

  test('do not count where a refresh token may have been cut off', async () => {
    assert.equal(await read('{"access_token":"access-1","refresh_tok'), null);
    assert.equal(await read('{"access_token":"access-1","refresh_token":"ref'), null);
  });

  test('expire after their lifetime, or else at their date', async () => {
    const seconds = now / 1_000 + 60;
    for (const [members, life] of [
      [{ expires_in: '3600', expires_at: seconds }, 3_600],
      [{ expires_in: ' 3600.5 ' }, 3_600.5],
      [{ expiresIn: 3_600 }, 3_600],
      [{ expires_at: seconds }, 60],
      [{ expires_at: String(seconds) }, 60],
      [{ expires_at: '2026-03-02T13:00:00+00:00' }, 3_600],
      [{ expires_in: null, expires_at: seconds - 120 }, null],
      [{ expires_in: '1e3' }, null],
      [{ expires_in: '-3600' }, null],
      [{ expires_in: [3_600] }, null],
      [{ expires_at: seconds * 1_000 }, null],
    ] as const) {
      const tokens = await read({ access_token: 'a', ...members });
      assert.equal(tokens?.expiresAt, life === null ? null : now + life * 1_000, JSON.stringify(members));
    }
  });
});
