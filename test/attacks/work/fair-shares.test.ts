/**
 * One account sends hundreds of changes at the same time. Another tenant's requests do not wait behind them; and where no
 * other tenant is there, all of them are answered.
 */
import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { signUp } from '../../contracts/general/sign-up.ts';
import { setUp, setUpRoster } from '../../support/server/set-up.ts';
import type { Admin } from '../../support/server/start.ts';
import { openLines, type ReadyLine } from '../support/ready-lines.ts';

const floodSize = 300;
/** So many of a flood may be in work when another tenant's first request comes. */
const inWorkMax = 128;
/** So many of a flood may be answered before a request of a tenant who is known to be there. */
const shareMax = 12;
/** How long a tenant counts as present, and more. */
const absenceMs = 2_200;

describe('the changes of one account', () => {
  const roster = setUpRoster();
  const flooder = setUp(() => roster.addAdmin());
  const other = setUp(async () => roster.addAdmin(await roster.addOrganization('Other')));
  const lines = setUp(() => openLines(roster.baseUrl, floodSize + 1));
  after(() => lines.close());

  const put = ({ number, session }: Pick<Admin, 'number' | 'session'>, name: string): string => {
    const body = JSON.stringify({ user: { first_name: name } });
    const fields = `X-User-Token: ${session}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}`;
    return `PUT /general/v1/users/${number} HTTP/1.1\r\nHost: x\r\n${fields}\r\n\r\n${body}`;
  };

  /** Sends a flood and then `line`; returns how many of the flood were answered before it, and all statuses. */
  async function flood(line: string, from: Pick<Admin, 'number' | 'session'> = flooder) {
    const [own, ...others] = lines.all as [ReadyLine, ...ReadyLine[]];
    let answered = 0;
    const statuses = others.map(async (each, at) => {
      const status = await each.ask(put(from, `Flood ${at}`));
      answered += 1;
      return status;
    });
    assert.equal(await own.ask(line), 200);
    const before = answered;
    return { before, statuses: new Set(await Promise.all(statuses)) };
  }

  test('let the change and the read of a tenant who is there pass first', async () => {
    const [line] = lines.all as [ReadyLine];
    assert.equal(await line.ask(put(other, 'First')), 200);
    const change = await flood(put(other, 'Second'));
    assert.ok(change.before <= shareMax, `${change.before} changes were answered before the change`);
    const read = await flood(
      `GET /general/v1/users/${other.number} HTTP/1.1\r\nHost: x\r\nX-User-Token: ${other.session}\r\n\r\n`,
    );
    assert.ok(read.before <= shareMax, `${read.before} changes were answered before the read`);
    assert.deepEqual([...change.statuses, ...read.statuses], [200, 200]);
  });

  test('are answered before the change of a tenant who comes later only where they were in work', async () => {
    const parent = await signUp(roster);
    await sleep(absenceMs);
    const { before, statuses } = await flood(put(other, 'Third'), parent);
    assert.ok(before <= inWorkMax + shareMax, `${before} changes were answered before`);
    assert.deepEqual([...statuses], [200]);
  });
});
