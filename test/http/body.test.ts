import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type AskInit, type Harness, startHarness } from './harness.ts';
import { codeOf, readAnswer, readAnswers } from './harness-answers.ts';

const kib = 1024;

function post(headers: string, body = '', path = '/v2/lamps'): string {
  return `POST ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX-Lamp-Key: admin\r\n${headers}\r\n${body}`;
}

function chunk(data: string): string {
  return `${data.length.toString(16)}\r\n${data}\r\n`;
}

describe('the body of a request', () => {
  let harness: Harness;
  before(async () => {
    harness = await startHarness({ settings: { bodyTimeoutMs: 700 } });
  });
  after(() => harness.close());

  const received = async (init: AskInit): Promise<unknown> => {
    const reply = await harness.ask('POST /v2/lamps', init);
    assert.equal(reply.status, 201);
    return JSON.parse(await reply.text()).received;
  };
  const refused = async (init: AskInit): Promise<string> => {
    const reply = await harness.ask('POST /v2/lamps', init);
    return `${reply.status} ${codeOf(await reply.text())}`;
  };
  const json = (body: string | Buffer<ArrayBuffer>): AskInit => ({
    headers: { 'content-type': 'application/json' },
    body,
  });

  test('JSON is parsed, also with a charset and a type in another case', async () => {
    assert.deepEqual(await received({ json: { id: 'north' } }), { id: 'north' });
    const headers = { 'content-type': 'Application/JSON; charset=UTF-8' };
    assert.deepEqual(await received({ headers, body: '{"id":"ü"}' }), { id: 'ü' });
  });

  test('a form is parsed if the route accepts forms', async () => {
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    const body = 'id=north+1&lit=%C3%BC&twice=1&twice=2&twice=3&bare&__proto__=x&&';
    const expected = Object.fromEntries([
      ...[
        ['id', 'north 1'],
        ['lit', 'ü'],
        ['twice', ['1', '2', '3']],
        ['bare', ''],
      ],
      ['__proto__', 'x'],
    ]);
    assert.deepEqual(await received({ headers, body }), expected);
    const reply = await harness.ask('PUT /v2/lamps/a', { headers, body });
    assert.equal(reply.status, 415);
  });

  test('an empty body counts as no body, whatever its content type', async () => {
    assert.equal(await received({}), null);
    assert.equal(await received(json('')), null);
    assert.equal(await received({ headers: { 'content-type': 'image/png' } }), null);
    assert.equal(await received({ headers: { 'content-type': ';;;' } }), null);
    const empty = readAnswer(await harness.speak(post('Transfer-Encoding: chunked\r\n', '0\r\n\r\n')));
    assert.equal(empty.status, 201);
  });

  test('a body without a content type, or with a wrong one, is 415', async () => {
    assert.equal(readAnswer(await harness.speak(post('Content-Length: 2\r\n', '{}'))).status, 415);
    for (const type of [
      'text/plain',
      'application/jsonp',
      'application',
      ';',
      'application/json, text/plain',
    ]) {
      assert.equal(
        await refused({ headers: { 'content-type': type }, body: '{}' }),
        '415 lighthouse unsupported_media_type',
        type,
      );
    }
  });

  test('a compressed body is 415, because the server decompresses none', async () => {
    for (const coding of ['gzip', 'br', 'zstd', 'identity, gzip', 'x']) {
      const headers = { 'content-type': 'application/json', 'content-encoding': coding };
      const reply = await harness.ask('POST /v2/lamps', { headers, body: '{}' });
      assert.equal(`${reply.status} ${codeOf(await reply.text())}`, '415 lighthouse unsupported_media_type');
      assert.equal(reply.headers.get('accept-encoding'), 'identity', coding);
    }
    for (const coding of ['identity', 'Identity', '', 'identity, identity']) {
      const headers = { 'content-type': 'application/json', 'content-encoding': coding };
      assert.deepEqual(await received({ headers, body: '{}' }), {}, coding);
    }
    const typed = await harness.ask('POST /v2/lamps', {
      headers: { 'content-type': 'text/plain' },
      body: 'x',
    });
    assert.deepEqual([typed.status, typed.headers.get('accept-encoding')], [415, null]);
  });

  const ofType = (type: string, body: string | Buffer<ArrayBuffer>): AskInit => ({
    headers: { 'content-type': type },
    body,
  });

  test('UTF-8 by any of its names is read', async () => {
    for (const charset of [
      'utf8',
      'UTF-8',
      '"utf-8"',
      '"UTF8"',
      'Utf-8',
      '',
      '""',
      'unicode-1-1-utf-8',
      "'utf-8'",
    ]) {
      const type = `application/json; a=b ; Charset=${charset}; q="; charset=latin1"`;
      assert.deepEqual(await received(ofType(type, '{"id":"ü"}')), { id: 'ü' }, charset);
    }
  });

  test('another charset is 415 where a character is not ASCII', async () => {
    for (const charset of [
      'iso-8859-1',
      'Latin1',
      '"windows-1252"',
      'us-ascii',
      'utf-16',
      'shift_jis',
      'x',
    ]) {
      const type = `application/json;charset=${charset}`;
      assert.deepEqual(await received(ofType(type, '{"id":"u"}')), { id: 'u' }, charset);
      for (const body of ['{"id":"ü"}', Buffer.from('{"id":"ü"}', 'latin1')]) {
        assert.equal(await refused(ofType(type, body)), '415 lighthouse unsupported_media_type', charset);
      }
    }
    const utf16 = Buffer.from('{"id":1}', 'utf16le');
    assert.equal(
      await refused(ofType('application/json; charset=utf-16', utf16)),
      '415 lighthouse unsupported_media_type',
    );
    const form = 'application/x-www-form-urlencoded; charset=iso-8859-1';
    assert.deepEqual(await received(ofType(form, 'id=%75')), { id: 'u' });
    assert.equal(await refused(ofType(form, 'id=%FC')), '415 lighthouse unsupported_media_type');
  });

  const malformed: readonly (readonly [title: string, body: string | Buffer<ArrayBuffer>])[] = [
    ['half an object', '{"id":'],
    ['two values', '{} {}'],
    ['a bare word', 'undefined'],
    ['a trailing comma', '{"id":1,}'],
    ['a raw NUL', '{"id":"\0"}'],
    ['bytes that are not UTF-8', Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d])],
    ['a hundred levels', `${'['.repeat(100)}${']'.repeat(100)}`],
    ['a hundred thousand levels', '{"a":'.repeat(50_000)],
    ['brackets that never end', '['.repeat(200_000)],
  ];
  for (const [title, body] of malformed) {
    test(`${title} is 400`, async () => {
      assert.equal(await refused(json(body)), '400 lighthouse malformed_body');
    });
  }

  test('a form that does not decode is 400', async () => {
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    assert.equal(await refused({ headers, body: 'a=%ff' }), '400 lighthouse malformed_body');
    assert.equal(await refused({ headers, body: 'a=%zz' }), '400 lighthouse malformed_body');
  });

  test('brackets in strings, and 64 levels, are accepted', async () => {
    const text = '[[["\\"[[{{';
    assert.deepEqual(await received({ json: [text.repeat(20), { '\\': '\\' }] }), [
      text.repeat(20),
      { '\\': '\\' },
    ]);
    const deep = `${'['.repeat(64)}${']'.repeat(64)}`;
    assert.deepEqual(await received(json(deep)), JSON.parse(deep));
  });

  test('a key named __proto__ is a field like any other', async () => {
    const body = '{"__proto__":{"lit":true},"constructor":1}';
    assert.deepEqual(await received(json(body)), JSON.parse(body));
    assert.equal(Object.hasOwn(Object.prototype, 'lit'), false);
  });

  test('256 KiB are accepted, one byte more is 413', async () => {
    const fits = `"${'a'.repeat(256 * kib - 2)}"`;
    assert.equal(await received(json(fits)), JSON.parse(fits));
    assert.equal(await refused(json(`${fits} `)), '413 lighthouse payload_too_large');
  });

  test('10 MB are 413, with or without a length, and the caller can read the answer', async () => {
    const large = 'a'.repeat(10 * kib * kib);
    assert.equal(await refused(json(large)), '413 lighthouse payload_too_large');
    const announced = post(`Content-Length: ${large.length}\r\nContent-Type: image/png\r\n`, large);
    assert.equal(readAnswer(await harness.speak(announced)).status, 413);
    const chunked = post('Transfer-Encoding: chunked\r\n', `${chunk(large)}0\r\n\r\n`);
    assert.equal(readAnswer(await harness.speak(chunked)).status, 413);
  });

  test('a connection stays usable after a body that was too large', async () => {
    const large = 'a'.repeat(300 * kib);
    const first = post(`Content-Length: ${large.length}\r\n`, large).replace('Connection: close\r\n', '');
    const answers = readAnswers(await harness.speak(first, post('')));
    assert.deepEqual(
      answers.map(({ status }) => status),
      [413, 201],
    );
  });

  test('an endless body gets an answer, and the connection is closed', async () => {
    const started = Date.now();
    const answer = await harness.speak(post('Transfer-Encoding: chunked\r\n', chunk('a'.repeat(300 * kib))));
    assert.equal(readAnswer(answer).status, 413);
    assert.ok(Date.now() - started < 4_000);
  });

  test('a body that does not arrive is 408, in the envelope of its contract', async () => {
    const slow = post('Content-Length: 10\r\nContent-Type: application/json\r\n', '{');
    const answer = readAnswer(await harness.speak(slow));
    assert.equal(answer.status, 408);
    assert.equal(codeOf(answer.text), 'lighthouse request_timeout');
    assert.equal(answer.headers.get('connection'), 'close');
  });

  test('headers that do not arrive are 408', async () => {
    const answer = readAnswer(await harness.speak('GET /v2/lamps HTTP/1.1\r\nHost: x\r\n'));
    assert.equal(`${answer.status} ${codeOf(answer.text)}`, '408 harbor request_timeout');
  });

  test('broken chunks are 400, in the envelope of their contract', async () => {
    const headers = 'Transfer-Encoding: chunked\r\nContent-Type: application/json\r\n';
    for (const parts of [[post(headers, 'zz\r\n')], [post(headers, chunk('{')), 'zz\r\n']]) {
      const answer = readAnswer(await harness.speak(...parts));
      assert.equal(`${answer.status} ${codeOf(answer.text)}`, '400 lighthouse malformed_body');
    }
  });

  test('an unknown transfer encoding is 400', async () => {
    const answer = readAnswer(await harness.speak(post('Transfer-Encoding: gzip\r\n', 'abc')));
    assert.equal(answer.status, 400);
  });

  test('a caller that hangs up during its body leaves a log line and nothing else', async () => {
    const before = harness.lines.length;
    const socket = connect(harness.port, '127.0.0.1');
    socket.write(post('Content-Length: 10\r\nContent-Type: application/json\r\n', '{'));
    await sleep(100);
    socket.destroy();
    await sleep(100);
    assert.deepEqual(
      harness.lines.slice(before).map(({ level, message }) => [level, message]),
      [['info', 'request']],
    );
  });

  test('`100 Continue` is sent when the body is read, and not without a credential', async () => {
    const headers = 'Expect: 100-continue\r\nContent-Length: 2\r\nContent-Type: application/json\r\n';
    const welcome = await harness.speak(post(headers), '{}');
    assert.match(welcome, /^HTTP\/1\.1 100 Continue/);
    assert.equal(readAnswer(welcome).status, 201);
    const stranger = await harness.speak(
      post(headers).replace('admin', 'nobody').replace('Connection: close\r\n', ''),
    );
    assert.equal(readAnswer(stranger).status, 401);
    const large = await harness.speak(post(headers.replace('2\r\n', '900000\r\n')));
    assert.equal(readAnswer(large).status, 413);
  });

  test('the body of a GET or HEAD is ignored', async () => {
    for (const method of ['GET', 'HEAD']) {
      const headers = 'Content-Length: 5\r\nContent-Type: application/json\r\n';
      const sent = post(headers, '{"a":').replace('POST', method);
      const bytes = await harness.speak(sent);
      assert.match(bytes, /^HTTP\/1\.1 200 /, method);
    }
  });

  test('the body of a DELETE is dropped, and its size is still limited', async () => {
    assert.equal((await harness.ask('DELETE /v2/lamps/a', { body: 'not JSON' })).status, 204);
    const large = await harness.ask('DELETE /v2/lamps/a', { body: 'a'.repeat(300 * kib) });
    assert.equal(large.status, 413);
  });
});
