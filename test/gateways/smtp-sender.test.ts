import assert from 'node:assert/strict';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { afterEach, describe, test } from 'node:test';
import type { SMTPServerOptions } from 'smtp-server';
import type { MessageSender, OutgoingMessage, SendOutcome } from '../../src/core/messaging/sender.ts';
import { createSmtpSender } from '../../src/gateways/smtp-sender.ts';
import { startSmtpServer, type TestSmtpServer, textOf } from '../support/machine/smtp.ts';

const message: OutgoingMessage = {
  id: 'msg_0123',
  to: 'jane@example.com',
  subject: 'Su código de confirmación',
  body: 'Hola:\n\n.su código es 012345, válido 10 minutos.\n',
  code: '012345',
};
const from = Object.freeze({ name: 'Clínica Ejemplo', address: 'no-reply@clinic.example' });

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

async function startServer(options: SMTPServerOptions = {}, port = 0): Promise<TestSmtpServer> {
  const server = await startSmtpServer(options, port);
  closers.push(() => server.stop());
  return server;
}

function senderFor(url: string): MessageSender {
  const sender = createSmtpSender({ url, from, timeoutMs: 500 });
  closers.unshift(() => sender.close());
  return sender;
}

function smtpError(responseCode: number, text: string): Error {
  return Object.assign(new Error(text), { responseCode });
}

describe('an email', () => {
  test('arrives whole, from the configured sender, at its one recipient', async () => {
    const { url, mails } = await startServer();
    assert.deepEqual(await senderFor(url).send(message), { kind: 'taken' });
    assert.equal(mails.length, 1);
    const [mail] = mails;
    assert.deepEqual([mail?.from, mail?.to], [from.address, [message.to]]);
    assert.match(mail?.source ?? '', /^To: jane@example\.com\r$/m);
    assert.match(
      mail?.source ?? '',
      /^From: =\?UTF-8\?Q\?Cl=C3=ADnica_Ejemplo\?= <no-reply@clinic\.example>\r$/m,
    );
    assert.match(mail?.source ?? '', /^Auto-Submitted: auto-generated\r$/m);
    assert.match(textOf(mail), /Hola:\n\n\.su código es 012345, válido 10 minutos\./);
  });

  test('goes to the A-label of the domain', async () => {
    const { url, mails } = await startServer();
    await senderFor(url).send({ ...message, to: 'Jane@Ｂücher.example' });
    // The server of the test decodes the recipient that it got, and keeps the header as it came.
    assert.deepEqual(mails[0]?.to, ['Jane@bücher.example']);
    assert.match(mails[0]?.source ?? '', /^To: Jane@xn--bcher-kva\.example\r$/m);
  });

  for (const hideSMTPUTF8 of [false, true]) {
    const does = hideSMTPUTF8 ? 'does not take' : 'takes';
    test(`is known to a server that ${does} local parts outside ASCII, from its greeting and its answers`, async () => {
      const { url } = await startServer({ hideSMTPUTF8 });
      const announced: boolean[] = [];
      const greeted = Promise.withResolvers<void>();
      const sender = createSmtpSender({
        ...{ url, from, timeoutMs: 500 },
        onAnnounced(takesUnicode) {
          announced.push(takesUnicode);
          greeted.resolve();
        },
      });
      closers.unshift(() => sender.close());
      await greeted.promise;
      await sender.send(message);
      assert.deepEqual(announced, [!hideSMTPUTF8, !hideSMTPUTF8]);
    });
  }

  test('names its app as the sender, at the configured address', async () => {
    const { url, mails } = await startServer();
    const sender = senderFor(url);
    await sender.send({ ...message, senderName: 'Walks "R" <x>' });
    await sender.send({ ...message, senderName: 'Walks\r\nBcc: eve@example.com' });
    assert.match(mails[0]?.source ?? '', /^From: "Walks \\"R\\" <x>" <no-reply@clinic\.example>\r$/m);
    assert.deepEqual(mails[1]?.to, [message.to]);
    assert.doesNotMatch(mails[1]?.source ?? '', /^Bcc/im);
    for (const { from: envelope } of mails) assert.equal(envelope, from.address);
  });

  test('has the same Message-ID in each attempt', async () => {
    const { url, mails } = await startServer();
    const sender = senderFor(url);
    await sender.send(message);
    await sender.send(message);
    for (const { source } of mails) assert.match(source, /^Message-ID: <msg_0123@clinic\.example>\r$/m);
  });

  test('cannot be given more recipients or headers by its address or subject', async () => {
    const { url, mails } = await startServer();
    const sender = senderFor(url);
    await sender.send({ ...message, to: 'jane@example.com, eve@example.com' });
    await sender.send({ ...message, to: 'jane@example.com\r\nRCPT TO:<eve@example.com>' });
    await sender.send({ ...message, subject: 'x\r\nBcc: eve@example.com' });
    for (const { to, source } of mails) {
      assert.ok(!to.includes('eve@example.com'));
      assert.doesNotMatch(source, /^Bcc:/m);
    }
  });

  test('is sent by many at the same time over a few connections', async () => {
    let connections = 0;
    const { url, mails } = await startServer({
      onConnect(_session, callback) {
        connections += 1;
        callback();
      },
    });
    const sender = senderFor(url);
    const outcomes = await Promise.all(
      Array.from({ length: 20 }, (_, n) => sender.send({ ...message, id: `msg_${n}` })),
    );
    assert.ok(outcomes.every(({ kind }) => kind === 'taken'));
    assert.equal(mails.length, 20);
    assert.ok(connections <= 4, `${connections} connections`);
  });

  test('is sent with user and password where the address has them', async () => {
    const { url, mails } = await startServer({
      authOptional: false,
      allowInsecureAuth: true,
      onAuth({ username, password }, _session, callback) {
        if (username !== 'roster' || password !== 'p@ss word') return callback(smtpError(535, 'no'));
        callback(null, { user: username });
      },
    });
    const withLogin = (login: string): string => url.replace('smtp://', `smtp://${login}@`);
    assert.deepEqual(await senderFor(withLogin('roster:p%40ss%20word')).send(message), { kind: 'taken' });
    assert.equal(mails.length, 1);
    const refused = await senderFor(withLogin('roster:wrong')).send(message);
    assert.deepEqual(refused, { kind: 'try_again', reason: 'smtp_535', isOurs: true });
  });
});

