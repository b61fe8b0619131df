/**
 * A first start in production: its output goes to a log that many people read, and its pages are on the open internet. The
 * log has no secret, the reference is off, and browsers keep to https.
 */
import assert from 'node:assert/strict';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { endStarted, makeFolder, removeFolder, type Serving, serve } from '../cli/program.ts';

const production = {
  NODE_ENV: 'production',
  ROSTER_SECRET: 'dR7!kq2Zx9mWv4Tn8sLp3Yb6Hc1Jf5Ga',
  ROSTER_PUBLIC_URL: 'https://directory.example.com',
  ROSTER_SMS: 'outbox',
  ROSTER_EMAIL: 'outbox',
  ROSTER_LOG_LEVEL: 'info',
};

/** A secret of any kind that Roster issues. */
const secretText = /roster_[0-9A-Za-z]{20}|sk_live_|\b(st|pr|inv)_[0-9a-z]+_/;

describe('the first start in production', () => {
  let folder: string;
  let server: Serving;
  before(async () => {
    folder = await makeFolder();
    server = await serve(folder, production);
  });
  after(async () => {
    endStarted();
    await removeFolder(folder);
  });

  test('writes the credentials to a file that only its owner reads, and none to its output', async () => {
    const path = server.output.text('credentialsFile');
    assert.equal(path, join(folder, 'first-credentials'));
    assert.equal((await stat(path)).mode & 0o777, 0o600);
    const lines = await readFile(path, 'utf8');
    const apiKey = /^API key +(roster_\S+)/m.exec(lines)?.[1];
    const headers = { authorization: `Bearer ${apiKey}` };
    assert.equal((await fetch(`${server.url}/sonar/v1/users`, { headers })).status, 200);
    assert.match(lines, /^App key +[0-9a-f]{40}\nClient secret +[0-9a-f]{40}$/m);
    for (const secret of lines.match(/roster_\S+|\b[0-9a-f]{40}\b/g) ?? []) {
      if (secret !== server.output.text('app.appId')) {
        assert.ok(!JSON.stringify(server.output).includes(secret), 'the output has no credential');
      }
    }
  });

  test('tells browsers to use https, for this host alone', async () => {
    for (const path of ['/healthz', '/set-password?token=x', '/sonar/v1/users', '/nothing']) {
      const { headers } = await fetch(server.url + path);
      assert.equal(headers.get('strict-transport-security'), 'max-age=31536000', path);
    }
  });

  test('has no reference, and its pages can use no device and share no window', async () => {
    for (const path of ['/docs', '/docs/openapi/sonar.json', '/docs/js/scalar.js']) {
      assert.equal((await fetch(server.url + path)).status, 404, path);
    }
    const { headers } = await fetch(`${server.url}/set-password?token=x`);
    assert.match(headers.get('permissions-policy') ?? '', /camera=\(\).*microphone=\(\)/);
    assert.equal(headers.get('cross-origin-opener-policy'), 'same-origin');
  });

  test('has no secret in its log either', async () => {
    const { stdout, stderr } = await server.stop('SIGTERM');
    assert.doesNotMatch(stdout + stderr, secretText);
    assert.match(stderr, /the server has started/);
  });

  test('has no console, until a setting asks for it, which then writes the link for its first owner to a file', async () => {
    const browser = { headers: { accept: 'text/html' } };
    const off = await serve(folder, production);
    for (const path of ['/', '/console', '/console/api/v1/session']) {
      assert.equal((await fetch(off.url + path, browser)).status, 404, path);
    }
    assert.ok(!off.output.names().includes('console'));
    await off.stop('SIGTERM');
    const asked = await serve(folder, { ...production, ROSTER_CONSOLE: 'on' });
    assert.equal((await fetch(asked.url, browser)).status, 200);
    const path = asked.output.text('console.linkFile');
    assert.equal(path, join(folder, 'console-link'));
    assert.equal((await stat(path)).mode & 0o777, 0o600);
    const link = (await readFile(path, 'utf8')).trim();
    assert.match(link, /^https:\/\/.*\/console\/enrol#sl_/);
    const { stdout, stderr } = await asked.stop('SIGTERM');
    assert.ok(!(stdout + stderr).includes(link));
    assert.doesNotMatch(stdout + stderr, /\bsl_/);
    const later = await serve(folder, { ...production, ROSTER_CONSOLE: 'on' });
    assert.ok(!later.output.names().includes('console'), 'only once');
    await later.stop('SIGTERM');
  });

  test('shows the reference where a setting asks for it', async () => {
    const asked = await serve(folder, { ...production, ROSTER_DOCS: 'on' });
    const { status, headers } = await fetch(`${asked.url}/docs`);
    assert.equal(status, 200);
    assert.equal(headers.get('cross-origin-opener-policy'), 'same-origin');
    assert.ok(!asked.output.names().includes('credentialsFile'));
    await asked.stop('SIGTERM');
  });
});
