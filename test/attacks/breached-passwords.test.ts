/**
 * An attacker tries passwords that leaked elsewhere. A deployment names a file of them, built from a list of their hashes, and
 * no way to set a password takes one.
 */
import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { readFile, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { createAdmin } from '../../src/core/directory/organization-lifecycle.ts';
import { isRefusal } from '../../src/core/errors.ts';
import { makeFolder, refused, removeFolder, roster as run } from '../cli/program.ts';
import { signUp, signUpBody, tokenOf } from '../contracts/general/sign-up.ts';
import type { Reply } from '../support/server/http.ts';
import { type Roster, startRoster } from '../support/server/start.ts';

const breached = ['another-good-one-7', 'contraseña azul 2', 'seven purple lamps'];
const refusal = { errors: { password: ['is too common'] } };

describe('no account has a password of the list', async () => {
  const folder = await makeFolder();
  const [list, file] = [join(folder, 'hashes.txt'), join(folder, 'breached')];
  writeFileSync(list, breached.map((each) => `${hash('sha1', each, 'hex').toUpperCase()}:2`).join('\r\n'));
  const settings = { ROSTER_BREACHED_PASSWORDS: file };
  let roster: Roster | undefined;
  after(async () => {
    await roster?.close();
    await removeFolder(folder);
  });

  /** The command fails with one line. */
  async function expectLine(words: readonly string[], line: RegExp): Promise<void> {
    const { exitCode, lines } = await refused(folder, words, settings);
    assert.deepEqual([exitCode, lines.length], [1, 1]);
    assert.match(lines.join(), line);
  }

  test('after the program has built a file from it', async () => {
    await expectLine(['init'], /^roster: ROSTER_BREACHED_PASSWORDS .* cannot be read: no such file/);
    const words = ['passwords', 'build', list, '--out', file];
    const { stdout } = await run(folder, [...words, '--json']);
    assert.partialDeepStrictEqual(JSON.parse(stdout), { file, hashes: 3, bytes: 88 });
    await expectLine(words, /exists: add --force/);
    assert.equal((await run(folder, [...words, '--force'])).exitCode, 0);
    writeFileSync(join(folder, 'nonsense'), 'nonsense');
    await expectLine(
      ['passwords', 'build', join(folder, 'nonsense'), '--out', join(folder, 'x')],
      /line 1 is no SHA-1/,
    );
    await expectLine(
      ['passwords', 'build', join(folder, 'none'), '--out', join(folder, 'x')],
      /no such file/,
    );
  });

  test('at the sign-up, by a change, by a reset and by an invitation', async () => {
    roster = await startRoster({ env: settings });
    const { call, organization, core } = roster;
    const path = '/general/v1/users';
    const person = await signUp(roster);
    await call(`POST ${path}/passwords`, { json: { email: person.email } });
    const { admin: bearer } = organization.apiKeys;
    await call('POST /organization/api/v1/users', {
      bearer,
      json: { email: 'jane@example.com', name: 'Jane' },
    });
    const tokens = [await tokenOf(roster, person.email), await tokenOf(roster, 'jane@example.com')];
    const doors: readonly ((password: string) => Promise<Reply>)[] = [
      (password) => call(`POST ${path}`, { json: signUpBody({ password }) }),
      (password) =>
        call(`PUT ${path}/${person.number}`, { session: person.session, json: { user: { password } } }),
      ...tokens.map((token) => (password: string) => {
        return call(`POST ${path}/passwords/reset`, { json: { token, password } });
      }),
    ];
    for (const door of doors) {
      for (const password of [...breached, 'contrasen\u0303a azul ２']) {
        const reply = await door(password);
        assert.deepEqual([reply.status, reply.body], [422, refusal], password);
      }
    }
    const admin = { organization, email: 'admin@example.com', password: 'seven purple lamps' };
    await assert.rejects(createAdmin(core, 'test', admin), (error) => isRefusal(error, 'invalid_fields'));
  });

  test('also not while the file cannot be read: the answer is 503', async () => {
    assert.ok(roster !== undefined);
    const { call } = roster;
    const before = await readFile(settings.ROSTER_BREACHED_PASSWORDS);
    await truncate(settings.ROSTER_BREACHED_PASSWORDS, 64);
    const signUpNow = () => call('POST /general/v1/users', { json: signUpBody({ password: breached[0] }) });
    const reply = await signUpNow();
    assert.equal(reply.status, 503);
    assert.equal(reply.header('retry-after'), '30');
    await writeFile(settings.ROSTER_BREACHED_PASSWORDS, before);
    assert.equal((await signUpNow()).status, 422);
  });
});
