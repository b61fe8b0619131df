import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { nameOf, type Operation } from '../support/contracts/operations.ts';
import { slowTestMs } from '../support/effort.ts';
import { type Ask, credentialHeaders } from '../support/server/http.ts';
import { assertSound, type RawReply, speak } from './raw-socket.ts';
import { openScene, type Scene } from './scene.ts';

const tenMegabytes = 10 * 1024 * 1024;

describe('hostile bytes on the socket', () => {
  let scene: Scene;

  before(async () => {
    scene = await openScene();
  });
  after(() => scene.close());

  /** Sends pieces, and checks each answer against the rules for all answers. */
  async function hear(...told: Parameters<typeof speak> extends [string, ...infer Rest] ? Rest : never) {
    const replies = await speak(scene.roster.baseUrl, ...told);
    for (const reply of replies) assertSound(reply);
    return replies;
  }

  async function only(...told: Parameters<typeof hear>): Promise<RawReply> {
    const [reply, second] = await hear(...told);
    assert.ok(reply && second === undefined, 'one answer');
    return reply;
  }

  const bearer = (): string => `Authorization: Bearer ${scene.roster.organization.apiKeys.admin}`;
  const post = (...headers: readonly string[]): string =>
    [`POST /organization/api/v1/users HTTP/1.1`, 'Host: x', bearer(), ...headers, '', ''].join('\r\n');

  test('random bytes are refused in an envelope', async () => {
    const garbage = fc.uint8Array({ minLength: 1, maxLength: 400 }).map((bytes) => Buffer.from(bytes));
    const property = fc.asyncProperty(garbage, async (bytes) => {
      await scene.unchanged(() => hear([bytes]));
    });
    await fc.assert(property, { numRuns: 80 });
    await scene.assertServes();
  });

  test('a valid request with some bytes changed is answered or refused, never with a fault', async () => {
    const body = '{"email":"mutant@example.com","name":"Mutant"}';
    const good = Buffer.from(post('Content-Type: application/json', `Content-Length: ${body.length}`) + body);
    const change = fc.record({
      at: fc.nat(good.length - 1),
      removed: fc.nat(3),
      added: fc.uint8Array({ maxLength: 3 }),
    });
    const property = fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 4 }), async (changes) => {
      let bytes: Buffer = good;
      for (const { at, removed, added } of changes) {
        bytes = Buffer.concat([bytes.subarray(0, at), added, bytes.subarray(at + removed)]);
      }
      await hear([bytes]);
    });
    await fc.assert(property, { numRuns: 150 });
    await scene.assertServes();
  });

  const oddities: Readonly<Record<string, readonly [status: number | null, bytes: string]>> = {
    'the first bytes of TLS': [400, '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03'],
    'the preface of HTTP/2': [400, 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
    'HTTP/0.9': [404, 'GET /\r\n\r\n'],
    'HTTP/1.2': [null, 'GET /healthz HTTP/1.2\r\nHost: x\r\n\r\n'],
    'HTTP/9.9': [400, 'GET / HTTP/9.9\r\nHost: x\r\n\r\n'],
    'no host': [400, 'GET /sonar/v1/users HTTP/1.1\r\n\r\n'],
    'a tunnel': [404, 'CONNECT example.com:443 HTTP/1.1\r\nHost: example.com:443\r\n\r\n'],
    'an upgrade': [
      401,
      'GET /sonar/v1/users HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
    ],
    'an absolute target': [401, 'GET http://organization.example/api/v1/users HTTP/1.1\r\nHost: x\r\n\r\n'],
    'the target *': [null, 'OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n'],
    'a target without a slash': [null, 'GET users HTTP/1.1\r\nHost: x\r\n\r\n'],
    'a method of lower case': [null, 'get /sonar/v1/users HTTP/1.1\r\nHost: x\r\n\r\n'],
    'an unknown method': [405, 'BREW /sonar/v1/users HTTP/1.1\r\nHost: x\r\n\r\n'],
    'a very long method': [400, `${'A'.repeat(5_000)} / HTTP/1.1\r\nHost: x\r\n\r\n`],
    'NUL in a header': [400, 'GET / HTTP/1.1\r\nHost: x\r\nA: b\0c\r\n\r\n'],
    'a blank before the colon': [400, 'GET / HTTP/1.1\r\nHost : x\r\n\r\n'],
    'a folded header': [400, 'GET / HTTP/1.1\r\nHost: x\r\nA: b\r\n c\r\n\r\n'],
    'bare line feeds': [null, 'GET /healthz HTTP/1.1\nHost: x\n\n'],
    'only line ends': [null, '\r\n\r\n\r\n'],
  };
  for (const [title, [status, bytes]] of Object.entries(oddities)) {
    test(`${title} is answered${status === null ? ' or passed over' : ` with ${status}`}`, async () => {
      const replies = await scene.unchanged(() => hear([Buffer.from(bytes, 'latin1')]));
      if (status !== null)
        assert.deepEqual(
          replies.map((reply) => reply.status),
          [status],
        );
    });
  }

  const framings: Readonly<Record<string, readonly string[]>> = {
    'a length and chunks': ['Content-Length: 4', 'Transfer-Encoding: chunked'],
    'two lengths': ['Content-Length: 4', 'Content-Length: 5'],
    'a negative length': ['Content-Length: -1'],
    'a length in hex': ['Content-Length: 0x10'],
    'a length beyond counting': ['Content-Length: 99999999999999999999999'],
    'an unknown transfer encoding': ['Transfer-Encoding: banana'],
    'chunks that are not the last encoding': ['Transfer-Encoding: chunked, gzip'],
    'a broken chunk': ['Transfer-Encoding: chunked'],
  };
  for (const [title, headers] of Object.entries(framings)) {
    test(`${title}: the request is refused, and the bytes after it are not read as another request`, async () => {
      const smuggled = `zz\r\n\r\nDELETE /organization/api/v1/users/usr_1 HTTP/1.1\r\nHost: x\r\n${bearer()}\r\n\r\n`;
      const head = post('Content-Type: application/json', ...headers);
      const { status } = await scene.unchanged(() => only([head + smuggled]));
      assert.equal(status, 400);
    });
  }

  test('ten megabytes for an operation of any contract are answered, with a length or in chunks', async (context) => {
    const isReadable = ({ method, parameters }: Operation): boolean =>
      method === 'GET' && !parameters.some(({ required }) => required);
    const reads = Map.groupBy(scene.operations.filter(isReadable), ({ contract }) => contract).values();
    const asked = [
      ...scene.operations.filter(({ body }) => body !== null).map((each) => [each, 413] as const),
      ...[...reads].flatMap(([first]) => (first === undefined ? [] : [[first, 200] as const])),
    ];
    assert.deepEqual(
      new Set(asked.map(([{ contract }]) => contract)),
      new Set(scene.operations.map(({ contract }) => contract)),
    );
    for (const [operation, expected] of asked) {
      await context.test(nameOf(operation), { timeout: slowTestMs }, async () => {
        const target = await scene.line(operation);
        const ask = await scene.credential(operation);
        await assertAnswersTenMegabytes(target, expected, { ...credentialHeaders(ask), ...ask.headers });
      });
    }
    await context.test('no route', { timeout: slowTestMs }, () =>
      assertAnswersTenMegabytes('PUT /nowhere', 404, {}),
    );
  });

  async function assertAnswersTenMegabytes(
    target: string,
    expected: number,
    credential: Ask['headers'],
  ): Promise<void> {
    const fields = Object.entries({ ...credential, 'content-type': 'application/json' });
    const head = (framing: string): string =>
      [
        `${target} HTTP/1.1`,
        'Host: x',
        ...fields.map(([name, value]) => `${name}: ${value}`),
        framing,
        '',
        '',
      ].join('\r\n');
    const piece = Buffer.alloc(64 * 1024, '{"a":');
    const count = tenMegabytes / piece.length;
    const announced = [head(`Content-Length: ${tenMegabytes}`), ...Array<Buffer>(count).fill(piece)];
    const chunk = Buffer.concat([Buffer.from('10000\r\n'), piece, Buffer.from('\r\n')]);
    const chunked = [head('Transfer-Encoding: chunked'), ...Array<Buffer>(count).fill(chunk), '0\r\n\r\n'];
    for (const pieces of [announced, chunked]) {
      // A list that an admin reads is in the audit log.
      const { status } = await (expected < 400 ? only(pieces) : scene.unchanged(() => only(pieces)));
      assert.equal(status, expected);
    }
  }

  test('headers beyond 16 KiB are 431, in one piece, in many, and in the target', async () => {
    const line = `X-Filler: ${'f'.repeat(1_000)}\r\n`;
    const head = 'GET /sonar/v1/users HTTP/1.1\r\nHost: x\r\n';
    assert.equal((await only([`${head}${line.repeat(64)}\r\n`])).status, 431);
    assert.equal((await only([head, ...Array<string>(64).fill(line), '\r\n'])).status, 431);
    assert.equal((await only([head, ...Array<string>(20_000).fill('a: b\r\n'), '\r\n'])).status, 431);
    assert.equal((await only([`GET /${'u'.repeat(40_000)} HTTP/1.1\r\nHost: x\r\n\r\n`])).status, 431);
    await scene.assertServes();
  });

  test('many requests on one connection are answered in order', async () => {
    const paths = ['/healthz', '/nowhere', '/sonar/v1/users'];
    const pieces = Array.from({ length: 60 }, (_, index) => {
      return `GET ${paths[index % paths.length]} HTTP/1.1\r\nHost: x\r\n\r\n`;
    });
    const replies = await hear([pieces.join('')]);
    const expected = [200, 404, 401];
    assert.deepEqual(
      replies.map(({ status }) => status),
      pieces.map((_, index) => expected[index % expected.length]),
    );
  });

  test('a caller that waits for 100 Continue gets a refusal immediately, and 100 only if the body is wanted', async () => {
    const expecting = (...headers: readonly string[]): string =>
      post('Content-Type: application/json', 'Expect: 100-continue', ...headers);
    const tooLarge = await only([expecting(`Content-Length: ${tenMegabytes}`)]);
    assert.equal(tooLarge.status, 413);
    const body = '{"email":"patient@example.com","name":"Pat"}';
    const taken = await only([expecting(`Content-Length: ${body.length}`), body], { pauseMs: 20 });
    assert.equal(taken.status, 201);
  });

  test('a caller that closes its sending side after the request still gets the answer', async () => {
    const body = '{"email":"half.open@example.com","name":"Half"}';
    const request = post('Content-Type: application/json', `Content-Length: ${body.length}`) + body;
    assert.equal((await only([request])).status, 201);
  });

  test('a caller that disconnects anywhere in a request changes nothing', async () => {
    const body = '{"email":"gone@example.com","name":"Gone"}';
    const whole = post('Content-Type: application/json', `Content-Length: ${body.length}`) + body;
    const { hostname, port } = new URL(scene.roster.baseUrl);
    await scene.unchanged(async () => {
      for (let length = 1; length < whole.length; length += 7) {
        const socket = connect({ host: hostname, port: Number(port) });
        socket.on('error', () => {});
        await new Promise<void>((resolve) => socket.write(whole.slice(0, length), () => resolve()));
        socket.resetAndDestroy();
      }
      await sleep(50);
    });
    await scene.assertServes();
  });
});

