/**
 * A person who connected by mistake is told to which account, and ends the connection on that page within ten minutes. Nobody
 * else can: not another browser, not a form of another site, not later.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { parseUserIdText } from '../../../src/core/ids.ts';
import { addPerson } from '../../support/contracts/people.ts';
import { browserTest } from '../../support/machine/browser.ts';
import { type Arrival, type Jar, visit, visitDemo } from '../../support/server/demo-person.ts';
import { setUpRoster } from '../../support/server/set-up.ts';

const roster = setUpRoster();
const minuteMs = 60_000;

interface Flow {
  readonly address: string;
  readonly status: () => Promise<string | undefined>;
}

async function startFlow(): Promise<Flow> {
  const { userId } = await addPerson(roster, { email: `mallory-${crypto.randomUUID()}@evil.example` });
  const ask = { bearer: roster.organization.apiKeys.admin, json: { provider: 'demo' } };
  const reply = await roster.call(`POST /sonar/v1/users/${userId}/devices`, ask);
  const status = async (): Promise<string | undefined> => {
    const listed = await roster.core.work.read(roster.organization.key, (tx) =>
      tx.connections.listOf(parseUserIdText(userId) ?? ''),
    );
    return listed[0]?.status;
  };
  return { address: reply.string('data.auth_url'), status };
}

async function connected(): Promise<Flow & { readonly jar: Jar; readonly page: Arrival }> {
  const flow = await startFlow();
  const jar: Jar = new Map();
  const page = await visitDemo(flow.address, 'allow', {}, jar);
  assert.match(page.text, /Demo is connected/);
  assert.match(page.text, /m\*\*\*@e\*\*\*\.example/);
  return { ...flow, jar, page };
}

const isEnded = (status: string | undefined): boolean => status === 'revoking' || status === 'revoked';

describe('a person who connected by mistake', () => {
  browserTest('reads the account, and disconnects with a press, without script', async ({ context }) => {
    const flow = await startFlow();
    const browser = context.browser();
    assert.ok(browser);
    const plain = await browser.newContext({ javaScriptEnabled: false });
    try {
      const page = await plain.newPage();
      await page.goto(flow.address);
      await page.getByRole('button', { name: 'Continue to Demo' }).click();
      await page.getByRole('button', { name: 'Allow access' }).click();
      await page.getByText('m***@e***.example').waitFor();
      await page.getByRole('button', { name: 'Disconnect' }).click();
      await page.getByRole('heading', { name: 'Demo is disconnected' }).waitFor();
      assert.ok(isEnded(await flow.status()));
    } finally {
      await plain.close();
    }
  });

  test('may press twice, load the page again, and take ten minutes', async () => {
    const flow = await connected();
    roster.clock.advance(10 * minuteMs - 1);
    for (let time = 0; time < 2; time += 1) {
      const answer = await visit(flow.page.url, flow.jar, { form: '' });
      assert.equal(answer.status, 200);
      assert.match(answer.text, /Demo is disconnected/);
      assert.ok(isEnded(await flow.status()));
    }
    const again = await visit(flow.page.url, flow.jar);
    assert.equal(again.status, 410);
    assert.doesNotMatch(again.text, /<form/);
    const events = (await roster.rows.all('audit_events')).filter(
      (row) => row['action'] === 'connection.disconnected',
    );
    assert.partialDeepStrictEqual(events.at(-1), { actor_kind: 'public', actor_id: null, door: 'connect' });
  });
});

describe('nobody else ends it', () => {
  test('not a browser that did not make the connection', async () => {
    const flow = await connected();
    const other = await connected();
    for (const jar of [new Map(), other.jar] as const) {
      const answer = await visit(flow.page.url, jar, { form: '' });
      assert.equal(answer.status, 403);
      assert.doesNotMatch(answer.text, /m\*\*\*@/);
    }
    assert.equal(await flow.status(), 'active');
  });

  test('not after ten minutes, and not with a state that is no one', async () => {
    const flow = await connected();
    const wrong = new URL(flow.page.url);
    wrong.searchParams.set('state', `oas_1_${'x'.repeat(43)}`);
    roster.clock.advance(10 * minuteMs);
    for (const url of [flow.page.url, wrong, `${roster.baseUrl}/connect/callback`]) {
      assert.equal((await visit(url, flow.jar, { form: '' })).status, 400);
    }
    assert.equal(await flow.status(), 'active');
  });

  browserTest('not a form of another site, whose browser keeps the cookie back', async ({ page }) => {
    const flow = await startFlow();
    await page.goto(flow.address);
    await page.getByRole('button', { name: 'Continue to Demo' }).click();
    await page.getByRole('button', { name: 'Allow access' }).click();
    await page.getByText('Demo is connected').waitFor();
    const callback = page.url();
    await page.route('http://127.0.0.1:1/', (route) =>
      route.fulfill({
        contentType: 'text/html',
        body: `<form method="post" action="${callback.replaceAll('&', '&amp;')}"></form><script>document.forms[0].submit()</script>`,
      }),
    );
    await page.goto('http://127.0.0.1:1/');
    await page.getByText('This was begun in another browser').waitFor();
    assert.equal(await flow.status(), 'active');
  });
});
