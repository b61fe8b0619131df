/** Several workers on one database: what one has acknowledged, every other one shows from then on. */
import assert from 'node:assert/strict';
import { after, before, describe } from 'node:test';
import { Secret, TOTP } from 'otpauth';
import { makeFolder, readJson, removeFolder, rosterJson } from '../cli/program.ts';
import { slowTest as test } from '../support/effort.ts';
import { askAfter, staffAsk } from '../support/server/staff.ts';
import { type Answer, type Line, startWorkers, type Workers } from '../support/server/workers.ts';

const count = 2;
const rounds = 1_000;
const many = 50;

let folder: string;
let workers: Workers;
let lines: readonly Line[];
let bearer: string;

before(async () => {
  folder = await makeFolder();
  workers = await startWorkers(folder, count, { ROSTER_LIMIT_SIGNUP: '1000000' });
  lines = await workers.lines();
  bearer = workers.output.text('apiKey');
});

after(async () => {
  await workers.stop('SIGTERM');
  await removeFolder(folder);
});

/** The current worker, and the next one. */
function pairAt(round: number): readonly [Line, Line] {
  const [writer, reader] = [lines[round % count], lines[(round + 1) % count]];
  assert.ok(writer !== undefined && reader !== undefined && writer.pid !== reader.pid);
  return [writer, reader];
}

/** Sends `compose(index)` over as many connections at the same time. */
async function atOnce(line: string, compose: (index: number) => unknown, credential = bearer) {
  const open = await Promise.all(Array.from({ length: many }, () => workers.open()));
  const pids = new Set(open.map(({ pid }) => pid));
  assert.equal(pids.size, count, 'every worker has its part');
  const said = await Promise.all(
    open.map((each, index) => each.call(line, { bearer: credential, json: compose(index) })),
  );
  for (const each of open) each.close();
  return said;
}