describe('slow callers', () => {
  let scene: Scene;

  before(async () => {
    scene = await openScene({ env: { ROSTER_BODY_TIMEOUT_SECONDS: '1' } });
  });
  after(() => scene.close());

  const drips = (text: string): string[] => [...text.padEnd(200, 'x')];

  test('bodies and headers that arrive too slowly, or never, end with 408', async () => {
    const bearer = `Authorization: Bearer ${scene.roster.organization.apiKeys.admin}`;
    const head = ['POST /sonar/v1/users HTTP/1.1', 'Host: x', bearer, 'Content-Type: application/json'].join(
      '\r\n',
    );
    const slow = [
      [`${head}\r\nContent-Length: 5000\r\n\r\n`, ...drips('{"timezone":')],
      [`${head}\r\nTransfer-Encoding: chunked\r\n\r\n`, ...drips('').map(() => '1\r\nx\r\n')],
      [`${head}\r\nContent-Length: 10\r\n\r\n`],
      ['GET /sonar/v1/users HTTP/1.1\r\nHost: x\r\nX-Slow: ', ...drips('')],
      ['GET /sonar/v1/users HTTP/1.1\r\nHost: x\r\n'],
      ['GE'],
    ];
    const startedAt = performance.now();
    const heard = await scene.unchanged(() =>
      Promise.all(
        slow.map((pieces) => speak(scene.roster.baseUrl, pieces, { pauseMs: 50, staysOpen: true })),
      ),
    );
    assert.ok(performance.now() - startedAt < 5_000, 'the timeout of a second holds');
    for (const [index, replies] of heard.entries()) {
      for (const reply of replies) assertSound(reply);
      assert.deepEqual(
        replies.map(({ status }) => status),
        [408],
        `the slow request ${index}`,
      );
    }
    await scene.assertServes();
  });

  test('a refused caller that keeps sending slowly gets the answer and is disconnected', async () => {
    const head = 'POST /sonar/v1/users HTTP/1.1\r\nHost: x\r\nContent-Length: 5000\r\n\r\n';
    const manner = { pauseMs: 50, staysOpen: true };
    const replies = await speak(scene.roster.baseUrl, [head, ...drips('')], manner);
    assert.deepEqual(
      replies.map(({ status }) => status),
      [401],
    );
  });

  test('a hundred slow callers at the same time delay no other request', async () => {
    const head =
      'POST /general/v1/users HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n';
    const slow = Array.from({ length: 100 }, () => speak(scene.roster.baseUrl, [head], { staysOpen: true }));
    await scene.assertServes();
    const heard = await Promise.all(slow);
    for (const replies of heard)
      assert.deepEqual(
        replies.map(({ status }) => status),
        [408],
      );
  });
});
