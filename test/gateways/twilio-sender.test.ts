import assert from 'node:assert/strict';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, describe, test } from 'node:test';
import type { OutgoingMessage, SendOutcome } from '../../src/core/messaging/sender.ts';
import { createTwilioSender } from '../../src/gateways/twilio-sender.ts';

interface Seen {
  readonly method: string;
  readonly url: string;
  readonly authorization: string;
  readonly form: Record<string, string>;
}

const seen: Seen[] = [];
let answer: (response: ServerResponse, request: IncomingMessage) => void;

/** A server that stands in for the service: it records each call and answers as the test says. */
const server = createServer(async (request, response) => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  seen.push({
    method: request.method ?? '',
    url: request.url ?? '',
    authorization: request.headers.authorization ?? '',
    form: Object.fromEntries(new URLSearchParams(Buffer.concat(chunks).toString())),
  });
  answer(response, request);
});

const message: OutgoingMessage = {
  id: 'msg_1',
  to: '+15551234567',
  subject: '',
  body: '012345 es su código & más',
  code: '012345',
};

let baseUrl = '';
before(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
after(() => {
  server.closeAllConnections();
  server.close();
});

function sendTo(base: string, from = '+15550001111'): Promise<SendOutcome> {
  const options = { accountSid: 'AC0123', authToken: 't0ken', from, baseUrl: base, timeoutMs: 300 };
  return createTwilioSender(options).send(message);
}

function reply(status: number, body: string, headers: Record<string, string> = {}): typeof answer {
  return (response) => response.writeHead(status, headers).end(body);
}

function twilioError(code: number): string {
  return JSON.stringify({ code, message: `The number ${message.to} is not right`, status: 400 });
}

describe('a text message', () => {
  test('goes to the documented resource with number, text and credentials', async () => {
    answer = reply(201, JSON.stringify({ sid: 'SM1', status: 'queued' }));
    assert.deepEqual(await sendTo(baseUrl), { kind: 'taken' });
    assert.deepEqual(seen.at(-1), {
      method: 'POST',
      url: '/2010-04-01/Accounts/AC0123/Messages.json',
      authorization: `Basic ${Buffer.from('AC0123:t0ken').toString('base64')}`,
      form: { To: message.to, Body: message.body, From: '+15550001111' },
    });
  });

  test('says how long the service may hold it, within the limits of the service', async () => {
    answer = reply(201, '{}');
    const sender = createTwilioSender({
      accountSid: 'AC0123',
      authToken: 't',
      from: '+15550001111',
      baseUrl,
    });
    for (const [validMs, seconds] of [
      [90_999, '90'],
      [10, '1'],
      [86_400_000, '36000'],
    ] as const) {
      await sender.send({ ...message, validMs });
      assert.equal(seen.at(-1)?.form['ValidityPeriod'], seconds);
    }
  });

  test('may come from a messaging service', async () => {
    answer = reply(201, '{}');
    await sendTo(baseUrl, 'MG0123');
    assert.deepEqual(seen.at(-1)?.form, {
      To: message.to,
      Body: message.body,
      MessagingServiceSid: 'MG0123',
    });
  });
});

describe('an answer', () => {
  test('that names a fault of the message is final', async () => {
    answer = reply(400, twilioError(21211));
    assert.deepEqual(await sendTo(baseUrl), { kind: 'refused', reason: 'http_400_21211' });
  });

  test('that may be different next time is retried', async () => {
    for (const status of [408, 409, 500, 502, 503, 504]) {
      answer = reply(status, '<html>');
      assert.deepEqual(await sendTo(baseUrl), { kind: 'try_again', reason: `http_${status}` });
    }
  });

  test('about our number, sender, service or account is retried and told to the operator', async () => {
    const codes = [
      21212, 21408, 21603, 21606, 21607, 21608, 21616, 21659, 21660, 21661, 21701, 21703, 21704, 21705,
    ];
    for (const code of [...codes, 20003, 20005, 20006, 30002, 30034, 99999]) {
      answer = reply(400, twilioError(code));
      const expected = { kind: 'try_again', reason: `http_400_${code}`, isOurs: true };
      assert.deepEqual(await sendTo(baseUrl), expected);
    }
    for (const [status, code] of [
      [401, 20003],
      [403, 20005],
      [404, 20404],
    ] as const) {
      answer = reply(status, twilioError(code));
      const expected = { kind: 'try_again', reason: `http_${status}_${code}`, isOurs: true };
      assert.deepEqual(await sendTo(baseUrl), expected);
    }
  });

  test('about the recipient or the text is final', async () => {
    for (const code of [21211, 21610, 21612, 21614, 21617, 30006]) {
      answer = reply(400, twilioError(code));
      assert.deepEqual(await sendTo(baseUrl), { kind: 'refused', reason: `http_400_${code}` });
    }
  });

  test('of a busy sender is retried, and does not concern the operator', async () => {
    answer = reply(400, twilioError(21611));
    assert.deepEqual(await sendTo(baseUrl), { kind: 'try_again', reason: 'http_400_21611' });
  });

  test("of 400 that is not in Twilio's form is retried", async () => {
    answer = reply(400, '<h1>Bad Request</h1>');
    assert.deepEqual(await sendTo(baseUrl), { kind: 'try_again', reason: 'http_400' });
  });

  test('that asks for a wait is respected', async () => {
    answer = reply(429, twilioError(20429), { 'Retry-After': '7' });
    assert.deepEqual(await sendTo(baseUrl), {
      kind: 'try_again',
      reason: 'http_429_20429',
      retryAfterMs: 7_000,
    });
  });

  test('that leads elsewhere is not followed', async () => {
    const calls = seen.length;
    answer = reply(307, '', { Location: `${baseUrl}/elsewhere` });
    assert.deepEqual(await sendTo(baseUrl), { kind: 'try_again', reason: 'http_307', isOurs: true });
    assert.equal(seen.length, calls + 1);
  });

  test('that never comes is abandoned in time and retried', async () => {
    answer = () => {};
    assert.deepEqual(await sendTo(baseUrl), { kind: 'try_again', reason: 'timeout' });
  });

  test('that begins and never ends is abandoned in time and retried', async () => {
    answer = (response) => response.writeHead(400).write('{"code":');
    assert.deepEqual(await sendTo(baseUrl), { kind: 'try_again', reason: 'timeout' });
  });

  test('that is cut off is retried', async () => {
    answer = (response) => response.socket?.resetAndDestroy();
    const outcome = await sendTo(baseUrl);
    assert.equal(outcome.kind, 'try_again');
  });

  test('that cannot come, because no server listens, is retried', async () => {
    const closed = createServer();
    await new Promise<void>((resolve) => closed.listen(0, '127.0.0.1', resolve));
    const { port } = closed.address() as AddressInfo;
    await new Promise((resolve) => closed.close(resolve));
    const outcome = await sendTo(`http://127.0.0.1:${port}`);
    assert.deepEqual(outcome, { kind: 'try_again', reason: 'econnrefused' });
  });

  test('never puts the number or the text into a reason', async () => {
    for (const status of [400, 401, 500]) {
      answer = reply(status, twilioError(21211));
      const shown = JSON.stringify(await sendTo(baseUrl));
      assert.ok(!shown.includes('555') && !shown.includes('012345'), shown);
    }
  });
});
