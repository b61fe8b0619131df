/** The colour and the logo of an app, from the operator to the web pages. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { logoBytesMax } from '../../src/core/directory/app-brand.ts';
import { brandApp, renameApp } from '../../src/core/directory/organization-lifecycle.ts';
import { isRefusal } from '../../src/core/errors.ts';
import { addPerson } from '../support/contracts/people.ts';
import { setUp, setUpLedger, setUpRoster } from '../support/server/set-up.ts';
import { testDoor } from '../support/server/start.ts';
import { openSession } from './connect-calls.ts';

/** A PNG picture of one pixel. */
const png = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==',
  'base64',
);

describe('the brand of an app', () => {
  const roster = setUpRoster();
  const app = setUp(() => roster.organization.app);
  const ledger = setUpLedger(roster);

  test('is shown by the Connect page, with files that the browser may only show', async () => {
    const { token } = await openSession(roster);
    const plain = await roster.call(`GET /connect?token=${token}`);
    assert.doesNotMatch(plain.text, /colours\/|logos\//);
    await ledger.mark();
    const { appId } = app;
    const branded = await brandApp(roster.core, testDoor, { appId, colour: ' #AbC', logo: png });
    assert.equal(branded.colour, '#aabbcc');
    const subject = { subject_kind: 'app', subject_id: appId };
    await ledger.expect({ audit: [{ action: 'app.branded', ...subject }], rows: { apps: '~1' } });

    const shown = await roster.call(`GET /connect?token=${token}`);
    assert.match(shown.text, /<link rel="stylesheet" href="connect\/colours\/aabbcc\.css">/);
    const [, address = ''] =
      /data-logo="(connect\/logos\/[0-9a-f]{40}\/[0-9a-f]{32})"/.exec(shown.text) ?? [];
    const logo = await roster.call(`GET /${address}`);
    assert.equal(logo.status, 200);
    assert.equal(logo.header('content-type'), 'image/png');
    assert.equal(logo.header('x-content-type-options'), 'nosniff');
    assert.equal(logo.header('content-security-policy'), "default-src 'none'; sandbox");
    assert.equal(logo.header('cross-origin-resource-policy'), 'same-origin');
    const bytes = await (await fetch(`${roster.baseUrl}/${address}`)).bytes();
    assert.deepEqual(Buffer.from(bytes), png);
    const colours = await roster.call('GET /connect/colours/aabbcc.css');
    assert.deepEqual([colours.status, colours.header('content-type')], [200, 'text/css; charset=utf-8']);
    assert.match(colours.text, /--on-fill: #/);

    const other = address.replace(/.$/, (last) => (last === '0' ? '1' : '0'));
    for (const wrong of [
      other,
      'connect/logos/x/y',
      'connect/colours/red.css',
      'connect/colours/AABBCC.css',
    ]) {
      assert.equal((await roster.call(`GET /${wrong}`)).status, 404, wrong);
    }

    await brandApp(roster.core, testDoor, { appId, logo: null });
    assert.equal((await roster.call(`GET /${address}`)).status, 404);
    assert.match(
      (await roster.call(`GET /connect?token=${token}`)).text,
      /colours\/aabbcc/,
      'the colour stays',
    );
    await brandApp(roster.core, testDoor, { appId, colour: null });
    assert.doesNotMatch((await roster.call(`GET /connect?token=${token}`)).text, /colours\/|logos\//);
    await ledger.mark();
  });

  test('and its name are on the page that sets a password, under the policy of that page', async () => {
    const { appId } = app;
    await brandApp(roster.core, testDoor, { appId, colour: '#ffee00', logo: png });
    await renameApp(roster.core, testDoor, { appId, name: 'Walks <b>' });
    const email = 'brand@example.com';
    await addPerson(roster, { email, status: 'active' });
    await roster.call('POST /v1/users/passwords', { json: { email } });
    const { token = '', subject } = await roster.lastMessage(email);
    assert.match(subject, /^Walks <b>: /);
    const form = await roster.call(`GET /set-password?token=${token}`);
    assert.match(
      form.text,
      /<header><img src="connect\/logos\/\w+\/\w+" alt=""><span>Walks &#60;b&#62;<\/span>/,
    );
    assert.match(form.text, /--fill: #/);
    const policy = form.header('content-security-policy');
    assert.match(policy, /style-src 'sha256-\S+' 'sha256-\S+'/);
    assert.match(policy, /img-src 'self'.*frame-ancestors 'none'/);
    const expired = await roster.call('GET /set-password?token=pr_1_x');
    assert.doesNotMatch(expired.text, /Walks/, 'an unknown token has no app');
    await brandApp(roster.core, testDoor, { appId, colour: null, logo: null });
    await ledger.mark();
  });

  const picture = (start: string): Buffer => Buffer.concat([Buffer.from(start, 'latin1'), Buffer.alloc(64)]);

  test('takes PNG, JPEG and WebP', async () => {
    for (const start of [
      '\xff\xd8\xff\xe0',
      'RIFF\0\0\0\0WEBPVP8 ',
      'RIFF\n\r\n\0WEBPVP8L',
      'RIFF\0\0\0\0WEBPVP8X',
    ]) {
      const { logoDigest } = await brandApp(roster.core, testDoor, {
        appId: app.appId,
        logo: picture(start),
      });
      assert.match(logoDigest ?? '', /^[0-9a-f]{32}$/);
    }
    await brandApp(roster.core, testDoor, { appId: app.appId, logo: null });
    await ledger.mark();
  });

  test('refuses other files, larger ones and other texts than a colour, and changes nothing', async () => {
    const logos = [
      ...[
        '',
        '<svg xmlns="http://www.w3.org/2000/svg"/>',
        '<?xml version="1.0"?><svg/>',
        'GIF89a',
        '%PDF-1.7',
      ],
      ...['\x89PNG\r\n\x1a\nxxxxJUNK', '<html>\x89PNG\r\n\x1a\n', 'RIFF\0\0\0\0WAVEfmt '],
    ].map(picture);
    const colours = ['', 'red', '#12', '#12345', '#1234567', '#ggg', '#fff;}', 'rgb(0,0,0)', '#١٢٣'];
    const inputs = [
      ...[...logos, Buffer.alloc(0), Buffer.concat([png, Buffer.alloc(logoBytesMax)])].map((logo) => ({
        logo,
      })),
      ...colours.map((colour) => ({ colour })),
    ];
    for (const input of inputs) {
      const call = brandApp(roster.core, testDoor, { appId: app.appId, ...input });
      await assert.rejects(call, (error) => isRefusal(error, 'invalid_fields'), JSON.stringify(input));
    }
    const unknown = brandApp(roster.core, testDoor, { appId: '0'.repeat(40), colour: '#fff' });
    await assert.rejects(unknown, (error) => isRefusal(error, 'not_found'));
    await ledger.expect({});
  });
});