describe('a server that', () => {
  const refusing = (responseCode: number, text = 'no'): SMTPServerOptions => ({
    onRcptTo: (_address, _session, callback) => callback(smtpError(responseCode, text)),
  });

  test('knows no such mailbox is final', async () => {
    const { url } = await startServer(refusing(550, '5.1.1 No such user jane@example.com'));
    assert.deepEqual(await senderFor(url).send(message), { kind: 'refused', reason: 'smtp_550' });
  });

  test('refuses the message itself permanently is final', async () => {
    const { url } = await startServer({
      onData(stream, _session, callback) {
        stream.resume();
        stream.on('end', () => callback(smtpError(554, '5.6.0 Not like this')));
      },
    });
    assert.deepEqual(await senderFor(url).send(message), { kind: 'refused', reason: 'smtp_554' });
  });

  test('refuses for now is retried', async () => {
    const { url } = await startServer(refusing(451, '4.7.1 Greylisted'));
    assert.deepEqual(await senderFor(url).send(message), { kind: 'try_again', reason: 'smtp_451' });
  });

  test('does not relay for us is retried, because an operator can repair it', async () => {
    const { url } = await startServer(refusing(554, '5.7.1 Relay access denied'));
    assert.deepEqual(await senderFor(url).send(message), {
      kind: 'try_again',
      reason: 'smtp_554',
      isOurs: true,
    });
  });

  test('refuses our sender address is retried, because an operator can repair it', async () => {
    const { url } = await startServer({
      onMailFrom: (_address, _session, callback) => callback(smtpError(550, '5.1.8 Unknown sender')),
    });
    assert.deepEqual(await senderFor(url).send(message), {
      kind: 'try_again',
      reason: 'smtp_550',
      isOurs: true,
    });
  });

  const ours: readonly (readonly [number, string])[] = [
    [530, '5.7.0 Authentication required'],
    [550, '5.1.8 Sender address rejected: Domain not found'],
    [553, '5.1.0 Sender address rejected: not owned by user'],
    [550, '5.4.5 Daily sending quota exceeded'],
    [554, 'Message rejected: Email address is not verified.'],
    [503, '5.5.1 Bad sequence of commands'],
  ];
  for (const [code, text] of ours) {
    test(`refuses this deployment with ${code} ${text.slice(0, 24)} at the recipient is retried and told`, async () => {
      const { url } = await startServer(refusing(code, text));
      const reason = `smtp_${code}`;
      assert.deepEqual(await senderFor(url).send(message), { kind: 'try_again', reason, isOurs: true });
    });
  }

  const theirs: readonly (readonly [number, string])[] = [
    [550, 'No such user'],
    [550, '5.2.1 The email account that you tried to reach is disabled'],
    [552, '5.2.2 The mailbox is over quota'],
    [501, '5.1.3 Bad recipient address syntax'],
    [553, '5.6.7 Non-ASCII addresses not permitted'],
  ];
  for (const [code, text] of theirs) {
    test(`refuses the recipient with ${code} ${text.slice(0, 24)} is final`, async () => {
      const { url } = await startServer(refusing(code, text));
      assert.deepEqual(await senderFor(url).send(message), { kind: 'refused', reason: `smtp_${code}` });
    });
  }

  describe('answers at the recipient or to the text', () => {
    /** Answers in turn: at the recipient, or to the text of the message. */
    async function outcomesOf(
      place: 'recipient' | 'text',
      replies: readonly (readonly [code: number, text: string])[],
    ): Promise<SendOutcome[]> {
      const next = replies.values();
      const answer = (callback: (error?: Error | null) => void): void => {
        const [code, text] = next.next().value ?? [599, ''];
        callback(smtpError(code, text));
      };
      const { url } = await startServer(
        place === 'recipient'
          ? { onRcptTo: (_address, _session, callback) => answer(callback) }
          : {
              onData(stream, _session, callback) {
                stream.resume();
                stream.once('end', () => answer(callback));
              },
            },
      );
      const sender = senderFor(url);
      const outcomes: SendOutcome[] = [];
      for (const _ of replies) outcomes.push(await sender.send(message));
      return outcomes;
    }

    /** What becomes of a message, and why that is so. */
    const classes: readonly {
      readonly title: string;
      readonly kind: SendOutcome['kind'];
      readonly isOurs?: true;
      readonly replies: readonly (readonly [code: number, text: string])[];
    }[] = [
      {
        title: 'a code about our login, our encryption or our commands is ours to mend, whatever its text',
        kind: 'try_again',
        isOurs: true,
        replies: [500, 502, 503, 504, 530, 534, 535, 538, 555].map((code) => [code, 'no'] as const),
      },
      {
        title: 'an enhanced code about the sender, its quota or a policy is ours to mend',
        kind: 'try_again',
        isOurs: true,
        replies: ['5.1.7', '5.1.8', '5.4.5', '5.7.0', '5.7.1', '5.7.26'].map((code) => [550, code] as const),
      },
      {
        title: 'a text about the sender is ours to mend where no code says so',
        kind: 'try_again',
        isOurs: true,
        replies: [
          'Sender address rejected: not owned by user',
          'Client host rejected: cannot find your hostname',
          'Helo command rejected: Host not found',
          'relay denied',
          'Relaying denied',
          'relay access denied',
          'relay not permitted',
          'relaying not permitted',
          'Authentication required',
          'We do not accept unauthenticated sender',
          'Unauthenticated senders not allowed',
          'The from address does not match a verified Sender Identity',
          'Email address is not verified',
          'Domain is not verified',
          'Daily sending limit exceeded',
          'Sending quota exceeded',
          'Messaging limits exceeded',
        ].map((text) => [554, text] as const),
      },
      {
        title: 'every other permanent code is about the recipient or the message, and final',
        kind: 'refused',
        replies: [
          ...[501, 521, 541, 550, 551, 552, 553, 554, 556].map((code) => [code, 'no'] as const),
          ...['5.1.1', '5.1.3', '5.1.9', '5.2.2', '5.4.4', '5.6.7'].map((code) => [550, code] as const),
          // Only whole words count.
          [550, 'Mailbox relaydenied'],
        ],
      },
      {
        title: 'a temporary code is retried, also with the status of a policy',
        kind: 'try_again',
        replies: [
          ...[421, 450, 451, 452, 455].map((code) => [code, 'no'] as const),
          [451, '4.7.1 Greylisted'],
          [450, '4.1.8 try later'],
        ],
      },
      {
        title: 'a temporary code with a text about the sender is ours to mend',
        kind: 'try_again',
        isOurs: true,
        replies: [[450, '4.1.8 Sender address rejected: Domain not found']],
      },
    ];
    for (const place of ['recipient', 'text'] as const) {
      for (const { title, kind, isOurs, replies } of classes) {
        test(`${title} (${place})`, async () => {
          assert.deepEqual(
            await outcomesOf(place, replies),
            replies.map(([code]) => ({ kind, reason: `smtp_${code}`, ...(isOurs ? { isOurs } : {}) })),
          );
        });
      }
    }
  });

  describe('answers before the recipient', () => {
    const cases: readonly (readonly [code: number, isOurs: boolean])[] = [
      ...[500, 501, 503, 530, 535, 550, 552, 553, 554].map((code) => [code, true] as const),
      [454, true],
      ...[421, 450, 451, 452].map((code) => [code, false] as const),
    ];
    for (const [code, isOurs] of cases) {
      test(`with ${code} to our address is retried${isOurs ? ', and told' : ''}`, async () => {
        const { url } = await startServer({
          onMailFrom: (_address, _session, callback) => callback(smtpError(code, 'no')),
        });
        const expected = { kind: 'try_again', reason: `smtp_${code}`, ...(isOurs ? { isOurs } : {}) };
        assert.deepEqual(await senderFor(url).send(message), expected);
      });
    }
  });

  test('refuses every connection is retried and told, and one that is busy is only retried', async () => {
    const greeting = (code: number): SMTPServerOptions => ({
      onConnect: (_session, callback) => callback(smtpError(code, 'not now')),
    });
    const refusal = await senderFor((await startServer(greeting(554))).url).send(message);
    assert.deepEqual(refusal, { kind: 'try_again', reason: 'smtp_554', isOurs: true });
    const busy = await senderFor((await startServer(greeting(421))).url).send(message);
    assert.deepEqual(busy, { kind: 'try_again', reason: 'smtp_421' });
  });

  test('accepts the connection and says nothing is abandoned in time', async () => {
    const silent = createServer();
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    closers.push(() => new Promise((resolve) => silent.close(() => resolve())));
    const { port } = silent.address() as AddressInfo;
    const outcome = await senderFor(`smtp://127.0.0.1:${port}`).send(message);
    assert.equal(outcome.kind, 'try_again');
  });

  test('takes the text and does not answer is abandoned in time', async () => {
    const { url } = await startServer({ onData: (stream) => void stream.resume() });
    const outcome = await senderFor(url).send(message);
    assert.equal(outcome.kind, 'try_again');
  });

  test('is down is retried, and gets the message once it is up', async () => {
    const first = await startServer();
    const sender = senderFor(first.url);
    await first.stop();
    const outcome = await sender.send(message);
    assert.equal(outcome.kind, 'try_again');
    const second = await startServer({}, Number(new URL(first.url).port));
    assert.deepEqual(await sender.send(message), { kind: 'taken' });
    assert.equal(second.mails.length, 1);
  });

  test('says anything puts no address and no text into the reason', async () => {
    const { url } = await startServer(refusing(550, '5.1.1 jane@example.com 012345'));
    const shown = JSON.stringify(await senderFor(url).send(message));
    assert.ok(!shown.includes('jane') && !shown.includes('012345'), shown);
  });
});