describe('several workers on one database', () => {
  test(`${rounds} changes through one are read through another immediately`, async () => {
    const made = await pairAt(0)[0].call('POST /sonar/v1/users', { bearer, json: {} });
    const path = `/sonar/v1/users/${made.body.text('data.id')}`;
    for (let round = 0; round < rounds; round++) {
      const [writer, reader] = pairAt(round);
      const reference = `reference-${round}`;
      const changed = await writer.call(`PATCH ${path}`, { bearer, json: { reference_id: reference } });
      assert.equal(changed.status, 200);
      const read = await reader.call(`GET ${path}`, { bearer });
      assert.equal(read.body.at('data.reference_id'), reference, `stale in round ${round}`);
    }
  });

  test('users who are created and deleted through one are listed and counted through another immediately', async () => {
    const total = async (line: Line): Promise<number> =>
      Number((await line.call('GET /sonar/v1/users?per_page=1', { bearer })).body.at('meta.total'));
    let expected = await total(pairAt(0)[0]);
    const ids: string[] = [];
    for (let round = 0; round < rounds / 5; round++) {
      const [writer, reader] = pairAt(round);
      const id = round % 3 === 2 ? ids.pop() : undefined;
      if (id === undefined) {
        const made = await writer.call('POST /sonar/v1/users', { bearer, json: {} });
        ids.push(made.body.text('data.id'));
        expected += 1;
      } else {
        assert.equal((await writer.call(`DELETE /sonar/v1/users/${id}`, { bearer })).status, 204);
        assert.equal((await reader.call(`GET /sonar/v1/users/${id}`, { bearer })).status, 404);
        expected -= 1;
      }
      assert.equal(await total(reader), expected, `stale in round ${round}`);
    }
  });

  test('a key that the command line revokes is refused by all of them immediately', async () => {
    for (let round = 0; round < 3; round++) {
      const org = workers.output.text('organization.id');
      const key = await rosterJson(folder, ['key', 'create', '--org', org, '--role', 'reader']);
      const ask = { bearer: key.text('apiKey') };
      for (const line of lines) assert.equal((await line.call('GET /sonar/v1/users', ask)).status, 200);
      await rosterJson(folder, ['key', 'revoke', key.text('id')]);
      for (const line of lines) assert.equal((await line.call('GET /sonar/v1/users', ask)).status, 401);
    }
  });

  test(`${many} sign-ups with one email at all of them give one 201 and ${many - 1} times 422`, async () => {
    const person = { password: 'a-quiet-harbour-41', first_name: 'Ida', last_name: 'Hill' };
    const user = { ...person, email: 'ida@example.com' };
    const said = await atOnce('POST /general/v1/users', () => ({ user }), '');
    const statuses = said.map(({ status }) => status).sort();
    assert.deepEqual(statuses, [201, ...Array.from({ length: many - 1 }, () => 422)]);
  });

  test('a code of a staff account that two of them get at the same time opens one session', async () => {
    const base = '/console/api/v1';
    const password = 'a-quiet-harbour-41';
    const email = 'ida@staff.example.com';
    const org = workers.output.text('organization.id');
    const added = await rosterJson(folder, [
      ...['staff', 'add', '--email', email, '--name', 'Ida Hill', '--role', 'owner', '--org', org],
    ]);
    const ask = async (line: Line, path: string, before: Answer | null, json?: unknown) => {
      const headers = before === null ? staffAsk(null).headers : askAfter(before).headers;
      return line.call(`POST ${base}${path}`, { headers, json: json ?? {} });
    };
    const [one, other] = pairAt(0);
    const enrolled = await ask(one, '/enrol', null, {
      token: new URL(added.text('link')).hash.slice(1),
      password,
    });
    const secret = (await ask(one, '/factors/totp', enrolled)).body.text('secret');
    const code = (steps: number): string =>
      TOTP.generate({ secret: Secret.fromBase32(secret), timestamp: Date.now() + steps * 30_000 });
    assert.equal((await ask(one, '/factors/totp/confirm', enrolled, { code: code(0) })).status, 200);
    // The next code, which both have not seen. A machine that is too slow for it gets the next one again.
    let opened = 0;
    for (let round = 0; round < 3 && opened === 0; round++) {
      const begun: Answer[] = [];
      for (const line of [one, other]) begun.push(await ask(line, '/sign-in', null, { email, password }));
      assert.deepEqual(
        begun.map(({ status }) => status),
        [200, 200],
      );
      const given = { code: code(1) };
      const replies = await Promise.all(
        [one, other].map((line, at) => ask(line, '/sign-in/totp', begun[at] ?? null, given)),
      );
      opened = replies.filter(({ status }) => status === 200).length;
      assert.ok(opened <= 1, 'one code opened two sessions');
    }
    assert.equal(opened, 1);
  });

  test(`${many} requests with one Idempotency-Key at all of them make one user`, async () => {
    const headers = {
      ...{ authorization: `Bearer ${bearer}`, 'content-type': 'application/json' },
      'idempotency-key': 'one-and-the-same',
    };
    const answers = await Promise.all(
      Array.from({ length: many }, () =>
        fetch(`${workers.url}/sonar/v1/users`, { method: 'POST', headers, body: '{}' }),
      ),
    );
    const ids = new Set<string>();
    for (const answer of answers) {
      const text = await answer.text();
      // A worker that is already at work on the same request refuses it.
      assert.ok(answer.status === 201 || answer.status === 409, text);
      if (answer.status === 201) ids.add(readJson(text).text('data.id'));
    }
    assert.equal(ids.size, 1);
  });

  test(`${many} upserts of one externalId at all of them give one humanId`, async () => {
    const path = `/humanapi/v1/apps/${workers.output.text('app.appId')}/users`;
    const appKey = workers.output.text('app.appKey');
    const headers = {
      authorization: `Basic ${Buffer.from(`${appKey}:`).toString('base64')}`,
      'content-type': 'application/json',
    };
    const body = '{"externalId":"one-and-the-same"}';
    const ids = await Promise.all(
      Array.from({ length: many }, async () => {
        const answer = await fetch(workers.url + path, { method: 'POST', headers, body });
        return readJson(await answer.text()).text('humanId');
      }),
    );
    assert.equal(new Set(ids).size, 1);
  });
});
