/** The forms that a request may have around its content, in every contract: slashes, hosts, charsets and codings. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { loadDoors } from '../support/contracts/door.ts';
import type { Ask } from '../support/server/http.ts';
import { setUp, setUpRoster } from '../support/server/set-up.ts';

const doors = await loadDoors();
const roster = setUpRoster();
const admin = setUp(() => roster.addAdmin());

const hostSentence = /must have exactly one Host header/;
const crlf = '\r\n';

/** The status and the body of the answer to these bytes. */
async function speak(bytes: string): Promise<{ status: number; body: string }> {
  const { connect } = await import('node:net');
  const { hostname, port } = new URL(roster.baseUrl);
  const socket = connect({ host: hostname, port: Number(port) });
  socket.write(bytes);
  let text = '';
  for await (const piece of socket.setEncoding('utf8')) text += piece;
  const [head = '', body = ''] = text.split(`${crlf}${crlf}`);
  return { status: Number(head.split(' ')[1]), body };
}

for (const [name, door] of doors) {
  describe(`in ${name}`, () => {
    const root = (): string => door.root(roster.organization);
    const credential = (): Promise<Ask> => door.credential(roster.organization, async () => admin);

    test('a slash at the end is the same path, also for another method and an unknown path', async () => {
      const ask = await credential();
      const listed = await roster.call(`GET ${root()}`, ask);
      assert.equal(listed.status, 200);
      const [prefix = '', rest = ''] = [root().slice(0, name.length + 1), root().slice(name.length + 1)];
      for (const path of [`${root()}/`, `/${root()}`, `${prefix}/${rest}/`, `${root()}/?x=/`]) {
        const reply = await roster.call(`GET ${path}`, ask);
        assert.deepEqual([reply.status, reply.text], [200, listed.text], path);
      }
      const ways = await roster.call(`PUT ${root()}`, ask);
      const slashed = await roster.call(`PUT ${root()}/`, ask);
      assert.deepEqual([slashed.status, slashed.header('allow')], [405, ways.header('allow')]);
      assert.equal((await roster.call(`GET ${prefix}/nowhere/`, ask)).status, 404);
      assert.equal((await roster.call(`GET ${root()}//`, ask)).status, 404);
    });

    test('the answer to a request without a host, or with two, says so', async () => {
      const line = `GET ${root()} HTTP/1.1${crlf}Connection: close${crlf}`;
      for (const hosts of ['', `Host: a${crlf}Host: b${crlf}`, `Host: a${crlf}host: a${crlf}`]) {
        const { status, body } = await speak(`${line}${hosts}${crlf}`);
        assert.equal(status, 400);
        assert.match(body, hostSentence);
      }
      const one = await speak(`${line}Host: a${crlf}${crlf}`);
      assert.doesNotMatch(one.body, hostSentence);
    });

    test('the answer to a body in another charset, or compressed, says so', async () => {
      // An unknown field is ignored; not every sender can use an address outside ASCII.
      const body = JSON.stringify({ ...Object(door.post(`${name}-charset`)), note: 'ü' });
      const send = async (headers: Record<string, string>) =>
        roster.call(`POST ${root()}`, { ...(await credential()), headers, body });
      const foreign = await send({ 'content-type': 'application/json; charset=iso-8859-1' });
      assert.equal(foreign.status, 415);
      assert.match(foreign.text, /must be sent in UTF-8/);
      const packed = await send({ 'content-type': 'application/json', 'content-encoding': 'gzip' });
      assert.equal(packed.status, 415);
      assert.match(packed.text, /without a Content-Encoding/);
      assert.equal(packed.header('accept-encoding'), 'identity');
      const taken = await send({ 'content-type': 'application/json; charset="UTF8"' });
      assert.ok(taken.status < 300, taken.text);
    });
  });
}

test('a slash at the end is the same path on the bare host, for pages and for health', async () => {
  const ask = { bearer: roster.organization.apiKeys.admin };
  assert.equal((await roster.call('GET //v1/users/', ask)).contract, 'sonar');
  assert.equal((await roster.call('POST /v1/sessions/', { json: {} })).status, 422);
  for (const path of ['/healthz/', '//healthz', '/docs/', '/openapi/sonar.json/', '//openapi/sonar.json']) {
    assert.equal((await fetch(`${roster.baseUrl}${path}`)).status, 200, path);
  }
});

test('the reference begins with the app of the installation, and its documents stay free of it', async () => {
  const { appId } = roster.organization.app;
  const read = async (path: string): Promise<string> => (await fetch(`${roster.baseUrl}${path}`)).text();
  for (const name of ['humanapi', 'general']) {
    assert.ok((await read(`/docs/openapi/${name}.json`)).includes(`"example":"${appId}"`), name);
    assert.ok(!(await read(`/openapi/${name}.json`)).includes(appId), name);
  }
});

test('the reference sends no optional parameter by itself whose example a new installation does not know', async () => {
  interface Parameter {
    readonly name: string;
    readonly required: boolean;
    readonly example?: unknown;
    readonly examples?: { readonly default: object };
  }
  const parametersOf = async (name: string): Promise<Map<string, Parameter>> => {
    const reply = await fetch(`${roster.baseUrl}/docs/openapi/${name}.json`);
    const { paths }: { paths: Record<string, Record<string, { parameters: Parameter[] }>> } = JSON.parse(
      await reply.text(),
    );
    const all = Object.values(paths).flatMap((item) => Object.values(item));
    return new Map(all.flatMap(({ parameters }) => parameters).map((each) => [each.name, each]));
  };
  const sonar = await parametersOf('sonar');
  const { examples, ...reference } = sonar.get('reference_id') ?? assert.fail();
  assert.deepEqual(examples, { default: { value: 'your-internal-id', 'x-disabled': true } });
  assert.equal(reference.example, undefined);
  assert.ok(sonar.get('Idempotency-Key')?.examples);
  assert.deepEqual([sonar.get('page')?.example, sonar.get('per_page')?.example], [1, 20]);
  const general = await parametersOf('general');
  assert.equal(general.get('X-App-Id')?.example, roster.organization.app.appId);
  assert.ok(general.get('X-User-Token')?.examples);
  assert.ok((await parametersOf('organization')).get('status')?.examples);
});
