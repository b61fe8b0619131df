/**
 * Secrets of providers never appear in a log, an answer or the output of a command. A grant goes through its life
 * at a server that logs everything that it can, with a provider that repeats every request in its errors.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { makeFolder, readJson, removeFolder, roster, rosterJson, serve } from '../cli/program.ts';
import { startAuthorizationServer } from '../providers/authorization-server.ts';
import { clientId, clientSecret } from '../providers/linked-provider.ts';
import { slowTest as test } from '../support/effort.ts';
import { type Jar, visit as openPage, pressStart } from '../support/server/demo-person.ts';

/** A proxy that forwards requests, or repeats them in an error; it collects every secret in them. */
async function startEcho(target: string) {
  const secrets = new Set<string>();
  let isEchoing = false;
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += String(chunk);
    const { authorization = '', 'content-type': type = '' } = request.headers;
    const form = new URLSearchParams(body);
    for (const name of ['code', 'code_verifier', 'refresh_token', 'token']) {
      const value = form.get(name);
      if (value !== null) secrets.add(value);
    }
    if (isEchoing) {
      const said = { error: body, error_description: `${authorization} ${body}`, error_uri: request.url };
      response.writeHead(400, { 'content-type': 'application/json', 'www-authenticate': body });
      response.end(JSON.stringify(said));
      return;
    }
    const headers = { authorization, 'content-type': type };
    const upstream = await fetch(`${target}${request.url}`, {
      method: request.method ?? 'GET',
      headers,
      body,
    });
    response.writeHead(upstream.status, { 'content-type': 'application/json' }).end(await upstream.text());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    secrets,
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    echo(isOn: boolean) {
      isEchoing = isOn;
    },
    close: () => server.close(),
  };
}

test('no token, code, verifier, state or client secret is in a log line, an answer or the output of a command', async (t) => {
  const folder = await makeFolder();
  t.after(() => removeFolder(folder));
  const provider = await startAuthorizationServer();
  t.after(() => provider.close());
  const echo = await startEcho(provider.url);
  t.after(() => echo.close());
  const file = join(folder, 'providers.json');
  const acme = {
    ...{ name: 'acme', title: 'Acme', client_id: clientId, client_secret: clientSecret },
    ...{ issuer: provider.url, sends_issuer: true, scopes: ['activity', 'offline_access'] },
    authorization_endpoint: `${provider.url}/auth`,
    token_endpoint: `${echo.url}/token`,
    revocation_endpoint: `${echo.url}/token/revocation`,
    authorization_parameters: { prompt: 'consent' },
  };
  writeFileSync(file, JSON.stringify({ providers: [acme] }));
  const settings = {
    ROSTER_LOG_LEVEL: 'trace',
    ROSTER_PROVIDERS_FILE: file,
    ROSTER_PUBLIC_URL: 'http://localhost:8080',
  };
  const made = await rosterJson(folder, ['init'], settings);
  const server = await serve(folder, settings);
  t.after(() => server.stop('SIGKILL'));

  const seen: string[] = [];
  const call = async (line: string, json?: unknown) => {
    const [method = '', path = ''] = line.split(' ');
    const headers = {
      authorization: `Bearer ${made.text('apiKey')}`,
      ...(json === undefined ? {} : { 'content-type': 'application/json' }),
    };
    const body = json === undefined ? {} : { body: JSON.stringify(json) };
    const answer = await fetch(`${server.url}${path}`, { method, headers, ...body });
    const text = await answer.text();
    if (answer.headers.get('content-type')?.includes('json') !== true) seen.push(text);
    return { status: answer.status, text };
  };
  const states = new Set<string>();
  const user = readJson((await call('POST /sonar/v1/users', { reference_id: 'a' })).text).text('data.id');
  const devices = `/sonar/v1/users/${user}/devices`;
  const jar: Jar = new Map();
  const visit = async (): Promise<{ id: string; query: string }> => {
    const started = readJson((await call(`POST ${devices}`, { provider: 'acme' })).text);
    const startUrl = new URL(started.text('data.auth_url'));
    const address = await pressStart(`${server.url}${startUrl.pathname}${startUrl.search}`, jar);
    for (const secret of [startUrl.searchParams.get('flow') ?? '', ...jar.values()]) echo.secrets.add(secret);
    const callback = await provider.authorize(address);
    states.add(callback.searchParams.get('state') ?? '');
    echo.secrets.add(callback.searchParams.get('code') ?? '');
    return { id: started.text('data.id'), query: callback.search };
  };
  const list = async (): Promise<string> => {
    const { text } = await call(`GET ${devices}`);
    seen.push(text);
    for (const words of [
      ['connection', 'list'],
      ['provider', 'list'],
      ['connection', 'list', '--json'],
    ]) {
      const { stdout, stderr } = await roster(folder, words, settings);
      seen.push(stdout, stderr);
    }
    return readJson(text).text('data.0.status');
  };

  echo.echo(true);
  const comeBack = async (query: string): Promise<number> => {
    const arrival = await openPage(`${server.url}/connect/callback${query}`, jar);
    seen.push(arrival.text);
    return arrival.status;
  };
  assert.equal(await comeBack((await visit()).query), 502);
  echo.echo(false);
  const { id, query } = await visit();
  assert.equal(await comeBack(query), 200);
  assert.equal(await comeBack(query), 200);
  assert.equal(await list(), 'active');
  echo.echo(true);
  assert.equal((await call(`DELETE ${devices}/${id}`)).status, 204);
  const failed = /"outcome":"http_400"/;
  const revocations = async () => (await roster(folder, ['provider', 'list', '--json'], settings)).stdout;
  for (const deadline = Date.now() + 20_000; !failed.test(await revocations()); await sleep(100)) {
    assert.ok(Date.now() < deadline, 'the provider was not notified');
  }
  assert.equal(await list(), 'revoking');
  echo.echo(false);
  for (const deadline = Date.now() + 30_000; (await list()) !== 'revoked'; await sleep(200)) {
    assert.ok(Date.now() < deadline, 'the device was not revoked');
  }
  const { stderr: log } = await server.stop('SIGTERM');

  const secrets = [...provider.issued, ...echo.secrets, ...states, clientSecret];
  assert.ok(provider.issued.length >= 2 && echo.secrets.size >= 5 && states.size === 2);
  assert.match(log, /"event":"revocation"|revocation/);
  for (const secret of secrets) {
    assert.ok(secret.length >= 16);
    assert.ok(!log.includes(secret), 'the log has it');
    assert.ok(!seen.join('\n').includes(secret), 'an answer has it');
  }
  assert.deepEqual(await provider.liveTokens(), []);
});
