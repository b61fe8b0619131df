import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { type Harness, startHarness } from './harness.ts';
import { codeOf, readAnswer, readAnswers } from './harness-answers.ts';

/** A request with a host; the connection ends with its answer. */
function request(line: string, headers = '', body = ''): string {
  return `${line} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n${headers}\r\n${body}`;
}

describe('any bytes get an answer', () => {
  let harness: Harness;
  before(async () => {
    harness = await startHarness();
  });
  after(() => harness.close());

  const cases: readonly (readonly [title: string, bytes: string | Buffer, status: number, code: string])[] = [
    ['NUL and other garbage', Buffer.from([0, 1, 2, 255, 254, 13, 10, 13, 10]), 400, 'harbor malformed_body'],
    ['a TLS handshake', Buffer.from('160301020001000100fc0303', 'hex'), 400, 'harbor malformed_body'],
    ['HTTP/2 prior knowledge', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 400, 'harbor malformed_body'],
    ['an unknown version', 'GET / HTTP/9.9\r\nHost: x\r\n\r\n', 400, 'harbor malformed_body'],
    ['a raw control character in the path', request('GET /v2/lamps/\u0001'), 400, 'harbor malformed_body'],
    ['raw UTF-8 in the path', request('GET /v2/lamps/ü'), 400, 'harbor malformed_body'],
    ['a header without a colon', request('GET /v2/lamps', 'broken\r\n'), 400, 'harbor malformed_body'],
    ['a NUL in a header', request('GET /v2/lamps', 'X-A: a\0b\r\n'), 400, 'harbor malformed_body'],
    [
      'two lengths',
      request('POST /v2/lamps', 'Content-Length: 3\r\nContent-Length: 4\r\n', 'abc'),
      400,
      'harbor malformed_body',
    ],
    [
      'a length that is no number',
      request('POST /v2/lamps', 'Content-Length: x\r\n'),
      400,
      'harbor malformed_body',
    ],
    [
      'length and chunks together',
      request('POST /v2/lamps', 'Content-Length: 3\r\nTransfer-Encoding: chunked\r\n', '0\r\n\r\n'),
      400,
      'harbor malformed_body',
    ],
    [
      'headers of 20 KB',
      request('GET /v2/lamps', `X-A: ${'a'.repeat(20_000)}\r\n`),
      431,
      'harbor payload_too_large',
    ],
    ['a path of 20 KB', request(`GET /v2/lamps/${'a'.repeat(20_000)}`), 431, 'harbor payload_too_large'],
    [
      'no host',
      'GET /lighthouse/v2/lamps HTTP/1.1\r\nConnection: close\r\n\r\n',
      400,
      'lighthouse malformed_host',
    ],
    ['no host and no contract', 'GET / HTTP/1.1\r\nConnection: close\r\n\r\n', 400, 'harbor malformed_host'],
    ['two hosts', request('GET /v2/lamps', 'Host: lighthouse.test\r\n'), 400, 'lighthouse malformed_host'],
    [
      'one host twice',
      request('GET /lighthouse/nowhere', 'hOST: localhost\r\n'),
      400,
      'lighthouse malformed_host',
    ],
    [
      'two hosts in HTTP/1.0',
      request('GET /v2/lamps', 'Host: localhost\r\n').replace('HTTP/1.1', 'HTTP/1.0'),
      400,
      'lighthouse malformed_host',
    ],
    ...['a b', 'a/b', 'me@a', '[::1', 'a:b', '::1', 'a"b'].map(
      (host) =>
        [
          `the host ${host}`,
          request('GET /v2/lamps').replace('localhost', host),
          400,
          'lighthouse malformed_host',
        ] as const,
    ),
    ['a percent sign that encodes nothing', request('GET /%zz'), 404, 'harbor route_not_found'],
    ['the same below a contract', request('GET /v2/lamps/%zz'), 404, 'lighthouse route_not_found'],
    [
      'the same with a method of no route',
      request('PROPFIND /lighthouse/%zz'),
      404,
      'lighthouse route_not_found',
    ],
    [
      'encoded bytes that are not UTF-8',
      request('GET /lighthouse/v2/lamps/%ff%fe'),
      404,
      'lighthouse route_not_found',
    ],
    ['slashes alone', request('GET //'), 404, 'harbor route_not_found'],
    ['a doubled slash', request('GET //v2/lamps'), 401, 'lighthouse unauthorized'],
    ['a slash at the end', request('GET /lighthouse/v2/lamps/a/'), 401, 'lighthouse unauthorized'],
    [
      'a slash at the end of an unknown path',
      request('GET /lighthouse/a/'),
      404,
      'lighthouse route_not_found',
    ],
    [
      'a slash at the end, for another method',
      request('DELETE /v2/lamps/?a'),
      405,
      'lighthouse method_not_allowed',
    ],
    ['two slashes at the end', request('GET /v2/lamps//'), 404, 'lighthouse route_not_found'],
    ['a doubled slash after the version', request('GET /v2//lamps'), 401, 'lighthouse unauthorized'],
    ['a doubled slash inside', request('GET /v2/lamps//a'), 404, 'lighthouse route_not_found'],
    ['another case', request('GET /lighthouse/V2/lamps'), 404, 'lighthouse route_not_found'],
    ['dots in the path', request('GET /lighthouse/../v2/lamps'), 404, 'lighthouse route_not_found'],
    ['an asterisk', request('OPTIONS *'), 404, 'harbor route_not_found'],
    [
      'a scheme of its own',
      request('GET gopher://lighthouse.test/nowhere'),
      404,
      'lighthouse route_not_found',
    ],
    ['a tunnel', request('CONNECT lighthouse:443'), 404, 'harbor route_not_found'],
    ['TRACE', request('TRACE /v2/lamps'), 405, 'lighthouse method_not_allowed'],
    ['PROPFIND', request('PROPFIND /v2/lamps'), 405, 'lighthouse method_not_allowed'],
    [
      'QUERY without a content type',
      request('QUERY /v2/lamps', 'Content-Length: 2\r\n', '{}'),
      405,
      'lighthouse method_not_allowed',
    ],
    ['an unknown method', request('BREW /v2/lamps'), 405, 'lighthouse method_not_allowed'],
    ['a method in lower case', request('get /lighthouse/v2/lamps'), 405, 'lighthouse method_not_allowed'],
    ['an unknown method on an unknown path', request('BREW /coffee'), 404, 'harbor route_not_found'],
    [
      'an unknown method on a contract’s host',
      'BREW /coffee HTTP/1.1\r\nHost: LightHouse.example.com:80\r\n\r\n',
      404,
      'lighthouse route_not_found',
    ],
  ];
  for (const [title, bytes, status, code] of cases) {
    test(`${title}: ${status} from ${code}`, async () => {
      const answer = readAnswer(await harness.speak(bytes));
      assert.equal(answer.status, status);
      assert.equal(codeOf(answer.text), code);
      assert.match(answer.headers.get('content-type') ?? '', /^application\/json/);
      if (status === 405) assert.equal(answer.headers.get('allow'), 'GET, HEAD, POST');
    });
  }

  test('a path just below the limit of the headers is an unknown path', async () => {
    const answer = readAnswer(await harness.speak(request(`GET /v2/lamps/a/${'a'.repeat(15_000)}`)));
    assert.equal(codeOf(answer.text), 'lighthouse route_not_found');
  });

  test('a parameter may be as long as the headers allow', async () => {
    const id = 'a'.repeat(15_000);
    const answer = readAnswer(await harness.speak(request(`GET /v2/lamps/${id}`, 'X-Lamp-Key: admin\r\n')));
    assert.equal(JSON.parse(answer.text).id, id);
  });

  test('a thousand header fields are read, also the last one', async () => {
    const many = Array.from({ length: 1_000 }, (_, at) => `a${at}: b\r\n`).join('');
    const answer = readAnswer(await harness.speak(request('GET /v2/lamps', `${many}X-Lamp-Key: admin\r\n`)));
    assert.equal(answer.status, 200);
  });

  test('HTTP/1.0 gets an answer, and its connection is closed', async () => {
    const answer = readAnswer(await harness.speak('GET /v2/lamps/a HTTP/1.0\r\nX-Lamp-Key: admin\r\n\r\n'));
    assert.equal(answer.status, 200);
    assert.equal(JSON.parse(answer.text).id, 'a');
  });

  test('an upgrade is ignored, and the request is answered', async () => {
    const upgrade = 'Connection: upgrade, close\r\nUpgrade: websocket\r\nX-Lamp-Key: admin\r\n';
    const line = 'GET /v2/lamps/a HTTP/1.1\r\nHost: localhost\r\n';
    assert.equal(readAnswer(await harness.speak(`${line}${upgrade}\r\n`)).status, 200);
  });

  test('a caller that asks for a tunnel and resets the connection leaves the server running', async () => {
    for (let count = 0; count < 10; count++) {
      const socket = connect(harness.port, '127.0.0.1');
      const closed = new Promise((resolve) => socket.once('close', resolve));
      socket.once('connect', () =>
        socket.write('CONNECT x:443 HTTP/1.1\r\nHost: x\r\n\r\n', () => socket.resetAndDestroy()),
      );
      await closed;
      assert.equal((await harness.ask('GET /healthz')).status, 200);
    }
  });

  test('an unknown expectation is ignored', async () => {
    const headers = 'Expect: miracles\r\nX-Lamp-Key: admin\r\n';
    assert.equal(readAnswer(await harness.speak(request('GET /v2/lamps/a', headers))).status, 200);
  });

  test('the caller’s own request id is ignored', async () => {
    const headers = 'X-Request-Id: 11111111-1111-4111-8111-111111111111\r\nX-Lamp-Key: admin\r\n';
    const answer = readAnswer(await harness.speak(request('GET /v2/lamps', headers)));
    assert.notEqual(answer.headers.get('x-request-id'), '11111111-1111-4111-8111-111111111111');
  });

  test('pipelined requests are answered in order', async () => {
    const one = (id: string) => `GET /v2/lamps/${id} HTTP/1.1\r\nHost: x\r\nX-Lamp-Key: admin\r\n\r\n`;
    const answers = readAnswers(
      await harness.speak(`${one('a')}${one('b')}${request('GET /v2/lamps/c', 'X-Lamp-Key: admin\r\n')}`),
    );
    assert.deepEqual(
      answers.map(({ text }) => JSON.parse(text).id),
      ['a', 'b', 'c'],
    );
  });

  test('a request that garbage follows is still answered', async () => {
    const good = 'GET /v2/lamps/a HTTP/1.1\r\nHost: x\r\nX-Lamp-Key: admin\r\n\r\n';
    const answer = readAnswer(await harness.speak(`${good}\0garbage\r\n\r\n`));
    assert.equal(JSON.parse(answer.text).id, 'a');
    assert.equal(answer.headers.get('connection'), 'close');
  });

  test('garbage after an answer gets an answer too', async () => {
    const good = 'GET /v2/lamps/a HTTP/1.1\r\nHost: x\r\nX-Lamp-Key: admin\r\n\r\n';
    const answers = readAnswers(await harness.speak(good, '\0garbage\r\n\r\n'));
    assert.deepEqual(
      answers.map(({ status }) => status),
      [200, 400],
    );
  });

  test('a repeated query parameter is a list, and malformed ones do no harm', async () => {
    const path = '/v2/lamps/a?x=1&x=2&__proto__=y&=&%zz=%ff&constructor=z';
    const reply = await harness.ask(`GET ${path}`);
    assert.equal(reply.status, 200);
    const { query } = JSON.parse(await reply.text());
    assert.deepEqual(query.x, ['1', '2']);
    assert.equal(query.constructor, 'z');
  });

  test('every refused request has one log line, which quotes none of its bytes', async () => {
    const before = harness.lines.length;
    await harness.speak(
      request('BREW /lighthouse/secret-place?token=hush', 'Authorization: Bearer hush\r\n'),
    );
    await harness.speak('hush\r\n\r\n');
    const lines = harness.lines.slice(before);
    assert.equal(lines.length, 2);
    assert.doesNotMatch(JSON.stringify(lines), /hush|secret-place/);
    assert.deepEqual(
      lines.map(({ fields }) => fields['status']),
      [404, 400],
    );
  });
});
