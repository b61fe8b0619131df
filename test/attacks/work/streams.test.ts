/**
 * One organization reads its whole list 200 times at the same time. The list of another organization comes at once: streams
 * have places and turns by organization. Where no other is there, all 200 are answered.
 */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { newUserOf } from '../../../src/core/directory/user-lifecycle.ts';
import { setUp, setUpRoster } from '../../support/server/set-up.ts';
import type { Tenant } from '../../support/server/start.ts';
import { openLines, type ReadyLine } from '../support/ready-lines.ts';

const streams = 200;
const users = 1_500;
/** So many of the flood may come to their end before the list of another organization does. */
const endedMax = 60;

describe('200 whole lists of one organization', () => {
  const roster = setUpRoster();
  const other = setUp(() => roster.addOrganization('Other'));
  const lines = setUp(() => openLines(roster.baseUrl, streams + 1));
  after(() => lines.close());

  before(async () => {
    for (const { key, app } of [roster.organization, other]) {
      const rows = Array.from({ length: users }, (_, at) => ({
        ...newUserOf(app.appId, 1),
        externalId: `${at}`,
      }));
      await roster.core.work.change(key, (tx) => tx.users.insertAll(rows));
    }
  });

  const list = ({ app }: Tenant): string => {
    const key = Buffer.from(`${app.appKey}:`).toString('base64');
    return `GET /humanapi/v1/apps/${app.appId}/users HTTP/1.1\r\nHost: x\r\nAuthorization: Basic ${key}\r\n\r\n`;
  };

  test('leave another organization its own, and all of them are complete', async () => {
    const [own, ...others] = lines.all as [ReadyLine, ...ReadyLine[]];
    let ended = 0;
    const flood = others.map(async (line) => {
      const length = await line.readAll(list(roster.organization));
      ended += 1;
      return length;
    });
    const length = await own.readAll(list(other));
    const before = ended;
    const lengths = await Promise.all(flood);
    assert.ok(before <= endedMax, `${before} lists of the flood came before that of another organization`);
    assert.ok(Math.min(length, ...lengths) > users * 100, 'a list is not complete');
  });
});
